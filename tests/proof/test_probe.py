"""A file that may hang, die or take all memory is opened first where that does no harm."""

from __future__ import annotations

import json
import time
import zipfile
from pathlib import Path

import h5py
import keras
import pytest

from colab_save.errors import FormatError, UnsafeFileError
from colab_save.formats.base import Context, get_format
from colab_save.fresh_process.warm import warm_parent
from colab_save.hints import action
from colab_save.loading.pipeline import load
from colab_save.proof import probe
from colab_save.proof.probe import try_opening
from colab_save.request.request import LoadRequest
from tests import zoo

pytestmark = pytest.mark.tensorflow

LOOPS = "3.14" > keras.__version__
"""Keras 3.13.2 goes on for ever where 3.15.1 raises."""


def plain(model, name="theirs.h5", **attributes):
    """Write a file as somebody else would, and change its root attributes; ``None`` takes one out."""
    model.save(name)
    with h5py.File(name, "a") as file:
        for key, value in attributes.items():
            file.attrs.pop(key)
            if value is not None:
                file.attrs[key] = value
    return Path(name).resolve()


def without_version(model):
    """Write a ``.keras`` file that does not say which Keras has written it."""
    model.save("whole.keras")
    with zipfile.ZipFile("whole.keras") as whole, zipfile.ZipFile("theirs.keras", "w") as theirs:
        for name in whole.namelist():
            theirs.writestr(name, "{}" if name == "metadata.json" else whole.read(name))
    return Path("theirs.keras").resolve()


def nested():
    """The config of a model in a model, as Keras 2 writes it to HDF5."""

    def layer(name, kind, config, *calls):
        return {"class_name": kind, "name": name, "config": {"name": name, **config}, "inbound_nodes": list(calls)}

    entry = {"batch_input_shape": [None, 4], "dtype": "float32", "sparse": False, "ragged": False}
    inner = {
        "layers": [layer("a", "InputLayer", entry), layer("b", "Dense", {"units": 3}, [["a", 0, 0, {}]])],
        "input_layers": [["a", 0, 0]],
        "output_layers": [["b", 0, 0]],
    }
    outer = {
        "name": "outer",
        "layers": [
            layer("x", "InputLayer", entry),
            layer("inner", "Functional", inner, [["x", 0, 0, {}]]),
            layer("y", "Dense", {"units": 2}, [["inner", 1, 0, {}]]),
        ],
        "input_layers": [["x", 0, 0]],
        "output_layers": [["y", 0, 0]],
    }
    return json.dumps({"class_name": "Functional", "config": outer})


def wide(units):
    """A model that declares a layer of so many units, and stores two."""
    model = zoo.untrained()
    config = json.loads(model.to_json())
    config["config"]["layers"][1]["config"]["units"] = units
    return plain(model, model_config=json.dumps(config))


@pytest.fixture
def own_parent(tmp_path_factory, monkeypatch):
    """A warm parent that no other test uses."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("r")))
    yield
    warm_parent.leave()


def forks():
    """The fresh processes that the warm parent has forked and that still run."""
    parent = warm_parent.status(30.0).pid
    return Path(f"/proc/{parent}/task/{parent}/children").read_text().split()


def test_a_model_in_a_model_of_keras_2_ends_in_an_error_and_not_in_a_notebook_that_hangs(own_parent):
    path = plain(zoo.untrained(), model_config=nested(), keras_version="2.15.0")
    began, seconds = time.monotonic(), 12.0 if LOOPS else 300.0
    with pytest.raises(UnsafeFileError if LOOPS else FormatError) as caught:
        try_opening(get_format("h5"), path, Context({}), None, seconds)
    assert time.monotonic() - began < seconds + 20
    assert ("within 12 seconds" if LOOPS else "Functional model") in caught.value.message
    assert [] == forks()


def test_a_file_that_would_take_all_memory_is_opened_by_nothing_in_this_process(monkeypatch):
    path = wide(2**30)
    opened = []
    monkeypatch.setattr(keras.saving, "load_model", lambda *given, **more: opened.append(given))
    with pytest.raises(UnsafeFileError, match=r"ran out of memory.*OOM.*bytes and declares up to") as caught:
        load(LoadRequest(str(path)))
    assert f"300 seconds and 4.3 GB ({probe.MEMORY + probe.COPIES * path.stat().st_size:,} bytes)" in str(caught.value)
    assert "timeout=900" in caught.value.hint
    assert [] == opened


def test_a_hint_from_there_is_rendered_by_the_frontend_that_shows_it():
    zoo.untrained().save_weights("theirs.weights.h5")
    with pytest.raises(FormatError, match="holds weights only") as caught:
        try_opening(get_format("weights"), Path("theirs.weights.h5").resolve(), Context({}), None, 300.0)
    assert action("load", "PATH", into="model") in caught.value.references[1]


def test_a_file_of_unknown_age_that_does_not_open_there_is_not_opened_here(monkeypatch):
    model = zoo.untrained()
    config = json.loads(model.to_json())
    config["config"]["layers"][1]["config"]["units"] = "two"
    path = plain(model, keras_version=None, model_config=json.dumps(config))
    opened = []
    monkeypatch.setattr(keras.saving, "load_model", lambda *given, **more: opened.append(given))
    with pytest.raises(FormatError, match=path.name):
        load(LoadRequest(str(path)))
    assert [] == opened


def test_a_file_of_unknown_age_is_opened_there_with_the_classes_of_the_notebook_and_then_here(monkeypatch):
    import __main__

    monkeypatch.setattr(__main__, "Scale", zoo.Scale, raising=False)
    path = without_version(keras.Sequential([keras.Input((4,)), zoo.Scale(2.0)]))
    assert isinstance(load(LoadRequest(str(path))).model.layers[0], zoo.Scale)


def test_a_process_that_dies_says_how(tmp_path):
    code = tmp_path / "custom_code.py"
    code.write_text("import os\n\nos.kill(os.getpid(), 9)\n")
    with pytest.raises(UnsafeFileError, match="killed by signal 9"):
        try_opening(get_format("h5"), plain(zoo.untrained()), Context({}), code, 300.0)
