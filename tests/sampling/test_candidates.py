"""Made-up samples: longer, ranged, sorted, and with axes that agree or depend on each other."""

from __future__ import annotations

from functools import partial

import keras
import numpy as np
import pytest
import tensorflow as tf

from colab_save.nested import leaves
from colab_save.sampling.candidates import MOST_CANDIDATES, candidates
from colab_save.sampling.running import run_keras
from colab_save.sampling.sampling import take_sample
from colab_save.sampling.specs import declared_inputs

pytestmark = pytest.mark.tensorflow


class Asking(keras.layers.Layer):
    """A layer that accepts some inputs only."""

    def __init__(self, asks, **kwargs):
        super().__init__(**kwargs)
        self.asks = asks

    def call(self, *inputs):
        if not isinstance(inputs[0], keras.KerasTensor):
            with tf.init_scope():
                assert self.asks(*(np.asarray(item) for item in inputs))
        return keras.ops.copy(inputs[0])

    def compute_output_spec(self, *inputs):
        return keras.KerasTensor(inputs[0].shape, inputs[0].dtype)


def asking(asks, *shapes, dtype="float32"):
    inputs = [keras.Input(shape, dtype=dtype) for shape in shapes]
    return keras.Model(inputs[0] if len(inputs) == 1 else inputs, Asking(asks)(*inputs))


def is_sorted(x):
    return (np.diff(x) >= 0).all()


ACCEPTED = {
    "long": partial(asking, lambda x: x.shape[1] > 30, (None, 1)),
    "very long": partial(asking, lambda x: x.shape[1] > 1000, (None, 1)),
    "fractions": partial(asking, lambda x: x.min() >= 0 and x.max() <= 1, (3,)),
    "fractions in a long sequence": partial(asking, lambda x: x.shape[1] > 30 and x.min() >= 0, (None, 1)),
    "shares": partial(asking, lambda x: np.allclose(x.sum(-1), 1), (3,)),
    "sorted": partial(asking, is_sorted, (5,)),
    "sorted fractions": partial(asking, lambda x: is_sorted(x) and x.min() >= 0, (5,)),
    "bits": partial(asking, lambda x: x.max() < 2, (3,), dtype="int32"),
    "one row": partial(asking, lambda x: len(x) == 1, (3,)),
    "more rows": partial(asking, lambda x: len(x) % 16 == 0, (3,)),
    "a square": partial(asking, lambda x, y: x.shape[1] == y.shape[1] == y.shape[2], (None, 3), (None, None)),
    "a square of rows": partial(asking, lambda x, y: len(x) == len(y) == y.shape[1], (3,), (None,)),
    "half as long": partial(asking, lambda x, y: x.shape[1] == 2 * y.shape[1], (None, 1), (None, 1)),
    "half in one axis": partial(asking, lambda x: x.shape[1] == 2 * x.shape[2], (None, None, 1)),
    "a quarter": partial(asking, lambda x, y: x.shape[1] == 4 * y.shape[1], (None, 1), (None, 1)),
    "one longer": partial(asking, lambda x, y: x.shape[1] == y.shape[1] + 1, (None, 1), (None, 1)),
    "two of three longer": partial(
        asking, lambda x, y, z: x.shape[1] == y.shape[1] == 2 * z.shape[1], (None, 1), (None, 1), (None, 1)
    ),
}


@pytest.mark.parametrize("make", ACCEPTED.values(), ids=ACCEPTED)
def test_a_sample_is_made_that_the_model_asks_for(make):
    assert take_sample(make(), None, run_keras).missing is None


def test_a_sample_without_nan_in_the_outputs_is_preferred():
    inputs = keras.Input((3,))
    assert not np.isnan(take_sample(keras.Model(inputs, keras.ops.sqrt(inputs)), None, run_keras).outputs).any()


def test_a_model_that_returns_nothing_but_nan_has_a_sample_too():
    inputs = keras.Input((3,))
    sample = take_sample(keras.Model(inputs, keras.ops.multiply(inputs, float("nan"))), None, run_keras)
    assert np.isnan(sample.outputs).all()


def test_a_model_that_accepts_nothing_is_asked_a_bounded_number_of_times():
    made = list(candidates(model := asking(lambda _: False, (None, None, None, 1)), declared_inputs(model)))
    assert 20 < len(made) <= MOST_CANDIDATES


def test_no_sample_is_no_error_and_says_what_to_pass():
    sample = take_sample(asking(lambda _: False, (3,)), None, run_keras)
    assert (None, None) == (sample.inputs, sample.outputs)
    assert "sample=x_test[:4]" in sample.missing.hint


def test_inputs_nested_in_dicts_are_made_as_they_are_nested():
    nested = {"a": {"b": keras.Input((3,)), "c": [keras.Input((2,))]}, "d": keras.Input((1,), name="d")}
    joined = keras.layers.Concatenate()([nested["a"]["b"], nested["a"]["c"][0], nested["d"]])
    sample = take_sample(keras.Model(nested, joined), None, run_keras)
    assert {"a": {"b": (4, 3), "c": [(4, 2)]}, "d": (4, 1)} == keras.tree.map_structure(np.shape, sample.inputs)
    assert ["a_b", "a_c_0", "d"] == [spec.name for _, spec in leaves(sample.specs)]


class Neighbours(keras.Model):
    """A subclassed model, which declares no dtypes: of its inputs, some are rows of the first by their number."""

    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(2)

    def call(self, inputs):
        nodes, weights, edges = inputs
        found = tf.gather(self.dense(nodes), edges[:, 0])
        return tf.math.unsorted_segment_sum(found * weights, edges[:, 1], tf.shape(nodes)[0])


class Chosen(keras.Model):
    """It takes rows of its own by their number, and has two of them."""

    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(2)

    def call(self, inputs):
        return tf.gather(self.dense(tf.eye(2)), inputs)


@pytest.mark.parametrize(
    ("make", "inputs", "dtypes"),
    [
        (
            Neighbours,
            [np.ones((9, 3), "float32"), np.ones((2, 1), "float32"), np.array([[7, 8], [8, 8]])],
            ["float32", "float32", "int64"],
        ),
        (Chosen, np.array([0, 1, 1]), ["int64"]),
    ],
    ids=["edges of a graph", "indices"],
)
def test_indices_are_made_for_a_model_that_declares_no_dtypes(make, inputs, dtypes):
    model = make()
    model(inputs)
    sample = take_sample(model, None, run_keras)
    assert sample.missing is None
    assert dtypes == [item.dtype.name for _, item in leaves(sample.inputs)]
    assert dtypes == [item.dtype for _, item in leaves(sample.specs)]
