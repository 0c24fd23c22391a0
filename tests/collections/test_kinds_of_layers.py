"""Layers and FeatureSpaces beside a model come back with their weights and vocabularies; one that changed is named."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from colab_save.artifact.collection import compare_collections
from colab_save.collections.extras import Extras, find_extras, prove_extras, read_extras, write_extras
from colab_save.collections.splitting import collection_of
from colab_save.errors import RequestError

pytestmark = pytest.mark.tensorflow

WORDS = ["hello world", "hi there world"]


def vectorization(words=WORDS):
    layer = keras.layers.TextVectorization(output_sequence_length=4)
    layer.adapt(words)
    return layer


def normalization(rows=4):
    layer = keras.layers.Normalization()
    layer.adapt(np.arange(2.0 * rows).reshape(rows, 2))
    return layer


def dense(value=1.0):
    layer = keras.layers.Dense(3, kernel_initializer=keras.initializers.Constant(1.0))
    layer(np.ones((1, 2)))
    layer.kernel.assign(np.full((2, 3), value))
    return layer


def feature_space():
    features = {"a": keras.utils.FeatureSpace.float_normalized(), "b": keras.utils.FeatureSpace.string_categorical()}
    space = keras.utils.FeatureSpace(features, output_mode="concat")
    space.adapt(tf.data.Dataset.from_tensor_slices({"a": [1.0, 2, 3], "b": ["x", "y", "x"]}))
    return space


LAYERS = {
    "words": (vectorization, tf.constant(["hello hi"])),
    "lookup": (lambda: keras.layers.StringLookup(vocabulary=["a", "b"]), tf.constant([["b", "c"]])),
    "scaler": (normalization, np.ones((1, 2))),
    "dense": (dense, np.ones((1, 2))),
    "inside": (lambda: keras.layers.Bidirectional(keras.layers.LSTM(2)), np.ones((1, 3, 2))),
    "space": (feature_space, {"a": np.array([1.0]), "b": np.array(["y"])}),
}


def come_back(folder, **values):
    write_extras(folder / "extras", find_extras(list(values), None, values))
    prove_extras(None, folder / "extras")
    return read_extras(folder / "extras", is_trusted=True).values


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_comes_back_as_it_was(name, tmp_path):
    make, given = LAYERS[name]
    layer = make()
    expected = layer(given)
    back = come_back(tmp_path, layer=layer)["layer"]
    assert type(layer) is type(back)
    assert np.array_equal(expected, back(given))


def test_a_layer_that_was_never_called_comes_back_unbuilt(tmp_path):
    assert not come_back(tmp_path, layer=keras.layers.Dense(2))["layer"].built


def test_saving_a_layer_leaves_it_as_it_was(tmp_path):
    layer = keras.layers.Dense(2)
    before = dict(vars(layer))
    come_back(tmp_path, layer=layer)
    assert before == vars(layer)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (vectorization(), vectorization(["hello world"])),
        (vectorization(), keras.layers.TextVectorization(output_sequence_length=4)),
        (normalization(), normalization(5)),
        (dense(), dense(1.000001)),
        (dense(), keras.layers.Dense(3)),
        (keras.layers.Dropout(0.5, name="d"), keras.layers.Dropout(0.4, name="d")),
    ],
    ids=["words", "unadapted", "statistics", "weight", "unbuilt", "argument"],
)
def test_a_layer_that_became_another_is_a_gap(one, other):
    assert compare_collections(*(Extras({}, {"x": each}).collection for each in (one, other)))


class Own(keras.layers.Layer):
    """A class of the notebook."""

    def call(self, inputs):
        return inputs


@pytest.mark.parametrize(
    "layer",
    [Own(), keras.layers.Lambda(lambda x: x), keras.layers.TimeDistributed(Own())],
    ids=["own", "code", "inside"],
)
def test_a_layer_that_needs_code_of_the_notebook_is_refused(layer):
    with pytest.raises(RequestError, match="extra=layer cannot be saved"):
        find_extras(["layer"], None, {"layer": layer})


def test_a_layer_of_the_model_is_no_extra_of_it():
    layer = keras.layers.Dense(1, name="head")
    model = keras.Sequential([keras.Input((2,)), layer])
    with pytest.raises(RequestError, match=r"extra=layer is the layer .*head of the model"):
        find_extras(["layer"], model, {"layer": layer})


def test_a_layer_comes_back_from_a_trusted_file_only(tmp_path):
    write_extras(tmp_path / "extras", find_extras(["layer"], None, {"layer": keras.layers.Dense(1)}))
    extras = read_extras(tmp_path / "extras")
    assert {} == extras.values
    assert "{option:trust}" in extras.withheld[0]


def test_a_collection_has_no_layer_that_its_models_may_hold():
    assert collection_of({"layer": keras.layers.Dense(1)}).lost


def test_a_secret_in_the_vocabulary_of_a_layer_is_refused():
    words = ["the", "hf_" + "aBcD1234eFgH5678iJkL9012mNoP3456qR"]
    layer = keras.layers.TextVectorization(standardize=None, vocabulary=words)
    with pytest.raises(RequestError, match="looks like a secret"):
        find_extras(["layer"], None, {"layer": layer})
