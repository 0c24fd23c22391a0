"""Samples that a notebook holds, and that nothing of the user's is consumed or changed by a search."""

from __future__ import annotations

import random

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from colab_save.sampling.notebook import Notebook, running_notebook
from colab_save.sampling.reading import MOST_BYTES
from colab_save.sampling.running import run_keras
from colab_save.sampling.sampling import take_sample
from tests import zoo

pytestmark = pytest.mark.tensorflow

X = zoo.rows(20, 4)


def sample_of(model, *cells, **variables):
    return take_sample(model, None, run_keras, notebook=Notebook({"model": model, **variables}, cells))


def dataset(rows=X):
    return tf.data.Dataset.from_tensor_slices((rows, zoo.rows(len(rows), 2))).batch(8)


class Batches(keras.utils.PyDataset):
    """A dataset that is read by number, counts what was read and draws a random number for each batch."""

    count = 0

    def __len__(self):
        return 2

    def __getitem__(self, index):
        self.count += 1
        return X[:8] + random.randint(0, 1) + np.random.rand() * 0, zoo.rows(8, 2)  # noqa: NPY002


@pytest.mark.parametrize(
    "value",
    [X, X.tolist(), tf.constant(X), pd.DataFrame(X), dataset()],
    ids=["array", "list", "tensor", "frame", "data"],
)
def test_the_argument_of_the_last_fit_is_the_sample(value):
    sample = sample_of(zoo.sequential(), "model.fit(value)", value=value)
    np.testing.assert_array_equal(X[:4], sample.inputs)
    assert "value in model.fit()" == sample.source


def test_a_variable_of_the_right_shape_is_the_sample_where_nothing_was_called():
    sample = sample_of(zoo.sequential(), wrong=zoo.rows(3, 7), right=X)
    assert "right" == sample.source


def test_what_was_called_comes_before_variables():
    assert "x in model.predict()" == sample_of(zoo.sequential(), "model.predict(x)", x=X, other=X).source


def test_without_either_a_sample_is_made():
    assert "" == sample_of(zoo.sequential(), "model.fit(x)", x="a text", wrong=zoo.rows(3, 7)).source


def test_what_the_model_does_not_accept_is_passed_over():
    assert "x" == sample_of(zoo.sequential(), "model.fit(wrong)", wrong=zoo.rows(3, 7), x=X).source


def test_what_gives_nan_is_passed_over():
    broken = np.full((3, 4), np.nan, "float32")
    assert "x" == sample_of(zoo.sequential(), "model.fit(broken)", x=X, broken=broken).source


def test_the_sample_is_a_copy():
    x = X.copy()
    sample = sample_of(zoo.sequential(), "model.fit(x)", x=x)
    x[:] = 0
    np.testing.assert_array_equal(X[:4], sample.inputs)


def test_a_model_with_a_fixed_number_of_rows_gets_them():
    model = keras.Sequential([keras.Input(batch_shape=(5, 4)), keras.layers.Dense(2)])
    assert 5 == len(sample_of(model, "model.fit(x)", x=X).inputs)


def test_inputs_that_belong_together_are_taken_whole():
    """Of the graph of a graph network, some rows are no graph."""
    features, edges = keras.Input((3,)), keras.Input((6,))

    class Convolution(keras.layers.Layer):
        def call(self, x, matrix):
            return keras.ops.matmul(matrix, x)

        def compute_output_shape(self, x_shape, matrix_shape):
            return (matrix_shape[0], x_shape[1])

    model = keras.Model([features, edges], Convolution()(features, edges))
    x, matrix = zoo.rows(6, 3), np.eye(6, dtype="float32")
    sample = sample_of(model, "model([x, matrix])", x=x, matrix=matrix)
    assert [(6, 3), (6, 6)] == [item.shape for item in sample.inputs]


