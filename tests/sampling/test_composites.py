"""Sparse and ragged inputs: taken as they are, made where the model declares them, and proven there and back."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from colab_save.artifact.composites import Ragged, Sparse
from colab_save.artifact.round_trip import Outcome
from colab_save.errors import FormatError, RoundTripError, SampleError
from colab_save.loading.pipeline import load
from colab_save.request.request import LoadRequest, SaveRequest
from colab_save.sampling.notebook import Notebook
from colab_save.sampling.running import run_keras
from colab_save.sampling.sampling import take_sample
from colab_save.saving.pipeline import save
from tests import zoo
from tests.saving.test_losses import called

pytestmark = pytest.mark.tensorflow

DENSE = np.eye(40, 5, dtype="float32")
SPARSE = tf.sparse.from_dense(DENSE)
RAGGED = tf.ragged.constant([[1, 2, 3], [4], [2, 1]], dtype="int32")


class Sums(keras.Model):
    """It asks for a sparse tensor."""

    def __init__(self, factor=1.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor
        self.dense = keras.layers.Dense(2)

    def call(self, inputs):
        assert isinstance(inputs, tf.SparseTensor)
        return self.dense(tf.sparse.to_dense(inputs)) * self.factor

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


class Losing(Sums):
    """It answers with another constant in another process."""

    def call(self, inputs):
        return super().call(inputs) * (1.0 + zoo.elsewhere())


class Lengths(keras.Model):
    """It asks for a ragged tensor."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.embedding = keras.layers.Embedding(8, 3)

    def call(self, inputs):
        assert isinstance(inputs, tf.RaggedTensor)
        return tf.reduce_sum(inputs.with_values(self.embedding(inputs.flat_values)), 1)


class Graph(keras.Model):
    """It asks for features and the whole square of edges between them."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = keras.layers.Dense(2)

    def call(self, inputs):
        features, edges = inputs
        return tf.sparse.sparse_dense_matmul(edges, self.dense(features))


def sums(kind=Sums, factor=2.0):
    model = kind(factor)
    model.dense.build((None, 5))
    return model


def test_a_given_sparse_tensor_stays_sparse_with_its_first_rows():
    inputs = take_sample(sums(), SPARSE, run_keras).inputs
    assert (Sparse, (32, 5), "float32") == (type(inputs), inputs.shape, inputs.dtype.name)
    np.testing.assert_array_equal(DENSE[:32], tf.sparse.to_dense(SPARSE).numpy()[:32])


def test_indices_in_any_order_are_sorted():
    unsorted = tf.SparseTensor([[1, 0], [0, 1]], [2.0, 1.0], (2, 5))
    np.testing.assert_array_equal([1.0, 2.0], take_sample(sums(), unsorted, run_keras).inputs.values)


def test_a_sparse_matrix_of_scipy_is_one_too():
    scipy_sparse = pytest.importorskip("scipy.sparse")
    assert isinstance(take_sample(sums(), scipy_sparse.csr_matrix(DENSE), run_keras).inputs, Sparse)


def test_a_given_ragged_tensor_stays_ragged():
    inputs = take_sample(called(Lengths(), RAGGED), RAGGED, run_keras).inputs
    assert (Ragged, (3, None)) == (type(inputs), inputs.shape)


def test_they_are_found_in_a_notebook():
    model = sums()
    model(SPARSE)
    notebook = Notebook({"model": model, "edges": SPARSE}, ["model(edges)"])
    assert "edges in model()" == take_sample(model, None, run_keras, notebook=notebook).source


def test_a_graph_of_more_nodes_than_rows_is_taken_whole():
    given = [zoo.rows(40, 3), tf.sparse.eye(40)]
    model = called(Graph(), given)
    assert [(40, 3), (40, 40)] == [item.shape for item in take_sample(model, given, run_keras).inputs]


@pytest.mark.parametrize(("make", "given"), [(sums, SPARSE), (Lengths, RAGGED)], ids=["sparse", "ragged"])
def test_a_model_with_such_inputs_is_proven_at_save_and_at_load(make, given):
    report = save(SaveRequest(called(make(), given), "cats", formats="keras", sample=given))
    assert Outcome.PASSED is report.outcome, str(report)
    assert load(LoadRequest("cats")).is_proven


def test_a_changed_constant_still_fails_on_them():
    with pytest.raises(RoundTripError, match="outputs"):
        save(SaveRequest(sums(Losing), "cats", formats="keras", sample=SPARSE))


def test_a_wrong_one_is_an_error():
    with pytest.raises(SampleError, match=r"float32 \[2, 7\]"):
        take_sample(sums(), tf.sparse.from_dense(np.eye(2, 7, dtype="float32")), run_keras)


def test_a_program_takes_plain_tensors_only():
    with pytest.raises(FormatError, match="An input is sparse"):
        save(SaveRequest(sums(), "cats", formats="saved_model", sample=SPARSE))


def test_a_sparse_tensor_is_made_where_the_model_declares_one():
    inputs = keras.Input((6,), sparse=True)
    model = keras.Model(inputs, keras.layers.Dense(2)(inputs))
    assert isinstance(take_sample(model, None, run_keras).inputs, Sparse)


def test_tf_keras_declares_them_too():
    tf_keras = pytest.importorskip("tf_keras")
    sparse, ragged = tf_keras.Input((6,), sparse=True), tf_keras.Input((None,), dtype="int64", ragged=True)
    embedded = tf_keras.layers.Embedding(10, 3)(ragged)
    outputs = [tf_keras.layers.Dense(2)(sparse), tf_keras.layers.Lambda(lambda x: tf.reduce_sum(x, 1))(embedded)]
    inputs = take_sample(tf_keras.Model([sparse, ragged], outputs), None, run_keras).inputs
    assert [Sparse, Ragged] == [type(item) for item in inputs]
