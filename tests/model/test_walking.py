"""The walk enters objects of the user's classes, not those of installed packages; paths stay the same after a load."""

from __future__ import annotations

import importlib
import sys

import keras
import pytest
import tensorflow as tf

from colab_save.model.walking import is_plain_object, own_attributes, walk_layers, walk_variables
from tests import zoo

pytestmark = pytest.mark.tensorflow

SOURCE = "class Holder:\n    def __init__(self, held):\n        self.held = held\n"


@pytest.fixture
def holder_in(tmp_path, monkeypatch):
    """Make a class in a module below a folder, as it is imported from there."""

    def make(folder, module):
        file = tmp_path.joinpath(folder, *module.split(".")).with_suffix(".py")
        file.parent.mkdir(parents=True)
        file.write_text(SOURCE)
        monkeypatch.syspath_prepend(tmp_path / folder)
        return importlib.import_module(module).Holder

    yield make
    for name in ("colab_save_toy", "colab_save_space", "colab_save_space.toy"):
        sys.modules.pop(name, None)


def paths(holder):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.parts = holder(tf.Variable(1.0))
    return [path for path, _ in walk_variables(model)]


@pytest.mark.parametrize("folder", ["lib/python3.12/site-packages", "dist-packages"])
@pytest.mark.parametrize("module", ["colab_save_toy", "colab_save_space.toy"])  # the latter in a package without a file
def test_an_object_of_an_installed_package_is_not_part_of_a_model(folder, module, holder_in):
    assert "parts/held" not in paths(holder_in(folder, module))


@pytest.mark.parametrize("folder", ["project", "my-packages"])
def test_an_object_of_the_users_own_files_is_part_of_a_model(folder, holder_in):
    assert "parts/held" in paths(holder_in(folder, "colab_save_toy"))


@pytest.mark.parametrize(
    "value",
    [
        zoo.Scale(),
        keras.optimizers.SGD(),
        keras.metrics.Mean(),
        tf.Variable(1),
        zoo.Counter(),
        test_an_object_of_the_users_own_files_is_part_of_a_model,
        zoo.Scale,
        zoo,
        3,
    ],
    ids=lambda value: type(value).__name__,
)
def test_parts_of_models_and_code_are_not_plain_objects(value):
    assert not is_plain_object(value)


class Block(keras.layers.Layer):
    """A layer with attributes that begin as TensorFlow's own."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self._self_attention = keras.layers.Dense(2)
        self._self_scale = [tf.Variable(1.0)]


class Part(tf.Module):
    def __init__(self):
        super().__init__()
        self._self_scale = tf.Variable(1.0)
        self.others = [tf.Variable(2.0)]


def test_an_attribute_of_the_users_that_begins_as_tensorflows_own_is_part_of_a_model():
    block = Block()
    block._self_attention.build((None, 3))
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.block = block
    expected = {"block/self_attention/bias", "block/self_attention/kernel", "block/self_scale/0"}
    assert expected == {path for path, _ in walk_variables(model) if path.startswith("block")}


def test_what_tensorflow_adds_to_an_object_is_no_attribute_of_the_users(tmp_path):
    part = Part()
    tf.train.Checkpoint(part=part).save(tmp_path / "part")
    assert ["self_scale"] == [name for name, _ in own_attributes(part) if name.startswith("self_")]


def test_what_tensorflow_adds_to_a_layer_is_no_attribute_of_the_users(tmp_path):
    dense = keras.layers.Dense(1)
    dense.build((None, 1))
    tf.train.Checkpoint(dense=dense).save(tmp_path / "dense")
    assert not [name for name, _ in own_attributes(dense) if name.startswith("self_")]


class Named(keras.Model):
    """A class that names its layers after its own name, which it has only when it is loaded."""

    def __init__(self, name=None, kinds=("stem", "head"), **kwargs):
        inputs = outputs = keras.Input((2,))
        for kind in kinds:
            outputs = keras.layers.Dense(2, name=f"{name}_{kind}" if name else kind)(outputs)
        super().__init__(inputs, outputs, name=name, **kwargs)


def layers_of(model):
    return [path for path, layer in walk_layers(model) if isinstance(layer, keras.layers.Dense)]


@pytest.mark.parametrize("name", ["net", "named_3", "a.b"])
def test_a_layer_that_is_named_after_its_model_goes_by_the_rest(name):
    assert ["stem", "head"] == layers_of(Named()) == layers_of(Named(name))


def test_swapped_layers_that_are_named_after_their_model_are_found():
    assert ["head", "stem"] == layers_of(Named("net", kinds=("head", "stem")))


def test_a_name_that_another_layer_has_stays_whole():
    assert ["stem", "net_stem"] == layers_of(Named(kinds=("stem", "net_stem")))


def test_names_in_a_model_of_keras_itself_stay_whole():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, name="net_stem")], name="net")
    assert ["net_stem"] == layers_of(model)
