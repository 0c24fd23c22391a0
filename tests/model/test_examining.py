"""The facts of live models: paths are the same after loading, and every change is found."""

from __future__ import annotations

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from colab_save.artifact.facts import ModelFacts
from colab_save.artifact.round_trip import Aspect
from colab_save.dialect import kind_of, size_of
from colab_save.errors import UnsupportedError
from colab_save.model.examining import examine
from colab_save.proof.comparing import compare, compare_training, compare_weights
from tests import zoo

pytestmark = pytest.mark.tensorflow


def paths(model):
    return [variable.path for variable in examine(model).variables]


@pytest.mark.parametrize("make", [*zoo.MODELS.values(), zoo.subclassed], ids=lambda make: make.__name__)
def test_paths_do_not_depend_on_what_was_made_before(make):
    first = paths(make())
    keras.layers.Dense(1), keras.Sequential(), keras.layers.Embedding(2, 2)
    assert first == paths(make())


def test_paths_name_attributes_lists_and_nested_models():
    expected = {"blocks/0/kernel", "blocks/1/bias", "head/dense/kernel", "head/dense_1/kernel", "scale/gain"}
    assert expected <= set(paths(zoo.subclassed()))


def test_names_that_the_user_gave_are_the_paths():
    assert "dense_of_left/kernel" in paths(zoo.many_inputs())


def test_every_weight_has_a_path_once():
    for make in (*zoo.MODELS.values(), zoo.subclassed):
        model = make()
        assert len(model.weights) == len(set(paths(model)))


def test_a_shared_layer_is_described_once():
    dense = keras.layers.Dense(3)
    inputs = keras.Input((3,))
    assert 2 == len(paths(keras.Model(inputs, dense(dense(inputs)))))


def test_facts_are_json_values_and_back():
    facts = examine(zoo.subclassed())
    assert facts == ModelFacts.from_json(json.loads(json.dumps(facts.to_json())))


def test_a_model_equals_itself():
    model = zoo.sequential()
    known = set(Aspect) - {Aspect.OUTPUTS, Aspect.STEP}
    assert {aspect: [] for aspect in known} == compare(examine(model), examine(model))


def test_one_changed_value_is_found_by_its_path():
    model = zoo.subclassed()
    before = examine(model)
    kernel = model.blocks[1].kernel
    kernel.assign(kernel + tf.one_hot(0, kernel.shape[-1]) * 1e-6)
    assert ["blocks/1/kernel"] == [difference.where for difference in compare_weights(before, examine(model))]


def dense_with(initializer):
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, kernel_initializer=initializer, name="dense")])


@pytest.mark.parametrize(
    "initializer",
    [
        tf.random_normal_initializer(0.0, 0.02),
        tf.random_uniform_initializer(-1.0, 2.0, seed=3),
        tf.constant_initializer(0.5),
        tf.ones_initializer(),
    ],
    ids=["normal", "uniform", "constant", "ones"],
)
def test_an_initializer_of_tensorflow_is_the_one_that_keras_reads_back(initializer):
    model = dense_with(initializer)
    assert examine(model).layers == examine(keras.models.model_from_json(model.to_json())).layers


def test_another_initializer_of_tensorflow_is_a_difference():
    one, other = (examine(dense_with(tf.random_normal_initializer(0.0, stddev))) for stddev in (0.02, 0.03))
    assert one.layers != other.layers


def test_two_swapped_layers_are_found():
    model = zoo.subclassed()
    before = examine(model)
    model.blocks[0].bias.assign([1.0, 2.0, 3.0])
    model.blocks[1].bias.assign([4.0, 5.0, 6.0])
    swapped = examine(model)
    model.blocks = model.blocks[::-1]
    assert before != swapped
    assert {"blocks/0/bias", "blocks/1/bias"} <= {item.where for item in compare_weights(swapped, examine(model))}


def test_a_frozen_layer_is_a_difference_in_training():
    model = zoo.subclassed()
    before = examine(model)
    model.blocks[0].trainable = False
    assert ["trainable.blocks/0"] == [difference.where for difference in compare_training(before, examine(model))]


def test_one_more_step_is_a_difference_in_training():
    model = zoo.sequential()
    before = examine(model)
    model.fit(zoo.rows(8, 4), zoo.rows(8, 2), verbose=0)
    assert "iterations" in {difference.where for difference in compare_training(before, examine(model))}


def test_another_loss_is_a_difference_in_training():
    model = zoo.untrained()
    model.compile("adam", "mse")
    before = examine(model)
    model.compile("adam", "mae")
    assert "compile.loss" in {difference.where for difference in compare_training(before, examine(model))}


def test_the_short_and_the_long_name_of_a_loss_are_one():
    short, long = zoo.untrained(), zoo.untrained()
    short.compile("adam", "mse")
    long.compile("adam", keras.losses.mean_squared_error)
    assert examine(short).compiled["loss"] == examine(long).compiled["loss"]


def test_examining_changes_nothing():
    model = zoo.sequential()
    before = [variable.numpy() for variable in model.variables]
    examine(model)
    assert all(np.array_equal(one, other.numpy()) for one, other in zip(before, model.variables, strict=True))


def test_a_modules_variables_are_named_by_attribute():
    assert ["parts/0", "parts/1", "weight"] == sorted(paths(zoo.Counter()))


def of_nadam():
    return zoo.trained(zoo.untrained(), zoo.rows(8, 4), zoo.rows(8, 2), optimizer="nadam")


def test_variables_that_an_optimizer_does_not_name_have_the_same_paths_in_each_process():
    first = [variable.path for variable in examine(of_nadam()).optimizer]
    assert first == [variable.path for variable in examine(of_nadam()).optimizer]


def test_a_variable_that_an_optimizer_does_not_name_is_compared():
    model = of_nadam()
    before = examine(model)
    model.optimizer._u_product.assign(0.5)
    assert ["variable"] == [difference.where.split("/")[-1] for difference in compare_training(before, examine(model))]


def test_the_size_counts_weights_and_optimizer():
    model = zoo.sequential()
    weights = sum(int(np.prod(variable.shape)) for variable in model.weights) * 4
    assert size_of(model) > 2 * weights


@pytest.mark.parametrize("thing", [None, 3, "model", [1], keras.layers.Dense(1), keras.optimizers.Adam()])
def test_an_object_that_is_not_a_model_is_refused_by_its_class(thing):
    with pytest.raises(UnsupportedError, match=type(thing).__name__):
        kind_of(thing)


def test_the_declared_inputs_and_outputs_are_facts():
    facts = examine(zoo.many_inputs())
    assert {("left", (None, 3), "float32"), ("right", (None, 2), "int32")} == {
        (item.name, item.shape, item.dtype) for item in facts.inputs
    }
