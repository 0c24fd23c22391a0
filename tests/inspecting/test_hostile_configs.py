"""Configs that would import, call or read what no model needs, each beside a harmless twin."""

from __future__ import annotations

import pytest

from colab_save.errors import UnsafeFileError
from colab_save.inspecting.inspection import inspect
from colab_save.inspecting.keras.arguments import MADE_OF_ATTRIBUTES


def nested(levels):
    return "[" * levels + "]" * levels


def lookup(f, name, vocabulary):
    return f.layer(f.an_object(name, {"vocabulary": vocabulary}))


def built_from(f, module, name="Dense", **more):
    return f.layer(f.an_object(name, {}, module, **more))


def of_weights(f, shape):
    """A layer of a notebook's class that is made from its attributes, with a weight of its own."""
    return f.layer(f.an_object("Own", {MADE_OF_ATTRIBUTES: {"weights": [{"shape": shape}]}}, "my_layers"))


REFUSED = {
    "module of the standard library": (
        lambda f: built_from(f, "subprocess", "Popen"),
        "the class subprocess.Popen, from a module that is neither",
        lambda f: built_from(f, "my_layers", "Popen"),
    ),
    "module of the standard library under a registered name": (
        lambda f: built_from(f, "os", "system", registered="mine>Cats"),
        "os.system",
        lambda f: built_from(f, None, "system", registered="mine>Cats"),
    ),
    "module of an installed package": (
        lambda f: built_from(f, "numpy.lib", "DataSource"),
        "numpy.lib.DataSource",
        lambda f: built_from(f, "keras.layers"),
    ),
    "module of the standard library in .h5": (
        lambda f: f.h5(f.sequential(f.an_object("Popen", {}, "subprocess"))),
        "subprocess.Popen",
        lambda f: f.h5(f.sequential(f.dense())),
    ),
    "class of builtins": (
        lambda f: built_from(f, "builtins", "exec"),
        "builtins.exec",
        lambda f: f.trained_with(f.a_function("my_loss")),
    ),
    "module with an invalid name": (
        lambda f: built_from(f, "../evil"),
        "../evil",
        lambda f: built_from(f, "evil"),
    ),
    "module that is not a text": (
        lambda f: built_from(f, ["os"]),
        "a module with the invalid name",
        lambda f: built_from(f, None),
    ),
    "get_file as a class": (
        lambda f: built_from(f, "keras.utils", "get_file"),
        "keras.utils.get_file",
        lambda f: built_from(f, "keras.utils", "FeatureSpace"),
    ),
    "get_file as a function": (
        lambda f: f.trained_with(f.a_function("get_file", "keras.utils")),
        "the function keras.utils.get_file",
        lambda f: f.trained_with(f.a_function("mean_squared_error", "keras.losses")),
    ),
    "enable_unsafe_deserialization": (
        lambda f: f.trained_with(f.a_function("enable_unsafe_deserialization", "keras.config")),
        "keras.config.enable_unsafe_deserialization",
        lambda f: f.trained_with(f.a_function("relu", "keras.activations")),
    ),
    "load_model": (
        lambda f: built_from(f, "keras.models", "load_model"),
        "keras.models.load_model",
        lambda f: built_from(f, "keras.models", "Model"),
    ),
    "save_model, which Keras 3.13.2 lets pass": (
        lambda f: built_from(f, "keras.saving", "save_model"),
        "keras.saving.save_model",
        lambda f: built_from(f, "keras.layers", "Dropout"),
    ),
    "a network with downloaded weights": (
        lambda f: built_from(f, "keras.applications", "ResNet50"),
        "keras.applications.ResNet50",
        lambda f: built_from(f, "keras.src.models.functional", "Functional"),
    ),
    "deserialize": (
        lambda f: f.trained_with(f.a_function("deserialize", "keras.layers")),
        "keras.layers.deserialize",
        lambda f: f.trained_with(f.a_function("relu", "keras.ops")),
    ),
    "eval, which tf_keras takes from builtins": (
        lambda f: f.trained_with(f.a_function("eval")),
        "the function builtins.eval",
        lambda f: f.trained_with(f.a_function("evaluate")),
    ),
    "a function of os": (
        lambda f: f.trained_with(f.a_function("system", "os")),
        "the function os.system",
        lambda f: f.trained_with(f.a_function("system", "my_losses")),
    ),
    "a function whose name is an object": (
        lambda f: f.trained_with(f.a_function({"a": 1})),
        "a function with the name",
        lambda f: f.trained_with(f.a_function("a")),
    ),
    "TFSMLayer": (
        lambda f: f.layer(f.an_object("TFSMLayer", {"filepath": "/tmp/x"})),
        "TFSMLayer, which loads a SavedModel",
        lambda f: f.layer(f.dense()),
    ),
    "TFSMLayer of a made-up module": (
        lambda f: built_from(f, "my_layers", "TFSMLayer"),
        "TFSMLayer, which loads a SavedModel",
        lambda f: built_from(f, "my_layers", "SMLayer"),
    ),
    "TorchModuleWrapper in .h5": (
        lambda f: f.old_h5("TorchModuleWrapper", {"module": "gASV"}),
        "TorchModuleWrapper, which unpickles",
        lambda f: f.old_h5("TimeDistributed", {}),
    ),
    "StringLookup that reads a file": (
        lambda f: lookup(f, "StringLookup", "/etc/passwd"),
        "a vocabulary that Keras would read from the file '/etc/passwd'",
        lambda f: lookup(f, "StringLookup", ["a", "b"]),
    ),
    "IntegerLookup that reads a file": (
        lambda f: lookup(f, "IntegerLookup", "gs://bucket/ids"),
        "gs://bucket/ids",
        lambda f: lookup(f, "IntegerLookup", [1, 2]),
    ),
    "TextVectorization that reads a file": (
        lambda f: lookup(f, "TextVectorization", "words.txt"),
        "words.txt",
        lambda f: lookup(f, "TextVectorization", None),
    ),
    "vocabulary file in .h5": (
        lambda f: f.old_h5("StringLookup", {"vocabulary": "/etc/passwd"}),
        "/etc/passwd",
        lambda f: f.old_h5("StringLookup", {"vocabulary": ["a"]}),
    ),
    "array of Python objects": (
        lambda f: f.layer(f.dense(), f.an_object("__numpy__", {"value": [1], "dtype": "object"})),
        "an array of Python objects",
        lambda f: f.layer(f.dense(), f.an_object("__numpy__", {"value": [1], "dtype": "float32"})),
    ),
    "a type of another module": (
        lambda f: f.layer(f.an_object("__typespec__", [], "os", spec_name="x")),
        "a type from the module 'os'",
        lambda f: f.layer(f.an_object("__typespec__", [], "tensorflow.python.framework.tensor", spec_name="x")),
    ),
    "hidden in an argument": (
        lambda f: f.layer(f.dense(kernel_regularizer={"deep": [{"er": f.an_object("Popen", {}, "subprocess")}]})),
        "kernel_regularizer.deep[0].er names the class subprocess.Popen",
        lambda f: f.layer(f.dense(kernel_regularizer={"deep": [{"er": f.an_object("L2", {}, "keras.regularizers")}]})),
    ),
    "a size beyond every machine": (
        lambda f: f.layer(f.dense(units=10**15)),
        "the size 1000000000000000 (units)",
        lambda f: f.layer(f.dense(units=64)),
    ),
    "NaN as a size": (
        lambda f: f.layer(f.dense(units=float("nan"))),
        "the size nan (units)",
        lambda f: f.layer(f.an_object("ReLU", {"max_value": float("inf")})),
    ),
    "a shape beyond every machine": (
        lambda f: f.layer(f.an_object("InputLayer", {"batch_shape": [None, 2**40]})),
        "the size 1099511627776 (batch_shape)",
        lambda f: f.layer(f.an_object("InputLayer", {"batch_shape": [None, 224, 224, 3]})),
    ),
    "a weight far larger than the file": (
        lambda f: f.layer(f.an_object("Embedding", {"input_dim": 2**30, "output_dim": 2**10})),
        "declares a weight of 1,099,511,627,776 values",
        lambda f: f.layer(f.an_object("Embedding", {"input_dim": 2**10, "output_dim": 2**10})),
    ),
    "an own weight far larger than the file": (
        lambda f: of_weights(f, [2**20, 2**20]),
        "declares a weight of 1,099,511,627,776 values",
        lambda f: of_weights(f, [2**10, 2**10]),
    ),
    "JSON that exhausts the parser": (
        lambda f: f.keras(nested(200_000)),
        "nested too deeply",
        lambda f: f.keras(nested(100)),
    ),
    "JSON that exhausts Keras": (
        lambda f: f.keras(nested(400)),
        "more than 256 levels deep",
        lambda f: f.keras(nested(200)),
    ),
    "JSON that exhausts memory": (
        lambda f: f.keras("[" + "0," * (33 << 20) + "0]"),
        "more than 67,108,864",
        lambda f: f.keras("[" + "0," * (1 << 18) + "0]"),
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_config_is_refused_by_name(files, name):
    make, words, _ = REFUSED[name]
    with pytest.raises(UnsafeFileError) as caught:
        inspect(make(files))
    assert words in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("name", REFUSED)
def test_its_harmless_twin_passes(files, name):
    *_, make = REFUSED[name]
    assert () == inspect(make(files)).runs_code
