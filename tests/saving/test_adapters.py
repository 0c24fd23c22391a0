"""Models with LoRA adapters come back as they were trained, although Keras writes the merged kernel."""

from __future__ import annotations

import shutil
from pathlib import Path

import keras
import numpy as np
import pytest

from colab_save.artifact.layout import STATE
from colab_save.errors import ColabSaveError
from colab_save.loading.pipeline import load
from colab_save.model.examining import examine
from colab_save.model.state_file import restore_state, write_state
from colab_save.model.walking import walk_variables
from colab_save.proof.comparing import compare_weights
from colab_save.request.request import LoadRequest, SaveRequest
from colab_save.saving.pipeline import save
from tests.saving.continuing import FOUR, Continued, ContractOfContinuing, train

pytestmark = pytest.mark.tensorflow


@keras.saving.register_keras_serializable("adapters")
class Net(keras.Model):
    """Its constructor makes a layer that knows nothing of LoRA."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.first, self.last = keras.layers.Dense(6, activation="relu"), keras.layers.Dense(2)

    def call(self, inputs):
        return self.last(self.first(inputs))


def compiled(model, optimizer="adam"):
    model.compile(optimizer, "mse")
    return model


def sequential(*layers):
    return keras.Sequential([keras.Input((4,)), *layers, keras.layers.Dense(2)])


def enabled_at_once():
    model = sequential(keras.layers.Dense(6))
    model.layers[0].enable_lora(2, lora_alpha=4)
    return compiled(model)


def enabled_in_a_class():
    model = Net()
    model(FOUR)
    model.first.enable_lora(2, lora_alpha=3)
    model.last.trainable = False
    return compiled(model)


def enabled_after_training():
    model = compiled(sequential(keras.layers.Dense(6, lora_rank=None)))
    train(model)
    model.layers[0].enable_lora(3)
    return compiled(model)


def of_every_kind():
    inputs = keras.Input((4,))
    made = keras.layers.Embedding(9, 4)(keras.ops.cast(keras.ops.abs(inputs) * 2, "int32"))
    made = keras.layers.Conv1D(4, 2)(keras.layers.EinsumDense("abc,cd->abd", (4, 4))(made))
    model = keras.Model(inputs, keras.layers.Dense(2)(keras.layers.Flatten()(made)))
    for layer in model.layers:
        if hasattr(layer, "enable_lora"):
            layer.enable_lora(2)
    return compiled(model)


def in_half_precision():
    model = sequential(keras.layers.Dense(6, dtype="bfloat16"), keras.layers.Dense(4, dtype="mixed_float16"))
    for layer in model.layers[:2]:
        layer.enable_lora(2)
    return compiled(model)


def quantised():
    model = sequential(keras.layers.Dense(6), keras.layers.Dense(4))
    for layer in model.layers:
        layer.quantize("int8")
    model.layers[0].enable_lora(2)
    return compiled(model)


KINDS = {
    "enabled at once": enabled_at_once,
    "enabled in a class": enabled_in_a_class,
    "enabled after training": enabled_after_training,
    "every kind of layer": of_every_kind,
    "half precision": in_half_precision,
    "adapters of a quantised layer": quantised,
}


@pytest.fixture(scope="module", params=KINDS)
def continued(request, tmp_path_factory):
    return Continued.after_two_steps(KINDS[request.param](), tmp_path_factory.mktemp("store"))


class TestAdapters(ContractOfContinuing):
    """Each kind of them, trained two steps."""


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """The report of a plain save."""
    model = KINDS["enabled at once"]()
    train(model)
    path = tmp_path_factory.mktemp("plain") / "cats.keras"
    return model, save(SaveRequest(model, str(path))), path


def test_a_plain_save_has_its_adapters_beside_it(saved):
    model, _, path = saved
    assert [] == compare_weights(examine(model), examine(load(LoadRequest(str(path))).model))


def test_keras_alone_opens_the_merged_kernel(saved):
    model, _, path = saved
    np.testing.assert_allclose(model(FOUR), keras.saving.load_model(path)(FOUR), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["kernel", "lora_kernel_a", "lora_kernel_b"])
def test_a_changed_weight_is_a_difference(saved, name, tmp_path):
    """What is restored is compared with the manifest: restoring is no excuse."""
    model, _, path = saved
    copy = changed_copy(path, tmp_path, f"dense/{name}")
    expected = load(LoadRequest(str(path))).model
    restore_state(expected, copy)
    differing = [each.where for each in compare_weights(examine(model), examine(expected))]
    assert [f"dense/{name}"] == differing


def changed_copy(path, folder, weight):
    """Write the state of a saved model with one weight changed by a thousandth."""
    other = load(LoadRequest(str(path))).model
    variable = dict(walk_variables(other))[weight]
    variable.assign(variable * 1.001)
    write_state(folder, other, [weight])
    return folder / STATE


def test_weights_are_loaded_into_a_model_with_adapters_as_they_were(tmp_path):
    model, other = enabled_at_once(), enabled_at_once()
    train(model)
    save(SaveRequest(model, "cats", to=str(tmp_path), formats=("weights",)))
    load(LoadRequest("cats", source=str(tmp_path), into=other))
    assert [] == compare_weights(examine(model), examine(other))


def test_a_program_has_its_adapters_in_it(tmp_path):
    report = save(SaveRequest(enabled_at_once(), "cats", to=str(tmp_path), formats=("saved_model",)))
    assert [] == [file.path for file in report.manifest.files if file.path.endswith(STATE)]


def test_a_state_file_with_objects_is_refused(saved, tmp_path):
    _, _, path = saved
    shutil.copytree(path.parent, tmp_path, dirs_exist_ok=True)
    (file,) = tmp_path.rglob(STATE)
    np.savez(file, paths=np.array([{}], dtype=object))
    with pytest.raises(ColabSaveError):
        load(LoadRequest(str(tmp_path / "cats.keras")))


def test_a_foreign_file_beside_a_model_is_not_read(saved, tmp_path):
    """Only a file that the manifest names belongs to a model."""
    _, _, path = saved
    alone = Path(shutil.copy(path, tmp_path))
    np.savez(tmp_path / STATE, paths=np.array([{}], dtype=object))
    other = load(LoadRequest(str(alone))).model
    np.testing.assert_array_equal(0, other.layers[0].lora_kernel_b)
