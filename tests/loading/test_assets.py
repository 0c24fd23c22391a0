"""Files that came with a model are read on trust only, and only as they were saved."""

from __future__ import annotations

import shutil
from pathlib import Path

import keras
import numpy as np
import pytest

from colab_save.errors import DigestError, UnsafeFileError, UntrustedCodeError
from colab_save.inspecting.keras.config import scan_config
from colab_save.loading.pipeline import load
from colab_save.request.request import LoadRequest, SaveRequest
from colab_save.saving.pipeline import save

pytestmark = pytest.mark.tensorflow


SAMPLE = np.arange(8, dtype="float32").reshape(2, 4)


@pytest.fixture
def saved():
    """The report of a model around a program, whose folder is gone."""
    keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)]).export("exported", verbose=False)
    layer = keras.layers.TFSMLayer("exported", call_endpoint="serve")
    model = keras.Sequential([keras.Input((4,)), layer, keras.layers.Dense(1)])
    report = save(SaveRequest(model, "around", sample=SAMPLE, formats=("keras",)))
    shutil.rmtree("exported")
    return report


def asset_of(report):
    [asset] = Path(report.where).glob("assets/*")
    return asset


def test_those_of_the_user_are_read(saved):
    layer = load(LoadRequest("around")).model.layers[0]
    assert asset_of(saved).resolve() == Path(layer.get_config()["filepath"]).resolve()


@pytest.fixture
def from_another_user(saved, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "another"))
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.mark.usefixtures("from_another_user")
def test_those_of_others_are_not():
    with pytest.raises(UnsafeFileError):
        load(LoadRequest("around"))


@pytest.mark.usefixtures("from_another_user")
def test_those_of_others_are_on_trust():
    assert "TFSMLayer" == type(load(LoadRequest("around", trust=True)).model.layers[0]).__name__


def test_one_that_was_changed_is_not_read(saved):
    with (asset_of(saved) / "saved_model.pb").open("ab") as stream:
        stream.write(b"more")
    with pytest.raises(DigestError):
        load(LoadRequest("around"))


def test_a_model_with_an_asset_is_saved_again_with_it(saved):
    again = save(SaveRequest(load(LoadRequest("around")).model, "again", sample=SAMPLE, formats=("keras",)))
    assert (asset_of(saved) / "saved_model.pb").read_bytes() == (asset_of(again) / "saved_model.pb").read_bytes()


@keras.saving.register_keras_serializable("tests_of_assets")
class Scaled(keras.layers.Layer):
    """It reads its scale."""

    def __init__(self, file, **kwargs):
        super().__init__(**kwargs)
        self.file, self.scale = file, np.load(file)

    def call(self, inputs):
        return inputs * self.scale

    def get_config(self):
        return {**super().get_config(), "file": self.file}


def test_a_class_of_the_notebook_is_given_no_file_of_others(monkeypatch, tmp_path):
    np.save("scale.npy", np.float32(2.0))
    model = keras.Sequential([keras.Input((4,)), Scaled("scale.npy"), keras.layers.Dense(1)])
    save(SaveRequest(model, "scaled", sample=SAMPLE, formats=("keras",)))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "another"))
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(UntrustedCodeError, match=r"scale\.npy"):
        load(LoadRequest("scaled"))


LAYER = {"class_name": "TFSMLayer", "module": "keras.layers", "config": {"filepath": "assets/exported"}}


def test_a_program_that_came_with_it_runs_code():
    [found] = scan_config(LAYER, "config.json", frozenset({"assets/exported"})).runs_code
    assert "a SavedModel that came with it" in found


@pytest.mark.parametrize("allowed", [frozenset(), frozenset({"assets/other"})])
def test_another_program_is_refused(allowed):
    with pytest.raises(UnsafeFileError):
        scan_config(LAYER, "config.json", allowed)