def test_large_inputs_are_not_taken_whole():
    features, edges = keras.Input((3,)), keras.Input((None,))
    model = keras.Model([features, edges], keras.layers.Add()([features, edges]))
    large = np.zeros((MOST_BYTES // 4, 2), "float32")
    assert "" == sample_of(model, "model([x, large])", x=zoo.rows(4, 3), large=large).source


def test_a_model_is_never_run_on_all_rows_of_one_array():
    class Counting(keras.layers.Layer):
        rows = 0

        def call(self, inputs):
            Counting.rows = max(Counting.rows, inputs.shape[0] or 0)
            return keras.ops.reshape(inputs, (-1, 7))

    model = keras.Sequential([keras.Input((4,)), Counting()])
    assert "" == sample_of(model, "model.fit(x)", x=np.zeros((1001, 4), "float32")).source
    assert Counting.rows < 100


def test_a_generator_is_not_advanced():
    generator = (X for _ in range(2))
    assert "" == sample_of(zoo.sequential(), "model.fit(generator)", generator=generator).source
    assert 2 == len(list(generator))


def test_an_iterator_of_a_dataset_is_not_advanced():
    iterator = iter(dataset())
    sample_of(zoo.sequential(), "model.fit(iterator)", iterator=iterator)
    np.testing.assert_array_equal(X[:8], next(iterator)[0])


def from_generator(calls):
    def rows():
        calls.append(1)
        yield from X

    return tf.data.Dataset.from_generator(rows, output_signature=tf.TensorSpec((4,))).batch(4)


def mapped(calls):
    def read(row):
        calls.append(1)
        return row

    return dataset().map(lambda x, y: (tf.ensure_shape(tf.py_function(read, [x], tf.float32), (None, 4)), y)).batch(4)


@pytest.mark.parametrize("make", [from_generator, mapped])
def test_a_dataset_that_runs_python_is_not_read(make):
    calls = []
    data = make(calls).prefetch(1)
    assert "" == sample_of(zoo.sequential(), "model.fit(data)", data=data).source
    assert [] == calls


def test_a_dataset_that_draws_from_a_generator_of_the_notebook_is_not_read():
    generator = tf.random.Generator.from_seed(1)
    data = dataset().map(lambda x, y: (x + generator.normal((4,)), y))
    before = generator.state.numpy().tolist()
    assert "" == sample_of(zoo.sequential(), "model.fit(data)", data=data).source
    assert before == generator.state.numpy().tolist()


def test_a_dataset_that_maps_its_rows_is_read():
    data = dataset().unbatch().map(lambda x, y: (tf.image.random_brightness(x, 0.1), y)).batch(4)
    assert "data in model.fit()" == sample_of(zoo.sequential(), "model.fit(data)", data=data).source


def test_a_dataset_is_read_below_its_shuffle_and_goes_on_in_the_same_order():
    orders = []
    for is_searched in (False, True):
        tf.random.set_seed(1)
        data = tf.data.Dataset.from_tensor_slices(X).shuffle(20, seed=3).batch(5).repeat(2).prefetch(1)
        orders.append([batch.numpy().tolist() for batch in data])
        if is_searched:
            sample = sample_of(zoo.sequential(), "model.fit(data)", data=data)
            np.testing.assert_array_equal(X[:4], sample.inputs)
        orders[-1] += [batch.numpy().tolist() for batch in data]
    assert orders[0] == orders[1]


def test_a_dataset_that_caches_in_a_file_leaves_no_file(tmp_path):
    data = dataset().cache(str(tmp_path / "cache"))
    assert "data in model.fit()" == sample_of(zoo.sequential(), "model.fit(data)", data=data).source
    assert [] == list(tmp_path.iterdir())


def test_a_dataset_that_maps_shuffled_batches_is_not_read():
    data = dataset().shuffle(3).map(lambda x, y: (x * 2, y))
    assert "" == sample_of(zoo.sequential(), "model.fit(data)", data=data).source


@pytest.mark.parametrize(
    ("layers", "source"),
    [
        ([keras.layers.Dense(2)], ""),
        ([keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])], "x in model.fit()"),
    ],
    ids=["without weights", "with weights"],
)
def test_an_unbuilt_model_is_not_built_by_what_the_notebook_holds(layers, source):
    model = keras.Sequential(layers)
    assert (source, False) == (sample_of(model, "model.fit(x)", x=X).source, model.built)


