"""Sample inputs: made from the model's input specs, or read from the user's sample."""

from __future__ import annotations

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from colab_save.errors import SampleError, UnbuiltModelError
from colab_save.nested import leaves
from colab_save.sampling.reading import MOST_ROWS
from colab_save.sampling.running import run_keras
from colab_save.sampling.sampling import take_sample
from tests import zoo

pytestmark = pytest.mark.tensorflow


def sample_of(model, given=None):
    return take_sample(model, given, run_keras)


@pytest.mark.parametrize("make", [*zoo.MODELS.values(), zoo.subclassed], ids=lambda make: make.__name__)
def test_a_derived_sample_has_at_least_two_different_rows(make):
    for _, item in leaves(sample_of(make()).inputs):
        assert len(item) >= 2
        assert not all(np.array_equal(item[0], row) for row in item[1:])


def test_a_derived_sample_is_the_same_again():
    model = zoo.sequential()
    assert np.array_equal(sample_of(model).inputs, sample_of(model).inputs)


def test_dtypes_and_structure_are_those_that_the_model_declares():
    inputs = sample_of(zoo.many_inputs()).inputs
    assert {"left": ("float32", (4, 3)), "right": ("int32", (4, 2))} == {
        name: (item.dtype.name, item.shape) for name, item in inputs.items()
    }


def test_whole_numbers_stay_within_the_vocabulary():
    assert sample_of(zoo.many_inputs()).inputs["right"].max() < 5


def test_words_come_from_the_vocabulary():
    words = " ".join(sample_of(zoo.text()).inputs.ravel()).split()
    assert {"the", "cat", "sat", "dog", "ran", "a"} & set(words)


def test_an_embedding_in_a_subclassed_model_is_fed_whole_numbers():
    class Reader(keras.Model):
        def __init__(self):
            super().__init__()
            self.embedding = keras.layers.Embedding(6, 2)

        def call(self, inputs):
            return self.embedding(inputs)

    model = Reader()
    model(np.array([[1, 2, 5]]))
    inputs = sample_of(model).inputs
    assert "int64" == inputs.dtype.name
    assert inputs.max() < 6


def test_a_subclassed_model_with_words_is_fed_words():
    class Reader(keras.Model):
        def __init__(self):
            super().__init__()
            self.lookup = keras.layers.StringLookup(vocabulary=["red", "green"])
            self.embedding = keras.layers.Embedding(3, 2)

        def call(self, inputs):
            return self.embedding(self.lookup(inputs))

    model = Reader()
    model(tf.constant([["red"]]))
    assert sample_of(model).inputs.dtype == object


def test_a_deep_convolution_gets_a_large_enough_image():
    layers = [keras.Input((None, None, 1)), *(keras.layers.Conv2D(1, 3, strides=2) for _ in range(4))]
    assert sample_of(keras.Sequential([*layers, keras.layers.GlobalMaxPooling2D()])).inputs.shape[1] >= 31


@pytest.mark.parametrize("given", [None, zoo.rows(3, 4)])
def test_a_model_that_is_not_built_stays_so_and_has_no_sample(given):
    model = keras.Sequential([keras.layers.Dense(2)])
    sample = sample_of(model, given)
    assert (None, UnbuiltModelError) == (sample.inputs, type(sample.missing))
    assert not model.built


def test_a_model_of_which_a_layer_is_not_built_has_no_sample():
    class Late(keras.Model):
        def __init__(self):
            super().__init__()
            self.body, self.head = keras.layers.Dense(2), keras.layers.Dense(2)
            self.is_headed = False

        def build(self, shape):
            self.body.build(shape)

        def call(self, inputs):
            return self.head(self.body(inputs)) if self.is_headed else self.body(inputs)

    model = Late()
    model(zoo.rows(3, 4))
    model.is_headed = True
    assert "has layers without weights" in sample_of(model, zoo.rows(3, 4)).missing.message


def test_a_sample_that_does_not_fit_is_refused_with_its_shape():
    with pytest.raises(SampleError, match=r"float32 \[3, 7\]"):
        sample_of(zoo.sequential(), zoo.rows(3, 7))


