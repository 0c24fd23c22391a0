"""Trainable means that a step was taken: what trains in the notebook trains in a fresh process, and a loss is told."""

from __future__ import annotations

import os

import keras
import pytest
import tensorflow as tf

from colab_save.artifact.round_trip import Aspect, Outcome
from colab_save.errors import RoundTripError
from colab_save.loading.pipeline import load
from colab_save.request.request import LoadRequest, SaveRequest
from colab_save.sampling.stepping import live_loss
from colab_save.saving.pipeline import save
from tests import zoo

pytestmark = pytest.mark.tensorflow


def verdict(model, **fields):
    [trip] = save(SaveRequest(model, "cats", formats="keras", **fields)).manifest.round_trips
    return trip.verdicts.get(Aspect.STEP)


def layers(*others, shape=(4,), **arguments):
    model = keras.Sequential([keras.Input(shape), *others])
    model.compile(**{"optimizer": "adam", **arguments})
    return model


def dense(units, **named):
    return keras.layers.Dense(units, **named)


def classifier():
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return layers(dense(3), loss=loss, metrics=["accuracy"])


def one_hot():
    return layers(dense(3, activation="softmax"), loss="categorical_crossentropy", metrics=["accuracy"])


def binary():
    return layers(dense(1, activation="sigmoid"), loss="binary_crossentropy", metrics=[keras.metrics.AUC()])


def regression():
    return layers(dense(1), loss=keras.losses.Huber(), metrics=["mae"])


def sequences():
    recurrent = keras.layers.GRU(4, return_sequences=True)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return layers(keras.layers.Embedding(9, 3), recurrent, dense(9), shape=(5,), loss=loss)


def texts():
    vectorize = keras.layers.TextVectorization(output_sequence_length=4)
    vectorize.adapt(["the cat sat", "a dog ran"])
    inputs = keras.Input((1,), dtype="string")
    words = keras.layers.Embedding(vectorize.vocabulary_size(), 3)(vectorize(inputs))
    model = keras.Model(inputs, dense(1)(keras.layers.GlobalAveragePooling1D()(words)))
    model.compile("adam", "mse")
    return model


def named_outputs():
    inputs = keras.Input((4,))
    kind, age = dense(3, activation="softmax", name="kind")(inputs), dense(1, name="age")(inputs)
    model = keras.Model(inputs, {"kind": kind, "age": age})
    losses = {"kind": "sparse_categorical_crossentropy", "age": "mse"}
    model.compile("adam", losses, loss_weights={"kind": 1.0, "age": 0.5})
    return model


def stateful():
    inputs = keras.Input((5, 3), batch_size=2)
    model = keras.Model(inputs, dense(1)(keras.layers.LSTM(2, stateful=True)(inputs)))
    model.compile("sgd", "mse")
    return model


class Adding(keras.layers.Layer):
    """A layer with a loss of its own, as the bottleneck of a VAE has one."""

    def call(self, inputs):
        self.add_loss(keras.ops.mean(inputs**2))
        return inputs


def adding():
    return layers(dense(2), Adding(), dense(4))


