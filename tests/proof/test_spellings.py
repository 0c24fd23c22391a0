"""Compile arguments that are spelled differently and mean the same, in both Kerases; and those that mean another."""

from __future__ import annotations

import warnings

import keras
import pytest

from colab_save.model.examining import examine
from colab_save.proof.comparing import compare_training

with warnings.catch_warnings(action="ignore"):  # it imports what TensorFlow has deprecated
    import tf_keras

pytestmark = pytest.mark.tensorflow

BOTH = pytest.mark.parametrize("dialect", [keras, tf_keras], ids=["keras", "tf_keras"])


def facts(dialect, compiled):
    model = dialect.Sequential([dialect.layers.Input((3,)), dialect.layers.Dense(1)])
    model.compile(**{"optimizer": "sgd", **compiled(dialect)})
    return examine(model)


def differences(dialect, one, other):
    return [item.where for item in compare_training(facts(dialect, one), facts(dialect, other))]


def loss(value):
    return lambda dialect: {"loss": value(dialect) if callable(value) else value}


def metrics(*values):
    return lambda dialect: {"metrics": [value(dialect) if callable(value) else value for value in values]}


def optimizer(value):
    return lambda dialect: {"optimizer": value(dialect) if callable(value) else value}


SAME = {
    "a loss by name and as an object": (
        loss("sparse_categorical_crossentropy"),
        loss(lambda dialect: dialect.losses.SparseCategoricalCrossentropy()),
    ),
    "a loss whose object has a name of its own": (loss("huber"), loss(lambda dialect: dialect.losses.Huber())),
    "a loss by the name of its class": (
        loss("CategoricalCrossentropy"),
        loss("categorical_crossentropy"),
    ),
    "losses by output": (
        lambda dialect: {"loss": {"one": "mse", "two": "mae"}},
        lambda dialect: {"loss": {"one": dialect.losses.MeanSquaredError(), "two": dialect.losses.MeanAbsoluteError()}},
    ),
    "a metric by name and as an object": (
        metrics("mae"),
        metrics(lambda dialect: dialect.metrics.MeanAbsoluteError()),
    ),
    "a metric by the name of its class": (metrics("AUC"), metrics(lambda dialect: dialect.metrics.AUC())),
    "the second metric of a notebook": (
        metrics(lambda dialect: dialect.metrics.AUC()),
        metrics(lambda dialect: dialect.metrics.AUC(name="auc_7")),
    ),
    "the metric that Keras chooses": (
        metrics("accuracy"),
        metrics(lambda dialect: dialect.metrics.BinaryAccuracy(name="accuracy")),
    ),
    "an optimizer by name and as an object": (optimizer("adam"), optimizer(lambda dialect: dialect.optimizers.Adam())),
    "the second optimizer of a notebook": (
        optimizer("adam"),
        optimizer(lambda dialect: dialect.optimizers.Adam(name="adam_1")),
    ),
    "no metrics": (lambda _: {"metrics": None}, lambda _: {}),
}

OTHER = {
    "a loss with another argument": (
        loss("sparse_categorical_crossentropy"),
        loss(lambda dialect: dialect.losses.SparseCategoricalCrossentropy(from_logits=True)),
    ),
    "a loss that is reduced otherwise": (
        loss("mse"),
        loss(lambda dialect: dialect.losses.MeanSquaredError(reduction="sum")),
    ),
    "an argument that the config of a loss drops": (loss("huber"), loss(lambda dialect: dialect.losses.Huber(0.5))),
    "another loss": (loss("mse"), loss(lambda dialect: dialect.losses.MeanAbsoluteError())),
    "a metric that Keras does not choose so": (
        metrics("accuracy"),
        metrics(lambda dialect: dialect.metrics.BinaryAccuracy(name="accuracy", threshold=0.3)),
    ),
    "one of those that Keras chooses for another": (
        metrics(lambda dialect: dialect.metrics.BinaryAccuracy(name="accuracy")),
        metrics(lambda dialect: dialect.metrics.CategoricalAccuracy(name="accuracy")),
    ),
    "a metric without the name that the user gave": (
        metrics(lambda dialect: dialect.metrics.AUC(name="roc")),
        metrics("AUC"),
    ),
    "a metric with another argument": (metrics(lambda dialect: dialect.metrics.AUC(curve="PR")), metrics("AUC")),
    "a dropped metric": (metrics("mae"), lambda _: {}),
    "another optimizer": (optimizer("adam"), optimizer("adamw")),
    "another learning rate": (optimizer("sgd"), optimizer(lambda dialect: dialect.optimizers.SGD(0.5))),
    "another argument of compile": (lambda _: {}, lambda _: {"steps_per_execution": 2}),
}


@BOTH
@pytest.mark.parametrize("name", SAME)
def test_two_spellings_of_one_argument_are_equal(name, dialect):
    one, other = SAME[name]
    assert ([], []) == (differences(dialect, one, other), differences(dialect, other, one))


@BOTH
@pytest.mark.parametrize("name", OTHER)
def test_another_argument_is_a_difference_however_it_is_spelled(name, dialect):
    one, other = OTHER[name]
    assert [] not in (differences(dialect, one, other), differences(dialect, other, one))
