"""Which library a graph needs, as this process knows it, and what is imported before a load, of which artifacts."""

from __future__ import annotations

import sys
from types import ModuleType

import numpy as np
import pytest
import tensorflow as tf

from colab_save.artifact.libraries import LIBRARIES, Library, read_libraries, write_libraries
from colab_save.errors import ColabSaveError, DamagedFileError, FormatError, MissingPackageError, UntrustedCodeError
from colab_save.formats.base import Context, get_format
from colab_save.formats.libraries import KNOWN, known, libraries_of

pytestmark = pytest.mark.tensorflow

PLUG = get_format("saved_model")


class Adding(tf.Module):
    """A graph with the operation AddV2 in a function."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
    def __call__(self, x):
        return x + 1.0


@pytest.fixture
def graph(tmp_path):
    """The folder of a SavedModel."""
    tf.saved_model.save(Adding(), str(tmp_path / "graph"))
    return tmp_path / "graph"


def renamed(folder, operation):
    """Give the addition the name of an operation that this TensorFlow does not have."""
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    file = folder / "saved_model.pb"
    saved = SavedModel.FromString(file.read_bytes())
    for function in saved.meta_graphs[0].graph_def.library.function:
        for node in function.node_def:
            node.op = operation if node.op == "AddV2" else node.op
    file.write_bytes(saved.SerializeToString())
    return folder


def add_v2():
    """Stand for the wrapper of an operation."""


@pytest.fixture
def loaded(monkeypatch):
    """Stand for `tf.load_op_library`: puts a module of wrappers among others, in the order in which imports end."""

    def load(*before, after=(), names=("AddV2",)):
        made = ModuleType("a2f0")
        vars(made).update(dict.fromkeys(names, add_v2), _IS_TENSORFLOW_PLUGIN=True)
        for name in (*before, "a2f0", *after):
            module = made if name == "a2f0" else ModuleType(name)
            monkeypatch.setitem(sys.modules, name, module)
            if module is not made:
                module.operations = made

    return load


def test_the_library_of_an_operation_is_the_package_whose_module_has_loaded_it(graph, loaded):
    loaded(after=("zapping.operations", "other.user"))
    assert (Library("zapping", {"AddV2": "zapping.operations"}),) == libraries_of(graph)


def test_a_package_that_loads_its_operations_when_they_are_used_is_the_one_that_was_imported_last(graph, loaded):
    loaded("other.module", "zapping.lazy")
    assert (Library("zapping", {"AddV2": "zapping.lazy"}),) == libraries_of(graph)


def test_what_the_notebook_has_loaded_itself_is_no_library(graph, loaded, monkeypatch):
    loaded()
    monkeypatch.setattr(sys.modules["__main__"], "operations", sys.modules["a2f0"], raising=False)
    assert () == libraries_of(graph)


def test_operations_that_the_graph_has_not_name_no_library(graph, loaded):
    loaded(after=("zapping.operations",), names=("Twice",))
    assert () == libraries_of(graph)


def test_a_library_with_a_name_space_is_found_as_python_spells_it(graph, loaded):
    loaded(after=("zapping.operations",), names=("Zapping_Twice",))
    operations = libraries_of(renamed(graph, "Zapping>Twice"))[0].operations
    assert {"Zapping>Twice": "zapping.operations"} == operations


def test_tensorflow_is_no_library(graph, loaded):
    loaded(after=("tensorflow.lite.some_operations",))
    assert () == libraries_of(graph)


class LikeAModule:
    """A library of cffi: it says that its class is that of a module, and has no names."""

    __slots__ = ()
    __class__ = ModuleType


def test_what_only_looks_like_a_module_is_passed_over(graph, loaded, monkeypatch):
    monkeypatch.setitem(sys.modules, "_ffi.lib", LikeAModule())
    loaded(after=("tensorflow.lite.some_operations",))
    assert () == libraries_of(graph)


def test_a_record_is_read_as_it_was_written(graph):
    libraries = (Library("zapping", {"Zapping>Twice": "zapping.operations"}, "zapping", "1.2"),)
    write_libraries(graph, libraries)
    assert libraries == read_libraries(graph)


def test_nothing_is_written_where_no_library_is_needed(graph):
    write_libraries(graph, ())
    assert not (graph / LIBRARIES).parent.exists()


@pytest.mark.parametrize(
    "record",
    ["[", "{}", "[1]", '[{"package": "os; x"}]', '[{"package": "a", "operations": {"X": "os"}}]', '[{"package": ""}]'],
)
def test_a_record_that_is_none_is_refused(graph, record):
    (graph / LIBRARIES).parent.mkdir()
    (graph / LIBRARIES).write_text(record)
    with pytest.raises(DamagedFileError):
        PLUG.open(graph, Context({}, is_trusted=True))


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package with a module, in a folder that may be one of installed packages; importing either leaves a mark."""

    def make(name, folder="site-packages"):
        place = tmp_path / folder / name
        place.mkdir(parents=True)
        for file in ("__init__.py", "operations.py"):
            (place / file).write_text("from pathlib import Path\nPath(__file__).with_suffix('.mark').touch()\n")
        monkeypatch.syspath_prepend(tmp_path / folder)
        for module in [each for each in sys.modules if each.partition(".")[0] == name]:
            monkeypatch.delitem(sys.modules, module)
        return lambda: sorted(file.stem for file in place.glob("*.mark"))

    yield make
    for name in [each for each in sys.modules if each.partition(".")[0] in {"zapping", "tensorflow_addons"}]:
        del sys.modules[name]


def recorded(folder, package, operation="Zapping>Twice"):
    write_libraries(folder, (Library(package, {operation: f"{package}.operations"}, package, "1.2"),))
    return folder