class Step(keras.Model):
    """A model with a step of its own."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.body = dense(2)

    def call(self, inputs):
        return self.body(inputs)

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = keras.ops.mean((self(x, training=True) - y) ** 2)
        gradients = tape.gradient(loss, self.trainable_weights)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_weights, strict=True))
        return {"loss": loss}


class Still(Step):
    """A step that moves nothing."""

    def train_step(self, data):
        return {"loss": keras.ops.mean(self(data[0])) ** 2}


def stepping(kind=Step):
    model = kind()
    model(zoo.rows(8, 4))
    model.compile("sgd", "mse")
    return model


FAMILIES = [classifier, one_hot, binary, regression, sequences, texts, named_outputs, stateful, adding]


@pytest.mark.parametrize("make", [*FAMILIES, zoo.list_of_inputs, zoo.mixed_precision, zoo.recurrent])
def test_a_step_is_taken_in_a_fresh_process(make):
    assert (Outcome.PASSED, "") == ((found := verdict(make())).outcome, found.reason)


def test_a_step_of_ones_own_runs_and_its_loss_is_not_compared():
    found = verdict(stepping())
    assert (Outcome.PASSED, True) == (found.outcome, "its loss is not compared" in found.reason)


def test_a_step_that_moves_nothing_is_never_passed():
    found = verdict(stepping(Still))
    assert (Outcome.SKIPPED, True) == (found.outcome, "moves no variable" in found.reason)


def test_what_cannot_be_tried_is_skipped_with_the_reason():
    frozen = layers(dense(2), loss="mse")
    frozen.trainable = False
    found = verdict(frozen)
    assert (Outcome.SKIPPED, "the model has no variable that it trains") == (found.outcome, found.reason)


def test_a_model_that_is_not_compiled_has_no_such_aspect():
    report = save(SaveRequest(zoo.untrained(), "cats", formats=["keras", "saved_model"]))
    assert [False, False] == [Aspect.STEP in trip.verdicts for trip in report.manifest.round_trips]
    assert "step" not in str(report)


def test_a_format_without_training_does_not_hold_it():
    [trip] = save(SaveRequest(zoo.sequential(), "cats", formats="saved_model")).manifest.round_trips
    assert Outcome.NOT_HELD is trip.verdicts[Aspect.STEP].outcome


def test_a_model_that_took_no_step_trains_when_its_h5_file_is_loaded():
    [trip] = save(SaveRequest(zoo.compiled_untrained(), "cats", formats="h5")).manifest.round_trips
    assert Outcome.PASSED is trip.verdicts[Aspect.STEP].outcome
    model = load(LoadRequest("cats")).model
    zoo.fitted(model, zoo.rows(8, 4), zoo.rows(8, 2))
    assert 1 == int(model.optimizer.iterations)


def test_a_load_does_not_repeat_it():
    save(SaveRequest(zoo.sequential(), "cats"))
    report = load(LoadRequest("cats"))
    assert report.is_proven
    assert Aspect.STEP not in report.round_trip.verdicts


IN_A_FILE = "colab_save_custom_code"
"""The name of the module that captured code runs in."""


class Branch(keras.layers.Layer):
    """A layer that trains in the notebook only."""

    def call(self, inputs, training=False):
        if training and IN_A_FILE in __name__:
            raise RuntimeError("no training here")
        return inputs


def scaled(y, p):
    return keras.ops.mean((y - p) ** 2) * (1.001 if IN_A_FILE in __name__ else 1.0)


def cut(y, p):
    return keras.ops.mean((y - (keras.ops.stop_gradient(p) if IN_A_FILE in __name__ else p)) ** 2)


class Half(keras.layers.Dense):
    """A layer whose kernel no gradient reaches in the next runtime."""

    def call(self, inputs):
        kernel = keras.ops.stop_gradient(self.kernel) if IN_A_FILE in __name__ else self.kernel
        return keras.ops.matmul(inputs, kernel) + self.bias


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: layers(dense(2), loss=scaled), "the loss is"),
        (lambda: layers(dense(3), Half(2), loss="mse"), "no gradient reaches half/kernel"),
        (lambda: layers(dense(2), loss=cut), "No gradients provided"),
    ],
    ids=["a loss of a thousandth more", "a kernel without a gradient", "no gradient"],
)
def test_a_true_loss_fails(make, reason):
    with pytest.raises(RoundTripError, match=f"step: .*{reason}"):
        save(SaveRequest(make(), "cats", formats="keras"))


def once(y, p):
    if IN_A_FILE not in __name__:
        os.environ.pop("ROWS_LEFT")
    return scaled(y, p)


def test_a_loss_that_runs_only_once_in_the_notebook_is_compared_with_what_it_gave(monkeypatch):
    monkeypatch.setenv("ROWS_LEFT", "1")
    with pytest.raises(RoundTripError, match=r"step: .*the loss is"):
        save(SaveRequest(layers(dense(2), loss=once), "cats", formats="keras"))


def test_a_branch_that_raises_when_it_trains_fails():
    with pytest.raises(RoundTripError, match="step: a training step raises an error in a fresh process: RuntimeError"):
        save(SaveRequest(layers(dense(2), Branch(), loss="mse"), "cats", formats="keras"))


class Lossy(Step):
    """A step that needs what does not come back."""

    def train_step(self, data):
        if IN_A_FILE in __name__:
            self.lacking(data)
        return super().train_step(data)

    def lacking(self, data):
        return self.temperature


class OfOthers(Lossy):
    """A step whose optimizer was built for other variables."""

    def lacking(self, data):
        self.optimizer = keras.optimizers.SGD()
        self.optimizer.build([])


class Unfit(Lossy):
    """A step that takes other data than anyone would make."""

    def lacking(self, data):
        return data.images


@pytest.mark.parametrize(("kind", "reason"), [(Lossy, "no attribute 'temperature'"), (OfOthers, "Unknown variable")])
def test_a_step_that_lacks_something_of_the_model_fails_also_with_made_data(kind, reason):
    with pytest.raises(RoundTripError, match=f"step: .*{reason}"):
        save(SaveRequest(stepping(kind), "cats", formats="keras"))


def test_a_step_that_does_not_take_the_data_is_skipped():
    assert Outcome.SKIPPED is verdict(stepping(Unfit)).outcome


FEATURES = keras.Sequential([keras.Input((4,)), dense(3)])
WEIGHT = tf.Variable(2.0)


def perceptual(y, p):
    return WEIGHT * tf.reduce_mean((FEATURES(y) - FEATURES(p)) ** 2)


def decayed(y, p):
    return tf.reduce_mean((y - p) ** 2) + tf.reduce_sum(SELF.layers[0].kernel ** 2)


SELF = layers(dense(4), loss=decayed)


def test_a_loss_that_uses_a_live_model_and_a_variable_trains_in_the_next_runtime():
    model = layers(dense(4), loss=perceptual)
    x = zoo.rows(4, 4)
    assert Outcome.PASSED is verdict(model).outcome
    assert model.evaluate(x, x, verbose=0) == pytest.approx(load(LoadRequest("cats")).model.evaluate(x, x, verbose=0))


def test_a_loss_that_uses_the_saved_model_by_its_name_gets_no_stale_copy_of_it():
    with pytest.raises(RoundTripError, match=r"step: SELF \(used by decayed\) is part of the model that is saved"):
        save(SaveRequest(SELF, "cats", formats="keras"))


COUNTER = tf.Variable(0.0)


def error(y, p):
    return tf.reduce_mean((y - p) ** 2)


def counting(y, p):
    COUNTER.assign_add(1.0)
    return error(y, p)


def counting_inside(y, p):
    return sum(error(y, p) for _ in range(2) if COUNTER.assign_add(1.0) is not None)


class Counting(keras.Model):
    """A model that counts its calls when it trains."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.body = dense(2)

    def call(self, inputs, training=False):
        if training:
            COUNTER.assign_add(1.0)
        return self.body(inputs)


def by_loss():
    return layers(dense(2), loss=counting)


def by_generator_expression():
    return layers(dense(2), loss=counting_inside)


def by_metric():
    return layers(dense(2), loss="mse", metrics=[counting])


def by_call():
    return stepping(Counting)


@pytest.mark.parametrize("make", [by_loss, by_generator_expression, by_metric, by_call])
def test_a_step_leaves_what_it_uses_as_it_was(make):
    model = make()
    COUNTER.assign(0.0)
    live_loss(model, (zoo.rows(2, 4), zoo.rows(2, 2)))
    assert 0.0 == float(COUNTER)


def test_a_loss_leaves_what_it_uses_as_it_was():
    counter = tf.Variable(0.0)

    def counting(y, p):
        counter.assign_add(1.0)
        return tf.reduce_mean((y - p) ** 2)

    save(SaveRequest(layers(dense(2), loss=counting), "cats", formats="keras"))
    assert 0.0 == float(counter)
