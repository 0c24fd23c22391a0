"""Keras 2 models rebuilt with Keras 3: equal in what they answer, or refused with the reason."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
import tf_keras

from colab_save.errors import FormatError, RequestError
from colab_save.formats.base import Context, get_format
from colab_save.loading.converting import convert
from colab_save.loading.pipeline import load
from colab_save.loading.translating import layer_arguments
from colab_save.request.request import LoadRequest
from tests import old_zoo, zoo

pytestmark = pytest.mark.tensorflow

layers = tf_keras.layers


def alone(layer, shape=(4, 3)):
    """One layer as a model."""
    return tf_keras.Sequential([layers.Input(shape), layer])


@pytest.mark.parametrize("name", [*old_zoo.GRAPHS, "of_a_function"])
def test_a_model_answers_as_it_did(name):
    made = convert(getattr(old_zoo, name)())
    assert (True, True) == (isinstance(made.model, keras.Model), made.difference < 1e-5)


def test_a_network_of_the_applications_answers_as_it_did():
    made = convert(tf_keras.applications.MobileNetV2((32, 32, 3), alpha=0.35, weights=None, classes=3))
    assert (True, ()) == (made.difference < 1e-6, made.notes)


def test_what_was_made_saves_as_any_model_of_keras_3(tmp_path):
    made, plug = convert(old_zoo.nested()).model, get_format("keras")
    plug.save(made, tmp_path, None, None)
    loaded = plug.load(tmp_path / plug.payload, Context({}))
    np.testing.assert_array_equal(made(zoo.rows(3, 4)), loaded(zoo.rows(3, 4)))


def test_names_and_frozen_layers_come_back():
    old = old_zoo.frozen()
    made = convert(old).model
    expected = [(layer.name, layer.trainable) for layer in old.layers]
    assert expected == [(layer.name, layer.trainable) for layer in made.layers]


def noisy(inputs):
    return inputs + np.random.default_rng().normal(size=inputs.shape[1:])


def called():
    given = layers.Input((4,))
    return tf_keras.Model(given, tf.math.bessel_i0(given))


REFUSED = {
    "a layer that Keras 3 lacks": (lambda: alone(layers.LocallyConnected1D(3, 2)), "no layer LocallyConnected1D"),
    "an activation that is another function now": (
        lambda: alone(layers.LSTM(3, recurrent_activation="hard_sigmoid")),
        "outputs of the converted model differ",
    ),
    "an argument that Keras 3 lacks": (
        lambda: alone(layers.LSTM(3, time_major=True)),
        "outputs of the converted model differ",
    ),
    "a layer of the user's own": (lambda: alone(old_zoo.Scale()), "your own class Scale"),
    "a subclassed model": (old_zoo.subclassed, "functional or Sequential"),
    "a function of TensorFlow without a layer": (called, r"tf\.math\.bessel_i0"),
    "one that is random": (lambda: alone(layers.Lambda(noisy)), "random at inference"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_proven_is_refused(name):
    make, reason = REFUSED[name]
    with pytest.raises(FormatError, match=reason) as caught:
        convert(make())
    assert "Without convert" in caught.value.hint


def test_what_is_left_out_is_named():
    *_, dropped = layer_arguments(layers.LSTM(3, time_major=True, implementation=1))
    assert ["time_major=True"] == dropped


def cat_loss(expected, actual):
    return tf.reduce_mean(tf.square(expected - actual))


class CatMetric(tf_keras.metrics.MeanSquaredError):
    """A metric of the user's own."""


def cat_score(expected, actual):
    return tf.reduce_mean(tf.abs(expected - actual), axis=-1)


@pytest.fixture(scope="module")
def compiled():
    """A model with everything that `compile` takes, converted."""
    model = tf_keras.Sequential([layers.Input((4,)), layers.Dense(2)])
    schedule = tf_keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)
    metrics = ["mae", "accuracy", tf_keras.metrics.MeanSquaredError(name="error"), cat_score, CatMetric(name="cats")]
    weighted = [tf_keras.metrics.MeanAbsoluteError(name="weighted")]
    model.compile(tf_keras.optimizers.SGD(schedule, momentum=0.9), cat_loss, metrics, [2.0], weighted)
    model.train_on_batch(zoo.rows(8, 4), zoo.rows(8, 2))
    return convert(model)


def test_the_optimizer_is_that_of_keras_3_with_its_schedule(compiled):
    optimizer = compiled.model.optimizer
    found = (type(optimizer), optimizer.momentum, type(optimizer._learning_rate))
    assert (keras.optimizers.SGD, 0.9, keras.optimizers.schedules.ExponentialDecay) == found


def test_the_loss_of_the_user_goes_on(compiled):
    assert cat_loss is compiled.model.loss


def test_it_trains_and_names_its_metrics(compiled):
    found = compiled.model.evaluate(zoo.rows(8, 4), zoo.rows(8, 2), verbose=0, return_dict=True)
    assert {"loss", "mae", "accuracy", "error", "cat_score", "weighted"} == found.keys()


def test_what_compile_could_not_keep_is_noted(compiled):
    assert (True, True) == (
        any("no metric cats" in note for note in compiled.notes),
        any("state after 1 steps" in note for note in compiled.notes),
    )


def test_old_optimizers_and_losses_get_their_new_names():
    made = convert(old_zoo.of_old_optimizer())
    found = (type(made.model.optimizer), float(made.model.optimizer.learning_rate), type(made.model.loss))
    assert (keras.optimizers.Adam, pytest.approx(0.01), keras.losses.Huber) == found
    assert "Adam of Keras 3 has no decay=0.1; it was left out." in made.notes


def test_a_loss_that_keras_3_cannot_make_leaves_the_model_uncompiled_and_says_so():
    class CatLoss(tf_keras.losses.Loss):
        def call(self, expected, actual):
            return tf.reduce_mean(tf.square(expected - actual))

    model = tf_keras.Sequential([layers.Input((4,)), layers.Dense(2)])
    model.compile("adam", CatLoss())
    made = convert(model)
    assert (False, ["The model is not compiled: Keras 3 has no CatLoss."]) == (made.model.compiled, [*made.notes])


def test_a_file_is_converted_on_the_way(tmp_path):
    old = old_zoo.sequential()
    old.save(tmp_path / "old", save_format="tf")
    report = load(LoadRequest(str(tmp_path / "old"), convert=True))
    np.testing.assert_allclose(old(zoo.rows(3, 4)), report.model(zoo.rows(3, 4)), rtol=1e-6)
    assert (True, True) == (
        isinstance(report.model, keras.Model),
        any("outputs differ by at most" in note for note in report.notes),
    )


def test_a_file_of_keras_3_is_left_as_it_is_and_says_so(tmp_path):
    zoo.untrained().save(tmp_path / "new.keras")
    assert "nothing to convert" in " ".join(load(LoadRequest(str(tmp_path / "new.keras"), convert=True)).notes)


def test_to_convert_and_to_load_into_a_model_contradict_each_other(tmp_path):
    model = zoo.untrained()
    model.save_weights(tmp_path / "it.weights.h5")
    with pytest.raises(RequestError, match="convert makes"):
        load(LoadRequest(str(tmp_path / "it.weights.h5"), into=model, convert=True))
