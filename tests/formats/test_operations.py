"""HDF5 files of models with operations on tensors."""

from __future__ import annotations

import json

import h5py
import keras
import numpy as np
import pytest

from colab_save.artifact.sample import Sample
from colab_save.errors import FormatError
from colab_save.formats.base import Context, get_format
from colab_save.formats.operations import operations_named
from colab_save.hints import render
from colab_save.proof.tolerances import compare_outputs

pytestmark = pytest.mark.tensorflow

X = np.arange(8, dtype="float32").reshape(2, 4)


def rescaled():
    """What many notebooks do before the first layer."""
    inputs = keras.Input((4,))
    return keras.Model(inputs, keras.layers.Dense(1)(inputs / 127.5 - 1.0))


def operated():
    """Operations with arguments, slices, lists of tensors, and one that has the name of a layer of Keras."""
    inputs = keras.Input((4,))
    both = keras.ops.concatenate([keras.ops.relu(inputs - 2.0), inputs[:, 1:3]], axis=-1)
    return keras.Model(inputs, keras.layers.Dense(2)(keras.ops.mean(both, axis=1, keepdims=True) * 3.0))


def nested():
    inner, inputs = rescaled(), keras.Input((4,))
    return keras.Model(inputs, inner(inputs) + 5.0)


def differenced():
    """An operation and a layer of one name."""
    inputs = keras.Input((4,))
    return keras.Model(inputs, keras.layers.Subtract()([inputs - 1.0, inputs]))


def saved(model, folder):
    """Write it; return the file and the notes."""
    plug = get_format("h5")
    notes = plug.save(model, folder, Sample(None, None, None), plug.Options())
    return folder / plug.payload, notes


def loaded(file):
    return get_format("h5").load(file, Context({}))


@pytest.mark.parametrize("make", [rescaled, operated, nested])
def test_a_model_with_operations_on_tensors_comes_back(make, tmp_path):
    model = make()
    file, _ = saved(model, tmp_path)
    assert np.allclose(model(X), loaded(file)(X))


def test_a_changed_constant_of_an_operation_is_found(tmp_path):
    model = rescaled()
    file, _ = saved(model, tmp_path)
    with h5py.File(file, "r+") as opened:
        opened.attrs["model_config"] = opened.attrs["model_config"].replace("127.5", "255.0")
    outputs = {"": np.array(model(X))}, {"": np.array(loaded(file)(X))}
    _, differences = compare_outputs(*outputs, 1e-5, 1e-5, "float32")
    assert 1 == len(differences)


def test_the_note_has_what_plain_keras_needs(tmp_path):
    file, notes = saved(rescaled(), tmp_path)
    given = render(notes[0]).partition("custom_objects=")[2].removesuffix(".")
    custom_objects = eval(given, {"keras": keras})
    assert isinstance(keras.saving.load_model(file, custom_objects=custom_objects, compile=False), keras.Model)


def test_a_model_without_operations_has_no_note(tmp_path):
    _, notes = saved(keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)]), tmp_path)
    assert () == notes


def test_an_operation_and_a_layer_of_one_name_are_refused():
    assert "the operation Subtract from the layer Subtract" in get_format("h5").refusal(differenced())


def test_layers_of_an_operations_name_alone_are_not_refused():
    inputs = keras.Input((4,))
    assert "" == get_format("h5").refusal(keras.Model(inputs, keras.layers.Subtract()([inputs, inputs])))


@pytest.mark.parametrize("name", ["Function", "Operation", "system", "Layer", "TFSMLayer"])
def test_a_file_gets_no_class_that_is_no_operation(name):
    config = {"layers": [{"class_name": name, "config": {"name": "a"}, "inbound_nodes": []}]}
    assert {} == operations_named(config)


def test_an_operation_of_a_notebook_is_not_looked_up_because_a_file_names_it():
    class Leaky(keras.Operation):
        pass

    config = {"layers": [{"class_name": Leaky.__name__, "config": {"name": "a"}, "inbound_nodes": []}]}
    assert {} == operations_named(config)


def test_an_unknown_operation_is_still_an_error(tmp_path):
    file, _ = saved(rescaled(), tmp_path)
    with h5py.File(file, "r+") as opened:
        config = json.loads(opened.attrs["model_config"])
        config["config"]["layers"][1]["class_name"] = "NoSuchOperation"
        opened.attrs["model_config"] = json.dumps(config)
    with pytest.raises(FormatError, match="NoSuchOperation"):
        loaded(file)
