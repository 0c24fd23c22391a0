"""How files of Keras 2 are lost, each as a case: opened by what they are, or refused (docs/losses.md §6, §7)."""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path

import h5py
import numpy as np
import pytest
import tf_keras

from colab_save.errors import MissingPackageError, UnsafeFileError, UntrustedCodeError
from colab_save.formats.base import Context, get_format
from colab_save.formats.loaded.saved_model import SavedModel
from colab_save.inspecting.findings import needs_child
from colab_save.inspecting.inspection import inspect
from colab_save.loading.pipeline import load
from colab_save.request.request import LoadRequest
from tests import old_zoo, zoo

pytestmark = pytest.mark.tensorflow

layers = tf_keras.layers


@pytest.fixture(autouse=True)
def quiet():
    """It warns of its own old formats."""
    with warnings.catch_warnings(action="ignore"):
        yield


@pytest.fixture(scope="module")
def old(tmp_path_factory):
    """A model with another in it, in the three kinds of files that Keras 2 wrote, and what it answers."""
    folder, model = tmp_path_factory.mktemp("old"), old_zoo.nested()
    with warnings.catch_warnings(action="ignore"):
        model.save(folder / "model.keras")
        model.save(folder / "model.h5")
        model.save(folder / "saved", save_format="tf")
    return folder, np.asarray(model(zoo.rows(3, 4)))


def written_as(path, target, **changes):
    """Copy an ``.h5`` with other root attributes; ``None`` leaves one out."""
    target.write_bytes(path.read_bytes())
    with h5py.File(target, "r+") as file:
        for name, value in changes.items():
            del file.attrs[name]
            if value is not None:
                file.attrs[name] = value
    return target


def read(path):
    """Open an ``.h5`` as a load does, without a process for it."""
    return get_format("h5").load(path, Context({}, dialect=inspect(path).dialect))


@pytest.mark.parametrize("name", ["model.keras", "model.h5", "saved"])
def test_a_file_of_keras_2_opens_with_tf_keras_and_is_compiled(old, name):
    folder, expected = old
    report = load(LoadRequest(str(folder / name)))
    np.testing.assert_allclose(expected, report.model(zoo.rows(3, 4)), rtol=1e-6)
    optimizer = report.model.optimizer
    assert (True, True, ()) == (isinstance(report.model, tf_keras.Model), optimizer is not None, report.notes)


def test_a_model_in_a_model_in_h5_never_meets_keras_3_which_hangs_on_it(old):
    findings = inspect(old[0] / "model.h5")
    assert ("tf_keras", True, True) == (findings.dialect, findings.is_nested, needs_child(findings))


@pytest.mark.parametrize("version", ["2.2.4-tf", "1.2.2", None])
def test_a_file_of_any_age_or_of_none_is_one_of_keras_2(old, tmp_path, version):
    path = written_as(old[0] / "model.h5", tmp_path / "model.h5", keras_version=version)
    assert "tf_keras" == inspect(path).dialect


@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
def test_without_tf_keras_the_error_is_how_to_install_it(old, name, monkeypatch):
    monkeypatch.setitem(sys.modules, "tf_keras", None)
    with pytest.raises(MissingPackageError) as caught:
        load(LoadRequest(str(old[0] / name)))
    assert "pip install tf_keras" == caught.value.hint


def test_without_tf_keras_a_saved_model_still_answers(old, monkeypatch):
    folder, expected = old
    monkeypatch.setitem(sys.modules, "tf_keras", None)
    loaded = load(LoadRequest(str(folder / "saved"))).model
    np.testing.assert_allclose(expected, loaded(zoo.rows(3, 4)), rtol=1e-6)
    assert isinstance(loaded, SavedModel)


OLD_ADAM = {"class_name": "Adam", "config": {"lr": 0.01, "beta_1": 0.9, "decay": 0.1, "epsilon": 1e-7}}
OLD_TRAINING = {
    "optimizer_config": OLD_ADAM,
    "loss": "mse",
    "metrics": ["accuracy", "mae"],
    "weighted_metrics": ["mse"],
    "sample_weight_mode": None,
    "loss_weights": None,
}


