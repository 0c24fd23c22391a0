"""The findings for good files; none of them is refused."""

from __future__ import annotations

import zipfile

import pytest

from colab_save.errors import UnsafeFileError
from colab_save.inspecting.findings import CustomName, Findings, needs_child
from colab_save.inspecting.inspection import inspect, inspect_npz
from colab_save.inspecting.keras.modules import Owner, owner_of
from colab_save.inspecting.sniffing import look

GOOD = {
    "keras": (lambda f: f.keras(), "keras"),
    "keras, zipped again by hand": (lambda f: f.keras(compression=zipfile.ZIP_DEFLATED), "keras"),
    "h5": (lambda f: f.h5(), "h5"),
    "weights": (lambda f: f.weights(), "weights"),
    "h5 of the newest layout": (lambda f: f.h5(libver="latest"), "h5"),
    "weights of a model that has none": (lambda f: f.weights(values=False), "weights"),
    "SavedModel": (lambda f: f.saved_model(), "saved_model"),
    "LiteRT": (lambda f: f.litert(), "litert"),
    "LiteRT without signatures": (lambda f: f.litert(signatures=[]), "litert"),
    "LiteRT with its weights behind it": (lambda f: f.litert(buffers=[{}, {1: 2, 2: 8}]), "litert"),
    "ONNX": (lambda f: f.onnx(), "onnx"),
    "ONNX with its weights beside it": (
        lambda f: f.onnx(str(f.write("weights/1.data", b"1").relative_to(f.folder))),
        "onnx",
    ),
    "checkpoint folder": (lambda f: f.saved_model() / "variables", "checkpoint"),
    "checkpoint prefix": (lambda f: f.saved_model() / "variables" / "variables", "checkpoint"),
    "checkpoint index": (lambda f: f.saved_model() / "variables" / "variables.index", "checkpoint"),
}


@pytest.mark.parametrize("name", GOOD)
def test_a_good_file_has_its_format(files, name):
    make, kind = GOOD[name]
    assert kind == inspect(make(files)).format


@pytest.mark.parametrize("name", ["keras", "h5", "weights", "LiteRT", "ONNX"])
def test_a_file_is_recognised_by_its_bytes_and_not_by_its_name(files, name):
    make, kind = GOOD[name]
    path = make(files)
    assert kind == look(path.rename(path.with_name("download (1)"))).format


def test_the_version_that_wrote_a_file_is_found(files):
    assert "3.15.1" == inspect(files.keras(version="3.15.1")).keras_version


def test_a_class_of_the_user_is_named_and_not_refused(files):
    cats = files.an_object("Cats", {"units": 1}, None, "mine>Cats")
    assert (CustomName("", "Cats", "mine>Cats"),) == inspect(files.layer(cats, files.dense())).custom_names


def test_a_class_of_a_module_beside_the_notebook_is_named(files):
    cats = files.an_object("Cats", {}, "my_layers.cats", "Cats")
    assert (CustomName("my_layers.cats", "Cats", "Cats"),) == inspect(files.layer(cats)).custom_names


def test_a_loss_function_of_the_user_is_named(files):
    path = files.layer(files.dense(), compile_config={"optimizer": "adam", "loss": files.a_function("cat_loss")})
    assert (CustomName("", "cat_loss"),) == inspect(path).custom_names


def test_an_initializer_of_tensorflow_is_one_of_keras(files):
    normal = files.an_object("RandomNormal", {"stddev": 0.02}, "tensorflow.python.ops.init_ops_v2", "RandomNormal")
    assert () == inspect(files.layer(files.dense(kernel_initializer=normal))).custom_names


@pytest.mark.parametrize("name", ["Gadget", "_compute_fans"])
def test_nothing_else_of_its_module_is(files, name):
    other = files.an_object(name, {}, "tensorflow.python.ops.init_ops_v2", name)
    with pytest.raises(UnsafeFileError, match="neither Keras's nor yours"):
        inspect(files.layer(files.dense(kernel_initializer=other)))


