"""The free attributes of a model are named, and those that Keras itself sets are not."""

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
def test_attributes_that_keras_sets_are_not_free(make):
    model = make()
    model.compile("adam", "mse", metrics=["mae"])
    rows, answers = np.ones((4, 4), "float32"), np.ones((4, 2), "float32")
    model.fit(rows, answers, verbose=0, validation_data=(rows, answers))
    model.evaluate(rows, answers, verbose=0)
    model.predict(rows, verbose=0)
    model.note = None
    assert ("note",) == plain_names(model)


def test_plain_values_are_free():
    assert tuple(sorted(PLAIN)) == free_attributes(hung(small(), PLAIN))


def test_objects_of_the_users_classes_are_free():
    assert ("tokenizer",) == free_attributes(hung(small(), {"tokenizer": type("Tokenizer", (), {})()}))


def test_parts_of_a_model_and_code_are_not_free():
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


def test_a_constructor_argument_is_free_and_another_fact():
    model = hung(subclassed(), {"class_names": ["a"]})
    assert (("class_names", "units"), ("class_names",)) == (free_attributes(model), plain_names(model))


def test_an_object_without_attributes_has_no_free_ones():
    assert () == free_attributes(None)


def test_lists_of_a_module_are_free():
    from tests import zoo

    assert ("class_names", "index") == free_attributes(hung(zoo.Counter(), {"class_names": ["a"], "index": {"a": 1}}))


def test_an_attribute_that_holds_itself_is_no_endless_loop():
    values: list[object] = []
    values.append(values)
    assert ("itself",) == free_attributes(hung(type("Held", (), {})(), {"itself": values}))
