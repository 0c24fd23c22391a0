"""Training state that Keras does not restore by itself comes back: the next steps are those of the live model."""

from __future__ import annotations

import warnings
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf
import tf_keras

from colab_save.artifact.round_trip import Aspect, Outcome
from colab_save.dialect import value_of
from colab_save.loading.pipeline import load
from colab_save.model.examining import examine
from colab_save.proof.comparing import compare_training
from colab_save.request.request import LoadRequest, SaveRequest
from colab_save.saving.pipeline import save
from tests.zoo import rows

pytestmark = pytest.mark.tensorflow

FOUR, TWO = rows(8, 4), rows(8, 2, seed=1)


class CompilesItself(keras.Model):
    """Its constructor compiles it, as the tasks of keras_hub do."""

    def __init__(self, units=2, **kwargs):
        super().__init__(**kwargs)
        self.units, self.dense = units, keras.layers.Dense(units)
        self.compile()

    def compile(self, optimizer="adam", loss="mse", **kwargs):
        super().compile(optimizer=optimizer, loss=loss, **kwargs)

    def call(self, inputs):
        return self.dense(inputs)

    def get_config(self):
        return {**super().get_config(), "units": self.units}


class Distiller(keras.Model):
    """Its compile() takes numbers and a function, and its optimizer trains a part."""

    def __init__(self, student, teacher):
        super().__init__()
        self.student, self.teacher = student, teacher

    def compile(self, optimizer, function, temperature=1.0, name_of_loss="mse"):
        super().compile(optimizer=optimizer)
        self.function, self.temperature, self.name_of_loss = function, temperature, name_of_loss

    def call(self, inputs):
        return self.student(inputs)

    def train_step(self, data):
        inputs, _ = data
        with tf.GradientTape() as tape:
            loss = self.function(self.student(inputs) / self.temperature, self.teacher(inputs))
        weights = self.student.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        return {"loss": loss}


def squared(one, other):
    return tf.reduce_mean((one - other) ** 2)


class Sampled(keras.Model):
    """It draws from Keras's global generator, as a variational layer without a seed does."""

    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(2)

    def call(self, inputs):
        outputs = self.dense(inputs)
        return outputs + 0.1 * keras.random.normal(keras.ops.shape(outputs))


tracker = keras.metrics.Mean(name="tracked")


class Tracking(keras.Model):
    """Its training uses a metric of the notebook."""

    def call(self, inputs):
        return inputs * self.scale

    def build(self, shape):
        self.scale = self.add_weight(shape=(shape[-1],), initializer="ones", name="scale")

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None):
        loss = tf.reduce_mean((y_pred[:, :2] - y) ** 2)
        tracker.update_state(loss)
        return loss

    @property
    def metrics(self):
        return [tracker]


class Half(keras.Model):
    """Its precision is its own, not that of the notebook."""

    def __init__(self):
        super().__init__(dtype="mixed_float16", name="half")
        self.dense = keras.layers.Dense(2, dtype="mixed_float16")
        self.noise = keras.Sequential([keras.layers.GaussianNoise(0.0)])

    def call(self, inputs):
        return keras.ops.cast(self.noise(self.dense(inputs)), "float32")


def layers(keras_of_it=keras):
    return [keras_of_it.layers.Input((4,)), keras_of_it.layers.Dense(3, name="d"), keras_of_it.layers.Dense(2)]


def compiled(model, optimizer="adam", **given):
    model.compile(optimizer, **{"loss": "mse", **given})
    return model


def compiles_itself():
    model = CompilesItself()
    model.compile(keras.optimizers.Adam(0.05))
    return model


def distiller():
    model = Distiller(keras.Sequential(layers()), keras.Sequential(layers()))
    model.compile(keras.optimizers.Adam(0.01), squared, temperature=2.5)
    model(FOUR)
    return model


def undecayed(keras_of_it):
    optimizer = keras_of_it.optimizers.AdamW(0.1, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_names=["kernel"])
    return compiled(keras_of_it.Sequential(layers(keras_of_it)), optimizer)


def train(model):
    tf.config.run_functions_eagerly(True)
    keras.utils.set_random_seed(1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return model.fit(FOUR, TWO, shuffle=False, verbose=0).history.popitem()[1]
    finally:
        tf.config.run_functions_eagerly(False)


def frozen_since():
    model = compiled(keras.Sequential(layers()))
    train(model)
    model.layers[0].trainable = False
    return model


KINDS = {
    "a model that compiles itself": compiles_itself,
    "numbers in a compile of its own": distiller,
    "draws of Keras's global generator": lambda: compiled(Sampled()),
    "a metric of the notebook": lambda: compiled(Tracking(), loss=None),
    "a precision of its own": lambda: compiled(Half()),
    "weights without decay": lambda: undecayed(keras),
    "weights without decay in Keras 2": lambda: undecayed(tf_keras),
    "a layer frozen after training": frozen_since,
}


@pytest.fixture(scope="module", params=KINDS)
def model(request):
    made = KINDS[request.param]()
    train(made)
    return made


@pytest.fixture(scope="module")
def report(model, tmp_path_factory):
    return save(SaveRequest(model, "cats", to=str(tmp_path_factory.mktemp("store"))))


@pytest.fixture(scope="module")
def other(report):
    """The model loaded again."""
    return load(LoadRequest("cats", source=report.where.rpartition("/cats/")[0])).model


def test_it_is_saved_whole(report):
    (trip,) = report.manifest.round_trips
    passed = {aspect for aspect, each in trip.verdicts.items() if each.outcome is Outcome.PASSED}
    failed = {aspect: trip.verdicts[aspect].reason for aspect in trip.verdicts.keys() - passed - {Aspect.STEP}}
    assert Outcome.FAILED is not trip.verdicts[Aspect.STEP].outcome
    assert ("keras", {}) == (trip.format, failed)


def test_its_next_steps_are_those_of_the_live_model(model, other):
    assert [pytest.approx(train(model), rel=1e-5) for _ in range(2)] == [train(other) for _ in range(2)]


@pytest.mark.parametrize(
    ("name", "value"),
    [("undecayed", {"optimizer": ("d/bias",)}), ("held", {"temperature": 2.0}), ("iterations", 3)],
)
def test_a_true_loss_of_training_state_is_a_difference(name, value):
    facts = examine(KINDS["weights without decay"]())
    assert [] == compare_training(facts, facts)
    assert len(compare_training(facts, replace(facts, **{name: value}))) > 0


def test_an_optimizer_set_on_a_model_that_is_not_compiled_comes_back(tmp_path):
    model = keras.Sequential(layers())
    model.optimizer = keras.optimizers.Adam(0.25)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(FOUR) ** 2)
    model.optimizer.apply_gradients(
        zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables, strict=True)
    )
    save(SaveRequest(model, "cats", to=str(tmp_path)))
    other = load(LoadRequest("cats", source=str(tmp_path))).model
    before, after = ([value_of(each) for each in item.optimizer.variables] for item in (model, other))
    assert (False, 0.25) == (other.compiled, float(other.optimizer.learning_rate))
    assert all(map(np.array_equal, before, after))