def test_what_is_recorded_is_imported_before_the_graph_is_loaded(graph, package):
    marks = package("zapping")
    PLUG.open(recorded(graph, "zapping"), Context({}, is_trusted=True))
    assert ["__init__", "operations"] == marks()


def test_what_is_recorded_in_an_asset_is_imported_too(graph, package, tmp_path):
    marks = package("zapping")
    asset = tmp_path / "asset"
    asset.mkdir()
    recorded(asset, "zapping")
    PLUG.open(graph, Context({}, assets={"exported": str(asset)}, is_trusted=True))
    assert ["__init__", "operations"] == marks()


def test_a_package_that_a_stranger_names_is_not_imported(graph, package):
    marks = package("zapping")
    assert 2 == np.asarray(PLUG.open(recorded(graph, "zapping"), Context({}))(np.ones(1)))[0]
    assert [] == marks()


def test_a_well_known_library_is_imported_for_a_stranger_without_the_modules_that_the_record_names(graph, package):
    marks = package("tensorflow_addons")
    PLUG.open(recorded(graph, "tensorflow_addons"), Context({}))
    assert ["__init__"] == marks()


def test_a_folder_of_the_user_with_the_name_of_a_well_known_library_is_not_imported_for_a_stranger(graph, package):
    marks = package("tensorflow_addons", folder="notebook")
    with pytest.raises(UntrustedCodeError, match="lies in a folder of yours"):
        PLUG.open(recorded(renamed(graph, "Addons>Gelu"), "tensorflow_addons"), Context({}))
    assert [] == marks()


def failing(folder, *, is_trusted=False):
    with pytest.raises(ColabSaveError) as caught:
        PLUG.open(folder, Context({}, is_trusted=is_trusted))
    return type(caught.value), caught.value.message, caught.value.hint


def test_a_stranger_that_names_a_package_is_told_to_be_trusted_first_and_no_word_of_installing_it(graph):
    error, message, hint = failing(recorded(renamed(graph, "Zapping>Twice"), "zapping", "Zapping>Twice"))
    assert UntrustedCodeError is error
    assert (
        "The graph needs the operation Zapping>Twice of zapping, which is imported for files that you trust." == message
    )
    assert "pip" not in hint


def test_a_missing_library_of_an_own_graph_is_one_sentence_with_what_to_install(graph):
    found = failing(recorded(renamed(graph, "Zapping>Twice"), "zapping"), is_trusted=True)
    said = "The graph needs the operation Zapping>Twice of zapping, which is not installed."
    assert (MissingPackageError, said, "pip install zapping") == found


@pytest.mark.parametrize(
    ("operation", "library"),
    [
        ("TFText>WhitespaceTokenizeWithOffsetsV2", "tensorflow_text"),
        ("SentencepieceOp", "tensorflow_text"),
        ("SimpleMLInferenceOpWithHandle", "tensorflow_decision_forests"),
        ("IO>DecodeJSON", "tensorflow_io"),
    ],
)
def test_a_graph_of_anybody_names_the_well_known_library_that_it_lacks(graph, monkeypatch, operation, library):
    monkeypatch.setitem(sys.modules, library, None)  # as if it were not installed
    error, message, hint = failing(renamed(graph, operation))
    minor = ".".join(tf.__version__.split(".")[:2])
    install = f"pip install {library.replace('_', '-')}"
    assert (
        MissingPackageError,
        f"The graph needs the operation {operation} of {library}, which is not installed.",
    ) == (
        error,
        message,
    )
    assert hint == (f"pip install 'tensorflow-text=={minor}.*'" if library == "tensorflow_text" else install)


def test_a_well_known_library_is_installed_by_its_own_name_whatever_a_record_says(graph, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_io", None)
    write_libraries(renamed(graph, "IO>X"), (Library("tensorflow_io", {"IO>X": "tensorflow_io"}, "tensorflow-oi"),))
    assert "pip install tensorflow-io" == failing(graph)[2]


def test_an_operation_that_no_library_is_known_to_have_is_one_sentence(graph):
    error, message, hint = failing(renamed(graph, "Twice"))
    said = "The graph needs the operation Twice, which TensorFlow does not have, nor any library that is imported."
    assert (FormatError, said, True) == (error, message, "tf.load_op_library()" in hint)


def test_a_library_that_cannot_be_imported_says_why(graph, package, tmp_path):
    package("zapping")
    (tmp_path / "site-packages/zapping/__init__.py").write_text("raise OSError('undefined symbol: _ZN10tensorflow')")
    error, message, _ = failing(recorded(renamed(graph, "Zapping>Twice"), "zapping"), is_trusted=True)
    assert (MissingPackageError, True) == (error, "cannot be imported (OSError: undefined symbol" in message)


def test_a_library_that_cannot_be_imported_is_no_matter_where_the_graph_opens_without_it(graph):
    PLUG.open(recorded(graph, "zapping"), Context({}, is_trusted=True))


def test_a_library_that_does_not_register_the_operation_any_more_says_which_version_did(graph, package):
    package("zapping")
    error, message, hint = failing(recorded(renamed(graph, "Zapping>Twice"), "zapping"), is_trusted=True)
    assert (FormatError, True) == (error, message.endswith("of zapping, which does not register it here."))
    assert "It was zapping 1.2 where the model was saved. pip install zapping" == hint


def test_another_error_stays_as_it_is(graph):
    (graph / "saved_model.pb").write_bytes(b"\x01")
    assert "could not open the SavedModel" in failing(graph)[1]


def test_no_operation_of_tensorflow_is_taken_for_one_of_a_library():
    ours = [name for name in dir(tf.raw_ops) if not name.startswith("_") and known(name)]
    assert [] == ours
    assert set(KNOWN) > {"tensorflow_text", "tensorflow_decision_forests"}
