"""No save is refused for want of a sample: what can be proven without one is, and a true loss still fails."""

from __future__ import annotations

from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf

from colab_save.artifact.round_trip import Aspect, Outcome
from colab_save.errors import FormatError, RoundTripError, SampleError
from colab_save.loading.pipeline import load
from colab_save.request.request import LoadRequest, SaveRequest
from colab_save.saving.pipeline import save
from tests import zoo

pytestmark = pytest.mark.tensorflow


class Pair(keras.Model):
    """A model as Keras's VAE and GAN examples have it: two parts, a train_step, and no call()."""

    def __init__(self, encoder, decoder, **kwargs):
        super().__init__(**kwargs)
        self.encoder, self.decoder = encoder, decoder
        self.tracker = keras.metrics.Mean(name="loss")

    @property
    def metrics(self):
        return [self.tracker]

    def train_step(self, data):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((data - self.decoder(self.encoder(data))) ** 2)
        gradients = tape.gradient(loss, self.trainable_weights)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_weights, strict=True))
        self.tracker.update_state(loss)
        return {"loss": self.tracker.result()}

    def get_config(self):
        return {**super().get_config(), "encoder": self.encoder, "decoder": self.decoder}

    @classmethod
    def from_config(cls, config):
        parts = {name: keras.saving.deserialize_keras_object(config[name]) for name in ("encoder", "decoder")}
        return cls(**{**config, **parts})


class Swapped(keras.layers.Dense):
    """It has another activation in another process."""

    def __setattr__(self, name, value):
        super().__setattr__(name, keras.activations.tanh if name == "activation" and zoo.elsewhere() else value)


class Forgetful(keras.layers.Dense):
    """A layer that does not read its weights."""

    def load_own_variables(self, store):
        pass


class ForgetfulAdam(keras.optimizers.Adam):
    """An optimizer that does not read its slots."""

    def load_own_variables(self, store):
        self.iterations.assign(store["0"])


class Never(keras.layers.Layer):
    """A layer that accepts no inputs that anyone would make."""

    def __init__(self, factor=1.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, inputs):
        tf.debugging.assert_greater(inputs, 1000.0)
        return inputs * self.factor

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


def pair(kind=Pair, last=keras.layers.Dense, optimizer=keras.optimizers.Adam):
    encoder = keras.Sequential([keras.Input((6,)), keras.layers.Dense(2)])
    model = kind(encoder, keras.Sequential([keras.Input((2,)), last(6)]))
    model.compile(optimizer())
    model.fit(zoo.rows(8, 6), epochs=2, verbose=0)
    return model


def choosy():
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2), Never(2.0)])


def outcomes(report):
    [trip] = report.manifest.round_trips
    return {aspect: verdict.outcome for aspect, verdict in trip.verdicts.items()}


ALL_BUT_OUTPUTS = dict.fromkeys(set(Aspect) - {Aspect.STEP}, Outcome.PASSED) | {Aspect.OUTPUTS: Outcome.SKIPPED}


@pytest.mark.parametrize(("make", "step"), [(pair, {Aspect.STEP: Outcome.SKIPPED}), (choosy, {})])
def test_all_but_the_outputs_of_the_whole_is_proven(make, step):
    report = save(SaveRequest(make(), "cats"))
    assert ALL_BUT_OUTPUTS | step == outcomes(report)
    assert str(report).startswith("SKIPPED  cats@")
    assert "saved, answers not checked" in str(report).splitlines()[0]


def test_a_step_whose_loss_is_not_compared_does_not_stand_for_the_answers(monkeypatch):
    variables = {"vae": pair(), "x": zoo.rows(8, 6), "In": ["vae.fit(x)"]}
    monkeypatch.setattr("IPython.get_ipython", lambda: SimpleNamespace(user_ns=variables))
    report = save(SaveRequest(variables["vae"], "cats"))
    assert ALL_BUT_OUTPUTS | {Aspect.STEP: Outcome.PASSED} == outcomes(report)
    assert Outcome.SKIPPED is report.outcome


def test_it_comes_back_with_its_optimizer_and_trains_on():
    model = pair()
    save(SaveRequest(model, "cats"))
    report = load(LoadRequest("cats"))
    x = zoo.rows(3, 6)
    np.testing.assert_array_equal(model.decoder(model.encoder(x)), report.model.decoder(report.model.encoder(x)))
    assert 2 == int(report.model.optimizer.iterations)
    assert "loaded, answers not checked" in str(report)
    report.model.fit(zoo.rows(8, 6), verbose=0)
    assert 3 == int(report.model.optimizer.iterations)


def test_the_report_says_which_parts_were_compared_and_what_to_do():
    assert "Of its parts, decoder, encoder gave equal answers." in str(save(SaveRequest(pair(), "cats")))


def test_the_report_names_the_line_that_would_prove_the_outputs():
    assert "sample=x_test[:4]" in str(save(SaveRequest(choosy(), "cats")))


@pytest.mark.parametrize(
    ("make", "aspect"),
    [
        (lambda: pair(last=Swapped), "structure"),
        (lambda: pair(last=Forgetful), "weights"),
        (lambda: pair(optimizer=ForgetfulAdam), "training"),
    ],
    ids=["a swapped activation", "a dropped weight", "a lost slot"],
)
def test_a_true_loss_still_fails(make, aspect):
    with pytest.raises(RoundTripError, match=aspect):
        save(SaveRequest(make(), "cats", formats="keras"))


def test_a_part_that_answers_differently_fails_as_an_output():
    with pytest.raises(RoundTripError, match="outputs: decoder"):
        save(SaveRequest(pair(last=Swapped), "cats", formats="keras"))


def test_a_given_sample_that_the_model_does_not_accept_is_an_error():
    with pytest.raises(SampleError, match="did not accept the sample"):
        save(SaveRequest(choosy(), "cats", sample=zoo.rows(2, 3)))


def test_a_given_sample_proves_the_outputs():
    model = keras.Sequential([keras.Input((3,)), Never(2.0), keras.layers.Dense(2)])
    report = save(SaveRequest(model, "cats", sample=np.full((2, 3), 2000.0)))
    assert Outcome.PASSED is report.outcome


@pytest.mark.parametrize("format", ["saved_model", "litert"])
def test_a_format_that_traces_the_model_says_what_it_lacks(format):
    with pytest.raises(FormatError, match="traced on inputs"):
        save(SaveRequest(choosy(), "cats", formats=format))


def test_a_version_without_outputs_is_not_compared_with_another():
    from colab_save.viewing.comparison import compare_versions

    first, second = (save(SaveRequest(choosy(), "cats")) for _ in range(2))
    found = compare_versions(f"cats@{first.manifest.version}", f"cats@{second.manifest.version}")
    assert "no recorded sample" in str(found)
