"""Optimizers whose state Keras does not write or load come back: legacy ones, several, of weights that are gone."""

from __future__ import annotations

import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
import tf_keras

from colab_save.artifact.layout import STATE
from colab_save.loading.pipeline import load
from colab_save.model.compiling import rebuild_optimizers, stand_ins
from colab_save.model.examining import examine
from colab_save.model.state_file import restore_state, walk_optimizers, write_state
from colab_save.proof.comparing import compare_training
from colab_save.request.request import LoadRequest, SaveRequest
from colab_save.saving.pipeline import save
from tests.saving.continuing import FOUR, Continued, ContractOfContinuing, train

pytestmark = pytest.mark.tensorflow

LEGACY = tf_keras.optimizers.legacy


def layers(of, **given):
    return [of.layers.Input((4,)), of.layers.Dense(3, name="d", **given), of.layers.Dense(2, **given)]


def compiled(optimizer, of=keras, **given):
    model = of.Sequential(layers(of, **given))
    model.compile(optimizer, "mse")
    return model


def quantised(mode):
    """A trained model whose layers are quantised: their kernels are others now."""
    model = compiled("adam")
    train(model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an input layer cannot be quantised
        model.quantize(mode)
    return model


def without_its_head():
    model = compiled("adam")
    train(model)
    model.pop()
    model.add(keras.layers.Dense(2))
    model.build((None, 4))
    return model


def in_float64():
    keras.config.set_dtype_policy("float64")
    keras.config.set_floatx("float64")
    try:
        return compiled(keras.optimizers.Adam(0.1))
    finally:
        keras.config.set_floatx("float32")
        keras.config.set_dtype_policy("float32")


def of_several(of, optimizers):
    """A model with two parts, that are trained by optimizers of its own in a dict or list."""

    class Parts(of.Model):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.one, self.two = of.Sequential(layers(of)), of.Sequential(layers(of))

        def compile(self, optimizers):
            super().compile()
            self.optimizers = optimizers

        def call(self, inputs):
            return self.one(inputs) + self.two(inputs)

        def get_config(self):
            return {}

        def train_step(self, data):
            inputs, targets = data
            held = self.optimizers
            losses = {}
            for part, optimizer in zip(
                (self.one, self.two), held.values() if isinstance(held, dict) else held, strict=True
            ):
                with tf.GradientTape() as tape:
                    loss = tf.reduce_mean((self(inputs) - targets) ** 2)
                optimizer.apply_gradients(
                    zip(tape.gradient(loss, part.trainable_weights), part.trainable_weights, strict=True)
                )
                losses[f"loss_{len(losses)}"] = loss
            return losses

    model = Parts()
    model.compile(optimizers)
    model(FOUR)
    return model


class Gan(tf_keras.Model):
    """Its optimizers are legacy ones, in attributes."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.maker = tf_keras.Sequential(layers(tf_keras))
        self.judge = tf_keras.Sequential([tf_keras.layers.Input((2,)), tf_keras.layers.Dense(1)])

    def compile(self, d_optimizer, g_optimizer, loss_fn):
        super().compile()
        self.d_optimizer, self.g_optimizer, self.loss_fn = d_optimizer, g_optimizer, loss_fn

    def call(self, inputs):
        return self.maker(inputs)

    def get_config(self):
        return {}

    def train_step(self, data):
        inputs, real = data
        with tf.GradientTape(persistent=True) as tape:
            made = self.judge(self.maker(inputs))
            d_loss = self.loss_fn(tf.ones_like(made), made) + self.loss_fn(tf.zeros_like(made), self.judge(real))
            g_loss = self.loss_fn(tf.zeros_like(made), made)
        for loss, part, optimizer in (
            (d_loss, self.judge, self.d_optimizer),
            (g_loss, self.maker, self.g_optimizer),
        ):
            found = tape.gradient(loss, part.trainable_weights)
            optimizer.apply_gradients(zip(found, part.trainable_weights, strict=True))
        return {"d_loss": d_loss, "g_loss": g_loss}


def gan(kind):
    model = Gan()
    model.compile(kind(0.01), kind(0.02), tf_keras.losses.BinaryCrossentropy(from_logits=True))
    model(FOUR)
    return model


class Late(keras.Model):
    """It makes a layer at its first call."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense, self.late = keras.layers.Dense(2), None

    def call(self, inputs):
        if self.late is None:
            self.late = keras.layers.Dense(4)
        return self.dense(self.late(inputs))

    def get_config(self):
        return {}


def late():
    model = Late()
    model.compile("adam", "mse")
    return model


class Averaged(keras.Model):
    """It answers with the running average of what it trains."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.net, self.average = keras.Sequential(layers(keras)), keras.Sequential(layers(keras))
        self.average.trainable = False

    def call(self, inputs):
        return self.average(inputs)

    def get_config(self):
        return {}

    def train_step(self, data):
        inputs, targets = data
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((self.net(inputs) - targets) ** 2)
        found = self.net.trainable_weights
        self.optimizer.apply_gradients(zip(tape.gradient(loss, found), found, strict=True))
        for weight, average in zip(self.net.weights, self.average.weights, strict=True):
            average.assign(0.9 * average + 0.1 * weight)
        return {"loss": loss}


def averaged():
    model = Averaged()
    model.compile(keras.optimizers.Adam(0.1))
    model(FOUR)
    return model


def wide_and_deep():
    """A model of tf_keras with a list of optimizers."""
    deep = tf_keras.Sequential([tf_keras.layers.Dense(3), tf_keras.layers.Dense(2)])
    model = tf_keras.experimental.WideDeepModel(tf_keras.experimental.LinearModel(units=2), deep)
    model.compile([tf_keras.optimizers.SGD(0.1, momentum=0.5), "adam"], "mse")
    return model


KINDS = {
    "quantised after training": lambda: quantised("int8"),
    "quantised to int4 after training": lambda: quantised("int4"),
    "float64": in_float64,
    "a layer made at the first call": late,
    "a running average": averaged,
    "several in a list": lambda: of_several(keras, [keras.optimizers.Adam(0.1), keras.optimizers.SGD(0.1, 0.9)]),
    "several in a dict": lambda: of_several(keras, {"a": keras.optimizers.Adam(0.1), "b": keras.optimizers.Lion(0.1)}),
    "a scaled loss": lambda: compiled("adam", dtype="mixed_float16"),
    "a legacy optimizer": lambda: compiled(LEGACY.Adam(0.1), tf_keras),
    "a legacy optimizer with momentum": lambda: compiled(LEGACY.SGD(0.1, momentum=0.9), tf_keras),
    "a legacy optimizer without state": lambda: compiled(LEGACY.SGD(0.1), tf_keras),
    "a scaled loss in Keras 2": lambda: compiled(
        tf_keras.mixed_precision.LossScaleOptimizer(tf_keras.optimizers.Adam(0.1), initial_scale=64), tf_keras
    ),
    "a scaled loss of a legacy optimizer": lambda: compiled(
        tf_keras.mixed_precision.LossScaleOptimizer(LEGACY.Adam(0.1), initial_scale=64), tf_keras
    ),
    "several in a list in Keras 2": lambda: of_several(
        tf_keras, [tf_keras.optimizers.Adam(0.1), LEGACY.SGD(0.1, momentum=0.9)]
    ),
    "a GAN of Keras 2": lambda: gan(tf_keras.optimizers.Adam),
    "a GAN of legacy optimizers": lambda: gan(LEGACY.Adam),
    "a list of Keras 2": wide_and_deep,
}


@pytest.fixture(scope="module", params=KINDS)
def continued(request, tmp_path_factory):
    return Continued.after_two_steps(KINDS[request.param](), tmp_path_factory.mktemp("store"))


class TestStateOfOptimizers(ContractOfContinuing):
    """Each kind of them, trained two steps."""


def test_a_model_without_its_old_head_has_the_state_of_the_rest(tmp_path):
    model = without_its_head()  # Keras refuses to train what the optimizer does not know
    found = Continued.of(model, tmp_path)
    assert ({}, []) == (
        found.report.manifest.round_trips[0].failed,
        compare_training(found.before, examine(found.other)),
    )


@pytest.mark.parametrize("kind", ["a legacy optimizer", "a GAN of legacy optimizers", "a list of Keras 2"])
def test_a_lost_slot_is_a_difference(kind, tmp_path):
    """What is restored is compared with the manifest: restoring is no excuse."""
    model = KINDS[kind]()
    train(model)
    facts = examine(model)
    paths = [path for path, _ in walk_optimizers(model)]
    write_state(tmp_path, model, paths[:-1])
    for _, variable in walk_optimizers(model):
        variable.assign(tf.zeros_like(variable))
    restore_state(model, tmp_path / STATE)
    assert [paths[-1]] == [each.where for each in compare_training(facts, examine(model))]


def test_a_changed_slot_beside_a_gone_weight_is_a_difference(tmp_path):
    model = quantised("int8")
    save(SaveRequest(model, "cats", to=str(tmp_path)))
    other = load(LoadRequest("cats", source=str(tmp_path))).model
    path, variable = [*walk_optimizers(other)][-1]
    variable.assign(variable * 1.001)
    assert [path] == [each.where for each in compare_training(examine(model), examine(other))]


def test_a_weight_outside_the_model_is_not_taken_for_one_that_is_gone():
    """A train_step() of one's own may train it, and would train a stand-in."""

    class Own(keras.Sequential):
        def train_step(self, data):
            return super().train_step(data)

    model = Own(layers(keras))
    model.compile("adam", "mse")
    model.optimizer.build([*model.trainable_variables, keras.Variable([1.0, 2.0])])
    assert {} == examine(model).gone


def test_stand_ins_are_together_no_larger_than_the_payload():
    model = quantised("int8")
    gone = examine(model).gone
    assert [(4, 3), (3, 2)] == [each.shape for each in gone.values()]
    assert [0, 1, 2] == [len(stand_ins(model, gone, most)) for most in (11, 12, 18)]


def test_an_optimizer_that_is_as_it_was_is_left_alone():
    model = compiled("adam")
    train(model)
    named = {"d/kernel": model.layers[0].kernel, "d/bias": model.layers[0].bias}
    named |= {"e/kernel": model.layers[1].kernel, "e/bias": model.layers[1].bias}
    before = [np.asarray(each) for each in model.optimizer.variables]
    assert [] == rebuild_optimizers(model, {"optimizer": tuple(named)}, {}, named)
    assert all(map(np.array_equal, before, model.optimizer.variables))