def trained_as(old, folder, **changes):
    training = json.dumps({**OLD_TRAINING, **changes})
    return written_as(old[0] / "model.h5", folder / "trained.h5", training_config=training)


def test_old_names_of_compile_arguments_are_understood(old, tmp_path):
    model = read(trained_as(old, tmp_path))
    assert (pytest.approx(0.01), pytest.approx(0.1)) == (float(model.optimizer.lr), float(model.optimizer.decay))


@pytest.mark.parametrize("loss", ["mse", "mae", "mape", "msle", "kld", "cosine_proximity", "mean_squared_error"])
def test_a_loss_by_a_short_or_old_name_loads_back(old, tmp_path, loss):
    model = read(trained_as(old, tmp_path, loss=loss))
    assert np.isfinite(model.evaluate(zoo.rows(8, 4), zoo.rows(8, 2), verbose=0)[0])


def test_old_arguments_of_layers_are_understood(tmp_path):
    tf_keras.Sequential([layers.Input((5, 3)), layers.LSTM(2)]).save(tmp_path / "lstm.h5")
    with h5py.File(tmp_path / "lstm.h5", "r+") as file:
        config = json.loads(file.attrs["model_config"])
        lstm = config["config"]["layers"][1]["config"]
        lstm |= {"implementation": 1, "time_major": False, "batch_input_shape": [None, 5, 3]}
        file.attrs["model_config"] = json.dumps(config)
    assert (4, 2) == read(tmp_path / "lstm.h5")(zoo.rows(4, 5, 3)).shape


def test_a_loss_that_nobody_knows_leaves_the_model_uncompiled_and_says_so(tmp_path):
    model = zoo.untrained()
    model.compile("adam", "mse")
    model.save(tmp_path / "model.h5")
    training = json.dumps(
        {**OLD_TRAINING, "loss": "cat_loss", "optimizer_config": {"class_name": "Adam", "config": {}}}
    )
    report = load(LoadRequest(str(written_as(tmp_path / "model.h5", tmp_path / "cats.h5", training_config=training))))
    assert (False, True) == (report.model.compiled, any("not compiled" in note for note in report.notes))


def touching(inputs):
    Path("touched").touch()
    return inputs * 2


@pytest.mark.parametrize("name", ["model.h5", "model.keras", "saved"])
def test_a_lambda_of_keras_2_is_refused_before_it_runs(tmp_path, name):
    model = tf_keras.Sequential([layers.Input((4,)), layers.Lambda(touching)])
    model.save(tmp_path / name, **({"save_format": "tf"} if name == "saved" else {}))
    Path("touched").unlink()
    with pytest.raises(UntrustedCodeError, match="Python bytecode"):
        load(LoadRequest(str(tmp_path / name)))
    assert not Path("touched").exists()


def test_a_lambda_of_keras_2_opens_for_who_trusts_it(tmp_path):
    tf_keras.Sequential([layers.Input((4,)), layers.Lambda(old_zoo.triple)]).save(tmp_path / "model.keras")
    loaded = load(LoadRequest(str(tmp_path / "model.keras"), trust=True)).model
    np.testing.assert_array_equal(zoo.rows(2, 4) * 3, loaded(zoo.rows(2, 4)))


def test_what_a_saved_model_of_keras_2_would_import_is_refused(old, tmp_path):
    text = json.dumps({"class_name": "Popen", "config": {}, "module": "subprocess"}).encode()
    node = b"\x2a" + bytes([len(text)]) + text  # field 5 of a node: its config
    folder = tmp_path / "saved"
    folder.mkdir()
    for file in (old[0] / "saved").rglob("*"):
        if file.is_file():
            target = folder / file.relative_to(old[0] / "saved")
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(file.read_bytes())
    (folder / "keras_metadata.pb").write_bytes(b"\x0a" + bytes([len(node)]) + node)
    with pytest.raises(UnsafeFileError, match=r"subprocess\.Popen"):
        load(LoadRequest(str(folder)))
