"""Optimizers, losses, metrics and schedules beside models, of Keras 3 and of tf_keras: each comes back as it was."""

from __future__ import annotations

import warnings
from contextlib import contextmanager

import keras
import numpy as np
import pytest
import tensorflow as tf

from colab_save.artifact.collection import compare_collections, read_collection, write_collection
from colab_save.collections.joining import join
from colab_save.collections.splitting import collection_of, divide, is_model

with warnings.catch_warnings(action="ignore"):  # it imports what TensorFlow has deprecated
    import tf_keras

pytestmark = pytest.mark.tensorflow

BOTH = pytest.mark.parametrize("dialect", [keras, tf_keras], ids=["keras", "tf_keras"])
MAKERS = {
    "optimizer": lambda dialect: dialect.optimizers.Adam(0.125),
    "loss": lambda dialect: dialect.losses.BinaryCrossentropy(from_logits=True),
    "metric": lambda dialect: dialect.metrics.Mean(name="mean"),
    "schedule": lambda dialect: dialect.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9),
}


def model_of(dialect):
    return dialect.Sequential([dialect.layers.Input((2,)), dialect.layers.Dense(1)])


def step(optimizer, model):
    optimizer.apply_gradients([(tf.ones_like(variable), variable) for variable in model.trainable_variables])


def brought_back(held, folder):
    """Write a collection and read it again, with the same models."""
    division = divide(held)
    write_collection(folder, division.collection)
    return join(read_collection(folder), division.models, {})


@BOTH
@pytest.mark.parametrize("name", MAKERS)
def test_an_object_comes_back_as_one_of_its_own_keras(name, dialect, tmp_path):
    made = MAKERS[name](dialect)
    back = brought_back({"model": model_of(dialect), name: made}, tmp_path)[name]
    assert (type(made), made.get_config()) == (type(back), back.get_config())


@BOTH
def test_an_optimizer_trains_on_with_the_state_that_it_had(dialect, tmp_path):
    held = {"model": model_of(dialect), "optimizer": dialect.optimizers.SGD(0.5, momentum=0.5)}
    step(held["optimizer"], held["model"])
    back = brought_back(held, tmp_path)
    before = held["model"].get_weights()[0].copy()
    step(back["optimizer"], back["model"])
    # The gradient was 1 before too: the step is 0.5 * (1 + 0.5)
    assert before - 0.75 == pytest.approx(back["model"].get_weights()[0])


@BOTH
def test_a_rebuilt_object_is_compared(dialect, tmp_path):
    held = {"model": model_of(dialect), "optimizer": dialect.optimizers.SGD(0.5, momentum=0.5)}
    step(held["optimizer"], held["model"])
    back = brought_back(held, tmp_path)
    assert [] == compare_collections(collection_of(held), collection_of(back))
    step(back["optimizer"], back["model"])
    (gap,) = compare_collections(collection_of(held), collection_of(back))
    assert ("optimizer", True) == (gap.where, gap.is_training)


@contextmanager
def floats(dialect, name):
    before = dialect.backend.floatx()
    dialect.backend.set_floatx(name)
    try:
        yield
    finally:
        dialect.backend.set_floatx(before)


@BOTH
def test_an_optimizer_of_64_bits_comes_back_with_its_learning_rate(dialect, tmp_path):
    with floats(dialect, "float64"):
        layers = [dialect.layers.Input((2,), dtype="float64"), dialect.layers.Dense(1, dtype="float64")]
        held = {"model": dialect.Sequential(layers), "optimizer": dialect.optimizers.Adam(0.1)}
        step(held["optimizer"], held["model"])
    back = brought_back(held, tmp_path)
    assert ("float64", []) == (
        back["optimizer"].learning_rate.dtype,
        compare_collections(collection_of(held), collection_of(back)),
    )


@BOTH
def test_where_the_arguments_of_an_object_differ_is_named(dialect):
    one, other = ({"optimizer": dialect.optimizers.SGD(0.5, momentum=value)} for value in (0.5, 0.25))
    (gap,) = compare_collections(collection_of(one), collection_of(other))
    assert ("optimizer", True, True) == (gap.where, gap.is_training, "momentum is 0.25, expected 0.5" in gap.what)


def test_an_object_of_the_other_keras_is_a_difference():
    one, other = ({"optimizer": dialect.optimizers.SGD(0.5)} for dialect in (keras, tf_keras))
    assert ["optimizer"] == [gap.where for gap in compare_collections(collection_of(one), collection_of(other))]


@BOTH
def test_a_metric_is_not_a_model(dialect):
    assert not is_model(dialect.metrics.Mean())


def test_a_legacy_optimizer_that_has_trained_comes_back_with_its_state(tmp_path):
    held = {"model": model_of(tf_keras), "optimizer": tf_keras.optimizers.legacy.SGD(0.5, momentum=0.5)}
    step(held["optimizer"], held["model"])
    other = brought_back(held, tmp_path)["optimizer"]
    before, after = ([each.numpy() for each in item.variables()] for item in (held["optimizer"], other))
    assert (1, 0.5) == (int(other.iterations), other.get_config()["learning_rate"])
    assert all(map(np.array_equal, before, after))
