"""Live models and variables that custom code uses are rebuilt from a file beside it, or told with the reason."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from colab_save.artifact.layout import CUSTOM_CODE
from colab_save.custom_code.growing import Supply
from colab_save.custom_code.running import load_custom_code
from tests import zoo

pytestmark = pytest.mark.tensorflow


class Cube(keras.layers.Layer):
    """A layer of the user's own, in a model that a loss uses."""

    def call(self, inputs):
        return inputs**3


FEATURES = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), Cube()])
FEATURES.trainable = False
WEIGHT = tf.Variable(2.0, trainable=False)
HALF = tf.Variable(np.ones(300), dtype="bfloat16")
SCALE = keras.Variable(np.full(2, 3.0, "float32"))
NET = zoo.Classifier()
TEXTS = tf.Variable(["a", "b"])


def perceptual(y, p):
    return WEIGHT * tf.reduce_mean((FEATURES(y) - FEATURES(p)) ** 2)


def halved(y, p):
    return tf.reduce_mean(y - p) * tf.cast(HALF[0], "float32") * SCALE[0]


def with_net(y, p):
    return NET(y) - NET(p)


def with_texts(y, p):
    return tf.reduce_mean(y - p) * tf.cast(tf.size(TEXTS), "float32")


def made(model):
    def loss(y, p):
        return tf.reduce_mean(model(y) - model(p))

    return loss


def rebuilt(supply, folder):
    """The custom objects as another runtime has them."""
    supply.code.write(folder)
    return load_custom_code(folder / CUSTOM_CODE, "weighty_code_of_a_test")


Y, P = zoo.rows(2, 4), zoo.rows(2, 4, seed=1)


@pytest.mark.parametrize("loss", [perceptual, halved, made(FEATURES)], ids=["global", "small", "closure"])
def test_a_loss_gives_the_same_in_another_runtime(loss, tmp_path):
    supply = Supply([loss])
    assert () == supply.reasons
    np.testing.assert_array_equal(loss(Y, P), rebuilt(supply, tmp_path)[loss.__name__](Y, P))


def test_what_trains_and_what_does_not_stays_so(tmp_path):
    found = rebuilt(Supply([perceptual, halved]), tmp_path)["perceptual"].__globals__
    assert [False, True, True] == [found[name].trainable for name in ("WEIGHT", "HALF", "SCALE")]
    assert [[], "bfloat16"] == [found["FEATURES"].trainable_weights, found["HALF"].dtype.name]


def test_a_model_that_two_losses_use_is_one_there(tmp_path):
    found = rebuilt(Supply([perceptual, made(FEATURES)]), tmp_path)
    inner = found["loss"].__closure__[0].cell_contents
    assert inner is found["perceptual"].__globals__["FEATURES"]


@pytest.mark.parametrize(
    ("loss", "reason"),
    [(with_net, "NET (used by with_net) is a live tests.zoo.Classifier"), (with_texts, "holds texts")],
)
def test_what_cannot_be_rebuilt_is_told(loss, reason):
    assert reason in "\n".join(Supply([loss]).reasons)


def test_no_copy_is_made_of_what_is_saved():
    saved = frozenset(map(id, FEATURES.variables))
    assert "is part of the model that is saved" in "\n".join(Supply([perceptual], saved=saved).reasons)