def test_batches_that_are_read_by_number_stay_as_they_were():
    model, batches = zoo.sequential(), Batches()
    before = (random.getstate(), np.random.get_state()[2])  # noqa: NPY002
    sample = sample_of(model, "model.fit(batches)", batches=batches)
    assert ("batches in model.fit()", 4) == (sample.source, len(sample.inputs))
    assert (0, before) == (batches.count, (random.getstate(), np.random.get_state()[2]))  # noqa: NPY002


def test_a_symbolic_tensor_is_no_sample():
    assert "" == sample_of(zoo.sequential(), "model(inputs)", inputs=keras.Input((4,))).source


def test_a_script_has_no_notebook():
    assert ({}, ()) == (running_notebook().variables, running_notebook().cells)


class Taking(keras.Model):
    """A subclassed model, which declares no dtypes, takes rows of its own by their number."""

    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(2)

    def call(self, inputs):
        return self.dense(tf.gather(tf.constant(X), inputs))


class Edges(keras.Model):
    """It takes the nodes of a graph, and its edges by the number of the nodes."""

    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(2)

    def call(self, inputs):
        nodes, edges = inputs
        return tf.math.unsorted_segment_sum(tf.gather(self.dense(nodes), edges[:, 0]), edges[:, 1], len(nodes))


EDGES = np.array([[0, 9], [9, 0], [3, 7], [5, 9], [9, 9]])


def called(model, inputs):
    model(inputs)
    return model


def test_indices_of_a_model_that_declares_no_dtypes_stay_whole_numbers():
    indices = np.array([3, 19, 5, 7, 11])
    sample = sample_of(called(Taking(), indices), "model.fit(x=indices, y=y)", indices=indices)
    assert ("int64", [3, 19, 5, 7]) == (sample.inputs.dtype.name, sample.inputs.tolist())
    assert "int64" == sample.specs.dtype


def test_floats_of_such_a_model_get_its_dtype():
    model = called(zoo.subclassed(), X)
    assert "float32" == sample_of(model, "model.fit(x)", x=X.astype("float64")).inputs.dtype.name


def test_whole_numbers_that_such_a_model_does_not_accept_become_floats():
    class Rooted(keras.layers.Layer):
        def call(self, inputs):
            return tf.sqrt(inputs)

    class Model(keras.Model):
        def __init__(self):
            super().__init__()
            self.rooted, self.dense = Rooted(), keras.layers.Dense(2)

        def call(self, inputs):
            return self.dense(self.rooted(inputs))

    model = called(Model(), np.ones((3, 4), "float32"))
    sample = sample_of(model, "model.fit(x)", x=np.arange(20).reshape(5, 4))
    assert ("float32", "float32") == (sample.inputs.dtype.name, sample.specs.dtype)


def test_the_inputs_of_a_model_may_be_variables_of_their_own():
    model = called(Edges(), [X[:10], EDGES])
    sample = sample_of(model, nodes=X[:10], edges=EDGES)
    assert "nodes, edges" == sample.source
    np.testing.assert_array_equal(EDGES, sample.inputs[1])


def test_inputs_in_a_dict_are_variables_of_their_names_only():
    inputs = {name: keras.Input((4,), name=name) for name in ("left", "right")}
    model = keras.Model(inputs, keras.layers.Add()(list(inputs.values())))
    assert "" == sample_of(model, one=X, other=X + 1).source
    assert "left, right" == sample_of(model, right=X, one=X, left=X + 1).source