@pytest.mark.parametrize(
    "given",
    [
        zoo.rows(3, 4),
        zoo.rows(3, 4).astype("float64"),
        tf.constant(zoo.rows(3, 4)),
        zoo.rows(3, 4).tolist(),
        pd.DataFrame(zoo.rows(3, 4), columns=list("abcd")),
        tf.data.Dataset.from_tensor_slices((zoo.rows(6, 4), zoo.rows(6, 2))).batch(3),
    ],
    ids=["array", "float64", "tensor", "list", "frame", "dataset"],
)
def test_the_user_may_pass_many_kinds_of_values(given):
    inputs = sample_of(zoo.sequential(), given).inputs
    assert ((3, 4), "float32") == (inputs.shape, inputs.dtype.name)


def test_a_frames_columns_go_to_the_inputs_of_their_names():
    frame = pd.DataFrame({"number": [1.0, 2.0], "colour": ["red", "blue"], "unused": [0, 0]})
    model = keras.Model(
        {
            "number": (number := keras.Input((1,), name="number")),
            "colour": (colour := keras.Input((1,), dtype="string", name="colour")),
        },
        [keras.layers.Dense(1)(number), keras.layers.StringLookup(vocabulary=["red"])(colour)],
    )
    inputs = sample_of(model, frame).inputs
    assert {"number": (2, 1), "colour": (2, 1)} == {name: item.shape for name, item in inputs.items()}


def test_only_some_rows_of_a_large_sample_are_used():
    assert MOST_ROWS == len(sample_of(zoo.sequential(), zoo.rows(1000, 4)).inputs)


def test_a_model_that_is_random_by_a_tracked_seed_runs_with_a_fixed_one():
    model = keras.Sequential([keras.Input((3,)), zoo.Sampling()])
    sample = sample_of(model)
    assert (False, True) == (sample.is_random, sample.is_seeded)


def test_the_seeds_of_a_random_model_are_restored():
    model = keras.Sequential([keras.Input((3,)), zoo.Sampling()])
    before = model.layers[0].seeds.state.numpy()
    sample_of(model)
    assert np.array_equal(before, model.layers[0].seeds.state.numpy())


def test_a_model_that_is_random_by_the_global_seed_runs_with_a_fixed_one():
    sample = sample_of(keras.Sequential([keras.Input((3,)), zoo.Noise()]))
    assert (False, True) == (sample.is_random, sample.is_seeded)


def test_a_model_that_differs_from_itself_with_any_seed_is_marked_random():
    class Counting(keras.layers.Layer):
        count = 0

        def call(self, inputs):
            Counting.count += 1
            return inputs + float(Counting.count)

    assert sample_of(keras.Sequential([keras.Input((3,)), Counting()])).is_random


def test_stateful_layers_have_their_state_restored():
    layers = [keras.Input(batch_shape=(4, 5, 3)), keras.layers.LSTM(2, stateful=True)]
    model = keras.Sequential(layers)
    model.predict(zoo.rows(4, 5, 3), verbose=0)
    before = [variable.numpy() for variable in model.variables]
    sample_of(model)
    assert all(np.array_equal(one, other.numpy()) for one, other in zip(before, model.variables, strict=True))


class Unread:
    """Something with a shape, whose values cannot be read."""

    shape = (2, 4)

    def __array__(self, *_, **__):
        raise KeyError("closed")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (lambda: keras.Input((4,)), "symbolic"),
        (lambda: {"rows": [keras.Input((4,))]}, "symbolic"),
        (Unread, "of class Unread, has no values that could be read"),
        (lambda: tf.data.Dataset.range(0), "has no values that could be read"),
    ],
)
def test_a_sample_without_values_is_refused_as_one(given, said):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    with pytest.raises(SampleError, match=said):
        take_sample(model, given(), run_keras)


def built(layer, *shape):
    layer.build((None, *shape))
    return layer


def test_a_chain_of_built_layers_has_the_inputs_of_its_first():
    model = keras.Sequential([built(keras.layers.Dense(3), 4), built(keras.layers.Dense(2), 3)])
    sample = sample_of(model)
    assert ((4, 4), (4, 2), False) == (sample.inputs.shape, sample.outputs.shape, model.built)


def test_a_chain_with_a_layer_that_is_not_built_has_no_known_inputs():
    """A pass would make random weights, which another process makes differently."""
    model = keras.Sequential([built(keras.layers.Dense(3), 4), keras.layers.Dense(2)])
    assert sample_of(model).missing