def test_a_function_that_keras_and_the_user_may_both_have_is_named_as_a_homonym(files):
    path = files.layer(files.dense(), compile_config={"optimizer": "adam", "loss": files.a_function("hard_swish")})
    found = inspect(path)
    assert ((), (CustomName("", "hard_swish"),)) == (found.custom_names, found.homonyms)


@pytest.mark.parametrize("name", ["mine>Cats", "Cats"])
def test_a_class_of_the_user_in_an_h5_that_names_no_module_is_named(files, name):
    path = files.old_h5(name, {})
    assert (CustomName("", "Cats", name if ">" in name else ""),) == inspect(path).custom_names


@pytest.mark.parametrize("name", ["Dense", "Custom>Adam", "glorot_uniform"])
def test_a_class_of_keras_in_an_h5_that_names_no_module_is_not(files, name):
    path = files.old_h5(name, {})
    assert () == inspect(path).custom_names


def test_a_package_that_is_allowed_may_be_named(files):
    path = files.layer(files.an_object("Thing", {}, "numpy.ma", "Thing"))
    assert (CustomName("numpy.ma", "Thing", "Thing"),) == inspect(path, frozenset({"numpy"})).custom_names


def test_a_folder_of_the_users_may_have_the_name_of_an_installed_one(files, monkeypatch):
    for place, module in (("site-packages", "theirs"), ("here", "mine")):
        monkeypatch.syspath_prepend(files.write(f"{place}/shared/{module}.py", b"").parents[1])
    found = {name: owner_of(f"shared.{name}", frozenset()) for name in ("mine", "theirs", "neither")}
    assert {"mine": Owner.USER, "theirs": Owner.OTHER, "neither": Owner.OTHER} == found


def test_zeros_are_no_bomb(files):
    import numpy as np

    def edit(file):
        file["layers/big/vars/0"] = np.zeros((1 << 18, 16), "float32")

    assert "keras" == inspect(files.keras(edit=edit, compression=zipfile.ZIP_DEFLATED)).format


def test_a_vocabulary_of_many_words_is_read(files):
    words = [f"word{i}" for i in range(100_000)]
    assert "keras" == inspect(files.layer(files.an_object("StringLookup", {"vocabulary": words}))).format


def test_infinity_outside_sizes_is_fine(files):
    relu = files.an_object("ReLU", {"max_value": float("inf"), "threshold": float("nan")})
    assert "keras" == inspect(files.layer(relu)).format


def test_plain_arrays_are_fine(tmp_path):
    import numpy as np

    arrays = {"text": np.array(["a", "ü"]), "empty": np.ones((0, 3)), "scalar": np.float32(1), "t": np.ones((2, 3)).T}
    np.savez(tmp_path / "sample.npz", **arrays, half=np.ones(3, "float16"), yes=np.array([True]), raw=np.array([b"x"]))
    assert inspect_npz(tmp_path / "sample.npz") is None


@pytest.mark.parametrize(
    ("kind", "version", "expected"),
    [
        ("h5", "2.15.0", True),
        ("h5", "", True),
        ("keras", "2.15.0", True),
        ("h5", "3.13.2", False),
        ("keras", "3.15.1", False),
        ("weights", "", False),
        ("saved_model", "", False),
        ("litert", "", True),
        ("onnx", "", True),
    ],
)
def test_only_configs_of_old_or_unknown_keras_and_what_native_code_opens_are_opened_in_a_child_first(
    kind, version, expected
):
    assert expected == needs_child(Findings(kind, keras_version=version))


def test_a_model_in_a_model_is_seen(files):
    assert (False, True) == (
        inspect(files.h5(files.sequential(files.dense()))).is_nested,
        inspect(files.h5(files.sequential(files.sequential(files.dense())))).is_nested,
    )
