"""The variables that may be a model's sample are found by types and shapes."""

from __future__ import annotations

import numpy as np
import pytest

from colab_save.artifact.facts import TensorFacts
from colab_save.sampling.matching import fits, samples_for

ROWS = TensorFacts("x", (None, 4), "float32")
WORDS = TensorFacts("words", (None,), "string")
IMAGES = TensorFacts("images", (None, None, None, 3), "float32")
FLAGS = TensorFacts("flag", (None, 1), "float32")


@pytest.mark.parametrize(
    ("value", "specs"),
    [
        (np.zeros((2, 4)), ROWS),
        (np.zeros((2, 4), "int64"), ROWS),
        (np.array(["a", "b"]), WORDS),
        (np.array(["a", "b"], dtype=object), WORDS),
        (np.zeros((2, 8, 9, 3)), IMAGES),
        (np.zeros(5), FLAGS),
        ({"x": np.zeros((2, 4)), "more": 1}, {"x": ROWS}),
        ((np.zeros((2, 4)), np.zeros((2, 1))), (ROWS, FLAGS)),
        ([np.zeros((2, 4)), np.zeros((2, 1))], [ROWS, FLAGS]),
    ],
)
def test_a_value_that_the_model_would_accept_fits(value, specs):
    assert fits(value, specs)


@pytest.mark.parametrize(
    ("value", "specs"),
    [
        (np.zeros((2, 5)), ROWS),
        (np.zeros(4), ROWS),
        (np.zeros((0, 4)), ROWS),
        (np.zeros((2, 4, 1)), ROWS),
        (np.array(["a"]), FLAGS),
        (np.zeros(2), WORDS),
        (np.zeros((2, 8, 9, 4)), IMAGES),
        ({"y": np.zeros((2, 4))}, {"x": ROWS}),
        ((np.zeros((2, 4)),), (ROWS, FLAGS)),
        (7, ROWS),
        ("x", WORDS),
        (None, ROWS),
        (type("Odd", (), {"shape": "square", "dtype": "none"}), ROWS),
    ],
)
def test_a_value_that_it_would_refuse_does_not_fit(value, specs):
    assert not fits(value, specs)


@pytest.mark.parametrize(
    ("columns", "specs", "is_fit"),
    [
        ({"a": [1], "b": [2], "c": [3], "d": [4]}, ROWS, True),
        ({"x": [1.0], "flag": [2.0]}, {"flag": FLAGS}, True),
        ({"a": [1]}, ROWS, False),
    ],
)
def test_a_frame_fits_by_its_columns(columns, specs, is_fit):
    import pandas as pd

    assert is_fit == fits(pd.DataFrame(columns), specs)


@pytest.mark.tensorflow
def test_variables_that_fit_are_named():
    import keras
    import tensorflow as tf

    rows = np.zeros((6, 4), "float32")
    variables = {
        "x": rows,
        "y": np.zeros(6),
        "_hidden": rows,
        "tensor": tf.zeros((2, 4)),
        "batches": tf.data.Dataset.from_tensor_slices((rows, rows[:, 0])).batch(2),
        "single": tf.data.Dataset.from_tensor_slices((rows, rows[:, 0])),
        "text": "x",
    }
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    assert ["x", "tensor", "batches"] == list(samples_for(model, variables))
    assert [] == list(samples_for(keras.Sequential([keras.layers.Dense(1)]), variables))


class Odd:
    @property
    def shape(self):
        raise RuntimeError("not yet")


@pytest.mark.tensorflow
@pytest.mark.parametrize("dialect", ["keras", "tf_keras"])
def test_what_has_a_shape_and_no_values_is_never_offered(dialect):
    import tensorflow as tf

    keras = pytest.importorskip(dialect)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4)])
    inputs = keras.Input((4,))
    traced = []

    @tf.function(input_signature=[tf.TensorSpec((2, 4))])
    def trace(rows):
        traced.append(rows)
        return rows

    trace(tf.zeros((2, 4)))
    symbolic = {"inputs": inputs, "outputs": model(inputs), "spec": tf.TensorSpec((2, 4)), "traced": traced[0]}
    others = {"odd": Odd(), "layer": model.layers[-1], "nested": [inputs]}
    assert ["x"] == list(samples_for(model, {**symbolic, **others, "x": np.zeros((2, 4), "float32")}))
