"""A save, or a load that fails, leaves the live model, the random state and the notebook's settings as they were."""

from __future__ import annotations

import contextlib
import random
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from colab_save.errors import ColabSaveError, RoundTripError
from colab_save.format_table import FORMATS
from colab_save.loading.pipeline import load
from colab_save.progress import Stage
from colab_save.request.request import LoadRequest, SaveRequest
from colab_save.saving.pipeline import save
from tests import zoo

pytestmark = pytest.mark.tensorflow

MAKERS = [*zoo.MODELS.values(), zoo.subclassed]


class Spectral(keras.Model):
    """What a pass moves: a trainable kernel, counters, a list of answers, an array."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.body = keras.layers.SpectralNormalization(keras.layers.Dense(3))
        self.drop = keras.layers.Dropout(0.5)
        self.head = keras.layers.Dense(2)
        self.calls, self.seen, self.sums = 0, [], np.zeros(2)

    def call(self, inputs, training=False):
        self.calls += 1
        self.seen.append(1)
        self.sums += 1
        return self.head(self.drop(self.body(inputs, training=training), training=training))

    def get_config(self):
        return super().get_config()


def spectral():
    model = zoo.trained(Spectral(), zoo.rows(8, 4), zoo.rows(8, 2))
    head = model.head
    plain = head.call
    head.call = lambda inputs, training=None: plain(inputs) * 2  # as people patch a layer
    return model


def random_state():
    numpy = np.random.get_state()  # noqa: NPY002  (the legacy state is what user code uses)
    return [str(random.getstate()), str(numpy), tf.random.get_global_generator().state.numpy().tolist()]


def settings():
    config = tf.config
    return [
        keras.backend.floatx(),
        keras.mixed_precision.global_policy().name,
        keras.backend.image_data_format(),
        config.experimental.tensor_float_32_execution_enabled(),
        config.functions_run_eagerly(),
        config.get_soft_device_placement(),
    ]


def described(value):
    """Return an attribute as the user has it: containers by their items, arrays by value, all else by identity."""
    if isinstance(value, dict):
        return [(str(key), id(item)) for key, item in value.items()]
    if isinstance(value, (list, tuple, set)):
        return [id(item) for item in value]
    return value.tolist() if isinstance(value, np.ndarray) else (id(value), str(value)[:40] * isinstance(value, int))


def layers_of(model):
    waiting, seen = [model], {}
    while waiting:
        item = waiting.pop()
        if isinstance(item, (list, tuple)):
            waiting += item
        elif isinstance(item, keras.layers.Layer) and id(item) not in seen:
            seen[id(item)] = item
            waiting += vars(item).values()
    return list(seen.values())


def state_of(model):
    optimizer = model.optimizer.variables if getattr(model, "optimizer", None) else []
    metrics = [variable for metric in model.metrics for variable in metric.variables]
    variables = [*model.variables, *optimizer, *metrics]
    return {
        "variables": [np.asarray(tf.convert_to_tensor(item)).tobytes() for item in variables if item.dtype != "string"],
        **{
            f"{number} {layer.name}.{name}": described(value)
            for number, layer in enumerate(layers_of(model))
            for name, value in vars(layer).items()
        },
        "compiled": str(model.get_compile_config()),
        "random": random_state(),
        "settings": settings(),
    }


def changed(before, model):
    """Return what has changed since."""
    after = state_of(model)
    return {name: (before.get(name), after.get(name)) for name in before | after if before.get(name) != after.get(name)}


def attempt(request):
    with contextlib.suppress(ColabSaveError):  # a format that cannot write a model changes nothing either
        save(request)


@given(make=st.sampled_from([*MAKERS, spectral]), format_name=st.sampled_from(sorted(FORMATS)))
def test_a_save_changes_nothing_whatever_the_format(make, format_name, tmp_path_factory):
    model = make()
    before = state_of(model)
    attempt(SaveRequest(model, "cats", to=str(tmp_path_factory.mktemp("store")), formats=(format_name,), verify=False))
    assert {} == changed(before, model)


@pytest.mark.parametrize("make", [spectral, zoo.sequential, zoo.list_of_inputs, zoo.recurrent])
def test_a_proven_save_changes_nothing(make):
    model = make()
    before = state_of(model)
    save(SaveRequest(model, "cats"))
    assert {} == changed(before, model)


def draws():
    return [random.random(), float(np.random.rand()), float(tf.random.normal(())), float(keras.random.normal(()))]  # noqa: NPY002


def test_the_notebook_draws_the_numbers_that_it_would_have_drawn_without_a_save():
    model = spectral()
    keras.utils.set_random_seed(5)
    expected = draws() + draws()
    keras.utils.set_random_seed(5)
    found = draws()
    save(SaveRequest(model, "cats"))
    assert expected == found + draws()


def test_a_save_that_fails_in_the_middle_changes_nothing():
    class Odd(keras.layers.Layer):
        def call(self, inputs):
            return inputs * (2.0 if "colab_save_custom_code" in __name__ else 1.0)

    model = keras.Sequential([keras.Input((4,)), Odd(), keras.layers.Dropout(0.5), keras.layers.Dense(2)])
    model.compile("adam", "mse")
    before = state_of(model)
    attempt(SaveRequest(model, "cats", formats=("keras",)))
    assert {} == changed(before, model)


def test_a_model_that_is_trained_while_it_is_saved_is_told_as_that():
    model = zoo.sequential()

    def train(step):
        if step.stage is Stage.STAGE and step.detail == "keras":
            zoo.fitted(model, zoo.rows(8, 4), zoo.rows(8, 2))

    with pytest.raises(RoundTripError, match="The model changed while it was being saved"):
        save(SaveRequest(model, "cats"), on_step=train)
    assert 2 == int(model.optimizer.iterations)


def test_a_load_into_a_model_that_fails_changes_nothing():
    save(SaveRequest(zoo.sequential(), "cats", formats=("weights",)))
    other = zoo.sequential()
    other.layers[0].activation = keras.activations.sigmoid  # the weights fit, and the answers do not
    before = state_of(other)
    with pytest.raises(ColabSaveError):
        load(LoadRequest("cats", into=other))
    assert {} == changed(before, other)


def test_a_load_into_a_model_changes_its_weights_only():
    model = zoo.sequential()
    save(SaveRequest(model, "cats", formats=("weights",)))
    other, plain = zoo.sequential(), zoo.sequential()
    before, names = state_of(other), state_of(plain).keys()
    load(LoadRequest("cats", into=other))
    plain.load_weights(next(Path("models/cats").rglob("*.weights.h5")))
    after, of_keras = state_of(other), state_of(plain).keys() - names  # Keras notes that layers are not quantized
    assert all(map(np.array_equal, model.get_weights(), other.get_weights()))
    assert (len(of_keras), len(before)) == (len(after.keys() - before.keys()), len(after.keys() & before.keys()))
    assert {"variables"} == {name for name in before if before[name] != after[name]}
