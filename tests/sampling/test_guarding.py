"""Whatever a block does to a live model, the model is afterwards as it was before."""

from __future__ import annotations

from collections import deque

import keras
import numpy as np
import pytest
import tensorflow as tf

from colab_save.sampling.guarding import untouched
from tests import zoo

pytestmark = pytest.mark.tensorflow


class Counting(keras.layers.Layer):
    """A layer of the kind that people write: its ``call`` notes what it saw."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.calls = 0
        self.seen = []
        self.shapes = {"last": None}
        self.latest = deque(maxlen=2)
        self.sums = np.zeros(3)
        self.ranks = set()

    def call(self, inputs):
        self.calls += 1
        self.seen.append(1)
        self.shapes["last"] = tuple(inputs.shape)
        self.latest.append(self.calls)
        self.sums += 1
        self.ranks.add(len(inputs.shape))
        self.extra = inputs
        return inputs


def state_of(layer):
    return [
        layer.calls,
        list(layer.seen),
        dict(layer.shapes),
        list(layer.latest),
        layer.sums.tolist(),
        set(layer.ranks),
    ]


def test_what_a_call_notes_in_attributes_is_forgotten():
    layer = Counting()
    model = keras.Sequential([keras.Input((3,)), layer])
    model(np.ones((2, 3)))
    expected, names = state_of(layer), set(vars(layer))
    with untouched(model):
        model(np.ones((2, 3)))
        assert expected != state_of(layer)
    assert (expected, names) == (state_of(layer), set(vars(layer)))


def test_an_attribute_that_the_block_deletes_is_there_again():
    model = zoo.sequential()
    model.layers[0].note = mine = object()
    with untouched(model):
        del model.layers[0].note
    assert mine is model.layers[0].note


def test_trainable_weights_that_a_pass_moves_go_back():
    model = keras.Sequential([keras.Input((4,)), keras.layers.SpectralNormalization(keras.layers.Dense(3))])
    before = model.get_weights()
    with untouched(model):
        model(np.ones((2, 4)), training=True)
        assert not np.array_equal(before[0], model.get_weights()[0])
    assert all(map(np.array_equal, before, model.get_weights()))


def test_a_layer_that_the_block_builds_is_unbuilt_again():
    model = zoo.Subclassed() if hasattr(zoo, "Subclassed") else keras.Sequential([keras.layers.Dense(2)])
    with untouched(model):
        model(np.ones((2, 4), "float32"))
        assert model.built
    assert (False, []) == (model.built, model.weights)
    model.build((None, 3))
    assert 3 == model.weights[0].shape[0]


def test_an_unbuilt_layer_of_tf_keras_is_unbuilt_again():
    tf_keras = pytest.importorskip("tf_keras")
    model = tf_keras.Sequential([tf_keras.layers.Dense(2)])
    with untouched(model):
        model(np.ones((2, 4), "float32"))
    model.build((None, 3))
    assert (3, 2) == model.weights[0].shape


def test_the_steps_that_a_training_takes_meanwhile_are_not_undone():
    model = zoo.sequential()
    with untouched(model):
        zoo.fitted(model, zoo.rows(8, 4), zoo.rows(8, 2))
        expected = model.get_weights()
    assert all(map(np.array_equal, expected, model.get_weights()))


def test_the_value_of_each_replica_goes_back():
    variable = tf.Variable(1.0)
    module = tf.Module()
    module.held = [variable]
    with untouched(module):
        variable.assign(2.0)
    assert 1.0 == variable.numpy()


@pytest.mark.parametrize("make", zoo.MODELS.values(), ids=lambda make: make.__name__)
def test_a_model_of_the_zoo_still_trains_after_it(make):
    model = make()
    with untouched(model):
        pass
    expected = model.get_weights()
    with untouched(model):
        model.set_weights([np.zeros_like(weight) if weight.dtype != object else weight for weight in expected])
    assert all(map(np.array_equal, expected, model.get_weights()))
