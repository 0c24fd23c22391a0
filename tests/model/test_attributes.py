"""What hangs on a model and is no part of it is named, and nothing that Keras keeps there is."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from colab_save.model.attributes import free_attributes, plain_names

pytestmark = pytest.mark.tensorflow

PLAIN = {
    "class_names": ["cat", "dog"],
    "threshold": 0.5,
    "index": {"a": 1, 2: {"b": (1, 2)}},
    "mean": np.ones(3),
    "seen": {1, 2},
    "pair": (1, "x"),
}


def small():
    import keras

    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])


def hung(model, values):
    for name, value in values.items():
        setattr(model, name, value)
    return model


def functional():
    import keras

    inputs = keras.Input((4,))
    return keras.Model(inputs, keras.layers.Dense(2)(inputs))


def subclassed():
    from tests import zoo

    return zoo.Classifier()


def of_keras_2():
    tf_keras = pytest.importorskip("tf_keras")
    return tf_keras.Sequential([tf_keras.Input((4,)), tf_keras.layers.Dense(2)])


@pytest.mark.parametrize("make", [small, functional, subclassed, of_keras_2])
def test_nothing_that_keras_leaves_on_a_model_is_the_users(make):
    model = make()
    model.compile("adam", "mse", metrics=["mae"])
    rows, answers = np.ones((4, 4), "float32"), np.ones((4, 2), "float32")
    model.fit(rows, answers, verbose=0, validation_data=(rows, answers))
    model.evaluate(rows, answers, verbose=0)
    model.predict(rows, verbose=0)
    model.note = None
    assert ("note",) == plain_names(model)


def test_plain_values_are_the_users():
    assert tuple(sorted(PLAIN)) == free_attributes(hung(small(), PLAIN))


def test_the_users_own_objects_are_named_too():
    assert ("tokenizer",) == free_attributes(hung(small(), {"tokenizer": type("Tokenizer", (), {})()}))


def test_what_is_part_of_a_model_or_code_is_not():
    import keras
    import tensorflow as tf

    parts = {
        "layer": keras.layers.Dense(1),
        "layers_by_name": {"a": [keras.layers.Dense(1)]},
        "variable": tf.Variable(1.0),
        "metric": keras.metrics.Mean(),
        "function": len,
        "partial": functools.partial(print),
        "module": np,
        "_private": 1,
    }
    assert () == free_attributes(hung(small(), parts))


def test_a_constructor_argument_is_free_and_told_elsewhere():
    model = hung(subclassed(), {"class_names": ["a"]})
    assert (("class_names", "units"), ("class_names",)) == (free_attributes(model), plain_names(model))


def test_nothing_hangs_on_nothing():
    assert () == free_attributes(None)


def test_lists_of_a_module_are_named():
    from tests import zoo

    assert ("class_names", "index") == free_attributes(hung(zoo.Counter(), {"class_names": ["a"], "index": {"a": 1}}))


def test_an_attribute_that_holds_itself_ends():
    values: list[object] = []
    values.append(values)
    assert ("itself",) == free_attributes(hung(type("Held", (), {})(), {"itself": values}))
