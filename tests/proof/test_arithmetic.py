"""Rounding is no loss, and a loss is no rounding: a GPU's TensorFloat-32, emulated, and models that amplify."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.ops import gen_math_ops, gen_nn_ops

from colab_save.artifact.round_trip import Aspect, Outcome
from colab_save.errors import ColabSaveError
from colab_save.loading.pipeline import load
from colab_save.reports.report import LoadReport
from colab_save.request.request import LoadRequest, SaveRequest
from colab_save.saving.pipeline import save
from tests import zoo

pytestmark = pytest.mark.tensorflow

MULTIPLYING = [(gen_math_ops, "mat_mul"), (gen_math_ops, "batch_mat_mul_v2"), (gen_math_ops, "batch_mat_mul_v3")]
CONVOLVING = [(gen_nn_ops, "conv2d")]


def rounded(tensor, bits):
    """Return a float32 tensor with so many bits of mantissa."""
    whole = tf.bitcast(tensor, tf.int32)
    cut = tf.bitcast(tf.bitwise.bitwise_and(whole, tf.constant(-(1 << (23 - bits)), tf.int32)), tf.float32)
    return tensor + tf.stop_gradient(cut - tensor)


def rounding(function, is_on, bits):
    """Return a function of TensorFlow that rounds its operands, in this process alone."""

    def wrapper(*inputs, **named):
        def operand(item):
            return rounded(item, bits) if getattr(item, "dtype", None) == tf.float32 and is_on() else item

        return function(*map(operand, inputs), **{name: operand(item) for name, item in named.items()})

    return wrapper


@pytest.fixture
def gpu(monkeypatch):
    """Have this process multiply and convolve as a GPU does whose TensorFloat-32 is enabled."""

    def make(is_on=tf.config.experimental.tensor_float_32_execution_enabled, bits=10):
        for module, name in (*MULTIPLYING, *CONVOLVING):
            monkeypatch.setattr(module, name, rounding(getattr(module, name), is_on, bits))

    return make


def verdict(report, aspect=Aspect.OUTPUTS):
    trip = report.round_trip if isinstance(report, LoadReport) else report.manifest.round_trips[0]
    return trip.verdicts[aspect]


@pytest.mark.parametrize("make", [*zoo.MODELS.values(), zoo.subclassed], ids=lambda make: make.__name__)
def test_a_model_saved_on_such_a_gpu_passes_as_it_does_without(make, gpu):
    gpu()
    report = save(SaveRequest(make(), "cats"))
    assert ("keras", Outcome.PASSED) == (report.manifest.payloads[0].format, verdict(report).outcome)
    assert tf.config.experimental.tensor_float_32_execution_enabled()


def test_such_a_gpu_would_make_the_proof_fail_if_answers_were_taken_with_it(gpu):
    gpu(is_on=lambda: True)
    layers = [keras.layers.Dense(64, activation="relu") for _ in range(3)]
    with pytest.raises(ColabSaveError, match="values of output differ"):
        save(SaveRequest(keras.Sequential([keras.Input((16,)), *layers]), "cats", formats=("keras",)))


def test_a_loaded_model_is_compared_without_it_too(gpu):
    save(SaveRequest(zoo.nested(), "cats"))
    gpu()
    assert Outcome.PASSED is verdict(load(LoadRequest("cats"))).outcome


class Amplify(keras.layers.Layer):
    """Turn a difference into one a thousand times as large."""

    def call(self, inputs):
        return keras.ops.sin(inputs * 1000)


def amplifying():
    return keras.Sequential([keras.Input((8,)), keras.layers.Dense(16), Amplify()])


def test_what_a_model_makes_of_the_last_bits_is_rounding_and_its_size_is_told(gpu):
    gpu(is_on=lambda: True, bits=19)
    report = save(SaveRequest(amplifying(), "cats"))
    assert ("keras", Outcome.PASSED) == (report.manifest.payloads[0].format, verdict(report).outcome)
    assert "which is rounding" in verdict(report).reason


class Constant(keras.layers.Layer):
    """A layer whose code has another constant in the next session: a thousandth of one weight's effect."""

    def call(self, inputs):
        return inputs * (1.001 if "colab_save_custom_code" in __name__ else 1.0)


def test_a_thousandth_of_a_constant_is_no_rounding():
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(16), Constant(), keras.layers.Dense(2)])
    with pytest.raises(ColabSaveError, match="values of output differ"):
        save(SaveRequest(model, "cats", formats=("keras",)))


class Chaotic(keras.layers.Layer):
    """Turn one part in a million into anything, in training mode."""

    def call(self, inputs, training=False):
        return keras.ops.sin(inputs * 1e8) if training else inputs


def test_a_pass_that_decides_nothing_is_no_failure(gpu):
    gpu(is_on=lambda: True, bits=22)
    report = save(SaveRequest(keras.Sequential([keras.Input((8,)), keras.layers.Dense(4), Chaotic()]), "cats"))
    assert ("keras", Outcome.PASSED) == (report.manifest.payloads[0].format, verdict(report).outcome)
    assert "training=True: differs by up to" in verdict(report).reason


def test_the_random_generator_of_a_layer_is_no_failure_where_it_starts_anew():
    class Drop(keras.layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.makers = {"one": keras.random.SeedGenerator(int(np.random.default_rng().integers(1 << 20)))}

        def call(self, inputs, training=False):
            return keras.random.dropout(inputs, 0.5, seed=self.makers["one"]) if training else inputs

    model = keras.Sequential([keras.Input((8,)), Drop(), keras.layers.Dense(2)])
    report = save(SaveRequest(zoo.trained(model, zoo.rows(4, 8), zoo.rows(4, 2)), "cats"))
    assert ("keras", Outcome.PASSED) == (report.manifest.payloads[0].format, verdict(report).outcome)


class Drawing(keras.layers.Layer):
    """Random at inference, by a seed of the operation."""

    def call(self, inputs):
        return inputs + tf.random.normal(tf.shape(inputs), seed=5)


class Baked(keras.layers.Layer):
    """It adds numbers that NumPy draws while the program is traced."""

    def call(self, inputs):
        return inputs + np.random.default_rng().normal(size=4).astype("float32")


def saved_as_a_program(layer):
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4), layer])
    return save(SaveRequest(model, "cats", formats=("saved_model",)))


def test_a_program_that_draws_from_a_seed_of_an_operation_is_compared_in_shape():
    found = verdict(saved_as_a_program(Drawing()))
    assert (Outcome.PASSED, "random in this format: only shapes and dtypes could be compared") == (
        found.outcome,
        found.reason,
    )


def test_numbers_that_were_drawn_when_a_program_was_traced_are_told_as_random_outputs():
    """The live model draws others each time, so that no number can be compared."""
    assert "random at inference" in verdict(saved_as_a_program(Baked())).reason


def test_a_program_with_another_constant_fails():
    class Traced(keras.layers.Layer):
        def call(self, inputs):
            return inputs * (1.0 if tf.executing_eagerly() else 1.01)

    with pytest.raises(ColabSaveError, match="values of output differ"):
        saved_as_a_program(Traced())
