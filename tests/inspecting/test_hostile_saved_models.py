"""SavedModels: operations that touch files or run code need trust; links out of the folder are refused."""

from __future__ import annotations

import pytest

from colab_save.errors import DamagedFileError, UnsafeFileError
from colab_save.inspecting.inspection import inspect


def linked(files, target):
    path = files.saved_model()
    (path / "assets").mkdir()
    (path / "assets" / "words.txt").symlink_to(target)
    return path


def with_metadata(files, text):
    path = files.saved_model()
    files.write("saved/keras_metadata.pb", files.field(1, files.field(3, "root") + files.field(5, text)))
    return path


CALLS_SAVER = b"\x2a\x20f\x12\x1c__inference__traced_save_12"

NEEDS_TRUST = {
    "reads a file": (lambda f: f.saved_model(f.node("ReadFile")), "ReadFile, 1 times"),
    "writes a file": (lambda f: f.saved_model(function=[f.node("WriteFile")] * 2), "WriteFile, 2 times"),
    "lists files": (lambda f: f.saved_model(function=[f.node("MatchingFiles")]), "MatchingFiles"),
    "runs Python": (lambda f: f.saved_model(function=[f.node("PyFunc")]), "PyFunc"),
    "runs Python eagerly": (lambda f: f.saved_model(function=[f.node("EagerPyFunc")]), "EagerPyFunc"),
    "ends the process": (lambda f: f.saved_model(f.node("Abort")), "Abort"),
    "reads a checkpoint of its choice": (
        lambda f: f.saved_model(function=[f.node("RestoreV2")]),
        "RestoreV2 outside the model's own save function",
    ),
    "writes a checkpoint in its signature": (
        lambda f: f.saved_model(function=[f.node("SaveV2")], function_name="__inference_signature_wrapper"),
        "SaveV2 outside the model's own save function",
    ),
    "calls its save function": (
        lambda f: f.saved_model(function=[f.node("StatefulPartitionedCall", CALLS_SAVER)]),
        "a call of the save function from inside the model",
    ),
    "reads a table that is not an asset": (
        lambda f: f.saved_model(function=[f.node("InitializeTableFromTextFileV2")]),
        "InitializeTableFromTextFileV2 without an asset",
    ),
    "prints to a file": (
        lambda f: f.saved_model(function=[f.node("PrintV2", f.field(5, "file:///tmp/x"))]),
        "PrintV2 to a file",
    ),
    "Lambda bytecode of Keras 2": (
        lambda f: with_metadata(f, '{"class_name": "Lambda", "config": {"function": ["4w", null, null]}}'),
        "a Lambda layer of Keras 2",
    ),
}


@pytest.mark.parametrize("name", NEEDS_TRUST)
def test_what_a_graph_would_touch_is_listed(files, name):
    make, words = NEEDS_TRUST[name]
    (found,) = inspect(make(files)).runs_code
    assert words in found


HARMLESS = {
    "computes": lambda f: f.saved_model(f.node("MatMul"), function=[f.node("Relu")]),
    "has its own save function": lambda f: f.saved_model(
        f.node("StatefulPartitionedCall", CALLS_SAVER),
        function=[f.node("SaveV2"), f.node("MergeV2Checkpoints")],
        function_name="__inference__traced_save_12",
    ),
    "reads a table from its assets": lambda f: f.saved_model(
        function=[f.node("InitializeTableFromTextFileV2")], assets=["words.txt"]
    ),
    "prints": lambda f: f.saved_model(function=[f.node("PrintV2", f.field(5, "stderr"))]),
    "has no variables": lambda f: f.saved_model(variables=False),
    "links inside its folder": lambda f: linked(f, "../saved_model.pb"),
    "has metadata of Keras 2": lambda f: with_metadata(f, '{"class_name": "Dense", "config": {"units": 2}}'),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_a_graph_that_only_computes_needs_no_trust(files, name):
    assert () == inspect(HARMLESS[name](files)).runs_code


REFUSED = {
    "link out of the folder": (lambda f: linked(f, "/etc/passwd"), "is a link to /etc/passwd, outside the folder"),
    "asset out of the folder": (lambda f: f.saved_model(assets=["../../etc/passwd"]), "outside its folder"),
    "absolute asset": (lambda f: f.saved_model(assets=["/etc/passwd"]), "names the asset '/etc/passwd'"),
    "metadata of Keras 2 that exhausts the parser": (lambda f: with_metadata(f, "[" * 200_000), "nested too deeply"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_folder_that_refers_to_other_places_is_refused(files, name):
    make, words = REFUSED[name]
    with pytest.raises(UnsafeFileError) as caught:
        inspect(make(files))
    assert words in caught.value.message


@pytest.mark.parametrize("data", [b"\x0b", b"\x12\xff", b"\xff" * 20, b"\x08\x01"], ids=repr)
def test_a_graph_that_is_not_protobuf_is_damage(files, data):
    with pytest.raises(DamagedFileError, match="is damaged"):
        inspect(files.write("saved/saved_model.pb", data).parent)
