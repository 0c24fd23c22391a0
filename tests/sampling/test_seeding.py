"""The random state of a notebook: the same after a model has run with fixed seeds, and fixed by place before that."""

from __future__ import annotations

import random
import sys
from types import ModuleType

import keras
import numpy as np
import pytest
import tensorflow as tf

from colab_save.model.walking import walk_generators
from colab_save.sampling.seeding import fix_seeds, seeds_restored

pytestmark = pytest.mark.tensorflow

DRAWS = {
    "Python": random.random,
    "NumPy": np.random.rand,
    "TensorFlow": lambda: float(tf.random.normal(())),
    "TensorFlow's generator": lambda: float(tf.random.get_global_generator().normal(())),
    "Keras": lambda: float(keras.random.normal(())),
}


class Noise(keras.layers.Layer):
    def __init__(self, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.makers = {"noise": [keras.random.SeedGenerator(seed)]}

    def call(self, inputs):
        return inputs + keras.random.normal(keras.ops.shape(inputs), seed=self.makers["noise"][0])


def noisy(seed=None):
    return keras.Sequential([keras.Input((3,)), Noise(seed), keras.layers.Dropout(0.5, seed=seed)])


@pytest.fixture(autouse=True)
def _notebook():
    with seeds_restored():
        keras.utils.set_random_seed(1)
        tf.random.get_global_generator().reset_from_seed(1)
        yield


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
@pytest.mark.parametrize("drawn_before", [0, 2])
def test_the_next_number_of_the_notebook_is_the_same_after_seeds_were_fixed(draw, drawn_before):
    for _ in range(drawn_before):
        draw()
    with seeds_restored():
        expected = draw()
    with seeds_restored():
        fix_seeds(noisy(), is_by_place=True)
        for other in DRAWS.values():
            other()
    assert expected == draw()


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
def test_with_fixed_seeds_each_library_draws_the_same_numbers_whatever_it_drew_before(draw):
    found = []
    for drawn in range(3):
        with seeds_restored():
            for _ in range(drawn):
                draw()
            fix_seeds(noisy(), is_by_place=True)
            found.append(draw())
    assert [found[0]] * 3 == found


def test_without_a_seed_tensorflow_draws_other_numbers_each_time_also_afterwards():
    tf.random.set_seed(None)
    with seeds_restored():
        fix_seeds(noisy(), is_by_place=True)
    assert float(tf.random.normal(())) != float(tf.random.normal(()))


def test_generators_are_found_in_lists_dicts_and_plain_objects():
    class Maker:
        def __init__(self):
            self.seeds = [keras.random.SeedGenerator()]

    model = noisy()
    model.layers[0].plain = Maker()
    assert {"noise/makers/noise/0", "noise/plain/seeds/0", "dropout/seed_generator"} == {
        path for path, _ in walk_generators(model)
    }


def test_two_models_whose_generators_started_differently_answer_alike_with_fixed_seeds():
    answers = []
    for model in (noisy(1), noisy(2)):
        with seeds_restored():
            fix_seeds(model, is_by_place=True)
            answers.append(np.asarray(model(np.ones((2, 3)), training=True)))
    assert np.array_equal(*answers)


def test_generators_in_different_places_start_differently():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dropout(0.5), keras.layers.Dropout(0.5)])
    fix_seeds(model, is_by_place=True)
    one, other = (np.asarray(state) for _, state in walk_generators(model))
    assert not np.array_equal(one, other)


def test_the_dropout_of_tf_keras_is_fixed_by_place():
    tf_keras = pytest.importorskip("tf_keras")
    models = [tf_keras.Sequential([tf_keras.layers.Dropout(0.5, seed=seed, force_generator=True)]) for seed in (1, 2)]
    answers = []
    for model in models:
        model(np.ones((2, 8), "float32"), training=True)
        with seeds_restored():
            fix_seeds(model, is_by_place=True)
            answers.append(np.asarray(model(np.ones((2, 8), "float32"), training=True)))
    assert 1 == len(list(walk_generators(models[0])))
    assert np.array_equal(*answers)


def held_by_its_kernel():
    """A resource as tensorflow_text makes those of its tokenizers: it goes with the kernel that made it."""
    return tf.raw_ops.HashTableV2(key_dtype=tf.int64, value_dtype=tf.int64)


def test_what_a_kernel_holds_stays_where_the_library_of_tokenizers_is_loaded(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_text", ModuleType("tensorflow_text"))
    resource = held_by_its_kernel()
    with seeds_restored():
        fix_seeds(tf.Module(), is_by_place=False)
    assert 0 == tf.raw_ops.LookupTableSizeV2(table_handle=resource).numpy()


def test_the_seed_of_tensorflow_is_fixed_there_too(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_text", ModuleType("tensorflow_text"))
    seeds = []
    with seeds_restored():
        for _ in range(2):
            fix_seeds(tf.Module(), is_by_place=False)
            seeds.append(tf.compat.v1.get_seed(None))
    assert seeds[0] == seeds[1]


def test_the_seed_of_tensorflow_itself_ends_the_kernels():
    resource = held_by_its_kernel()
    with seeds_restored():
        tf.random.set_seed(1)
    with pytest.raises(tf.errors.NotFoundError):
        tf.raw_ops.LookupTableSizeV2(table_handle=resource)
