"""A layer that came back without weights is named; one that never had any is not."""

from __future__ import annotations

import warnings

import keras
import pytest

from colab_save.model.repairing import unbuilt
from colab_save.model.walking import walk_variables
from tests import zoo

with warnings.catch_warnings(action="ignore"):  # it imports what TensorFlow has deprecated
    import tf_keras

pytestmark = [
    pytest.mark.tensorflow,
    pytest.mark.parametrize("dialect", [keras, tf_keras], ids=["keras", "tf_keras"]),
]


def partly_called(dialect):
    """A model with a layer that its call reaches, and others that it does not."""

    class Partly(dialect.Model):
        def __init__(self):
            super().__init__()
            self.reached, self.dense = dialect.layers.Dense(2), dialect.layers.Dense(2)
            self.lookup = dialect.layers.StringLookup(vocabulary=["a", "b"])
            self.flat, self.hashed = dialect.layers.Flatten(), dialect.layers.Hashing(3)

        def call(self, inputs):
            return self.reached(inputs)

    model = Partly()
    with warnings.catch_warnings(action="ignore"):  # Keras 3 sees that the call does not reach all
        model(zoo.rows(2, 3))
    return model


def with_text(dialect):
    vectorize = dialect.layers.TextVectorization(output_sequence_length=4)
    vectorize.adapt(["the cat sat"])
    given = dialect.layers.Input((1,), dtype="string")
    return dialect.Model(given, dialect.layers.Embedding(5, 2)(vectorize(given)))


def test_a_layer_that_makes_weights_is_named_where_nothing_was_recorded(dialect):
    assert ["dense"] == unbuilt(partly_called(dialect), None)


def test_a_layer_is_named_whose_weights_were_recorded(dialect):
    assert ["dense"] == unbuilt(partly_called(dialect), ["reached/kernel", "dense/kernel"])


def test_a_layer_that_had_no_weights_when_it_was_saved_is_not_named(dialect):
    model = partly_called(dialect)
    assert [] == unbuilt(model, [path for path, _ in walk_variables(model)])


def test_the_lookup_of_a_text_layer_is_not_named(dialect):
    model = with_text(dialect)
    assert [] == unbuilt(model, None) + unbuilt(model, [path for path, _ in walk_variables(model)])
