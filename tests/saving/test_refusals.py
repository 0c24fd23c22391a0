"""What users read when a real save fails: the reason, where two values differ, and a hint that can help."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from colab_save.errors import ColabSaveError
from colab_save.frontends.languages import MAGIC
from colab_save.request.request import SaveRequest
from colab_save.saving.pipeline import save
from tests import zoo

pytestmark = pytest.mark.tensorflow


def refused(model, **fields):
    """The lines of the error and those of the hint."""
    with pytest.raises(ColabSaveError) as caught:
        save(SaveRequest(model, "cats", **fields))
    caught.value.language = MAGIC
    return caught.value.message.splitlines(), caught.value.hint.splitlines()


def around(*layers):
    return keras.Sequential([keras.Input((4,)), *layers, keras.layers.Dense(2, name="head")])


class Words(keras.layers.Layer):
    """Another process finds another word in the middle."""

    def __init__(self, words, **kwargs):
        super().__init__(**kwargs)
        self.words = words

    def __setattr__(self, name, value):
        if name == "words" and zoo.elsewhere():
            other = ["changed"] if isinstance(value, list) else "changed"
            value = value[:2000] + other + value[2000 + len(other) :]
        super().__setattr__(name, value)

    def call(self, inputs):
        return inputs

    def get_config(self):
        return {**super().get_config(), "words": self.words}


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ([f"w{number}" for number in range(5000)], ".words[2000]: expected 'w2000', got 'changed'"),
        ("the quick fox " * 400, ".words from character 2000 on: expected …'fox the quick fox the quick fox the "),
    ],
)
def test_where_a_long_argument_differs_is_shown(words, line):
    reasons, hint = refused(around(Words(words, name="look")), formats="keras")
    assert f"keras: structure: look{line}" == reasons[1][: len(f"keras: structure: look{line}")]
    assert hint[0].startswith("Return the argument from get_config()")


class Picky(keras.layers.Layer):
    """Cannot be made in the fresh process, and says so with an array."""

    def __new__(cls, *arguments, **named):
        if zoo.elsewhere():
            raise ValueError(f"no such picture: {np.zeros((30, 30))!r}\nMake it in the notebook.")
        return super().__new__(cls, *arguments, **named)

    def call(self, inputs):
        return inputs


def test_an_array_in_an_error_of_the_model_is_shown_by_its_shape():
    reasons, _ = refused({"one": around(Picky()), "two": around(Picky())}, formats="keras")
    why = "ValueError: no such picture: an array of shape [30, 30] Make it in the notebook."
    assert [
        "The model does not come back; nothing was published.",
        f"one keras, two keras: In a fresh process: Keras could not open model.keras ({why}).",
    ] == reasons


class Forgetful(keras.layers.Layer):
    """Writes zeros for its weight."""

    def build(self, shape):
        self.kernel = self.add_weight(shape=shape[1:], initializer="ones", name="kernel")

    def call(self, inputs):
        return inputs * self.kernel

    def save_own_variables(self, store):
        store["0"] = np.zeros(4, "float32")


def test_of_very_many_weights_the_first_are_named_and_the_others_counted():
    reasons, hint = refused(around(*(Forgetful(name=f"of_{number}") for number in range(30))), formats="keras")
    assert ["keras: weights: of_0/kernel", "    of_1/kernel", "    of_10/kernel"] == [
        line.partition(": expected")[0] for line in reasons[1:4]
    ]
    assert ("    and 27 more", "  outputs: the first layer whose output differs is of_0") == tuple(reasons[4:6])
    assert hint[0].startswith("Create every layer in __init__ or build()")


def test_an_object_that_no_format_can_write_is_told_why_by_each_of_them():
    reasons, hint = refused(tf.Module())
    formats = [line.partition(" cannot write this model: ")[0] for line in reasons]
    assert ["keras", "saved_model", "checkpoint"] == formats
    assert ["Save what holds the weights: a Keras model, or an object with a method that is a tf.function."] == hint


def test_a_format_that_can_write_it_is_recommended_where_another_cannot():
    model = type("Net", (keras.Model,), {"call": lambda self, inputs: inputs})()
    _, hint = refused(model, formats=("keras", "h5"))
    assert "Leave --format out. Or choose --format keras for any Keras model." in hint[0]
