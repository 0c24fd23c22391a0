"""Writes entries of the corpus with the colab_save that is installed, as a notebook would, and prints their answers.

    python tests/artifacts/make.py FOLDER

It is a notebook's cells in one file: the classes are those of ``__main__``, and of colab_save only public names are
used. What it has written stays as it is, see README.md.
"""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from colab_save import save_model

with warnings.catch_warnings(action="ignore"):  # it imports what TensorFlow has deprecated
    import tf_keras

ASKED = np.array([[0.5, -1.0, 2.0, 0.25]], "float32")
ASKED_OF_TEXT = np.array([["the cat ran"]])

INPUTS = np.random.default_rng(0).standard_normal((8, 4)).astype("float32")
TARGETS = np.random.default_rng(1).standard_normal((8, 2)).astype("float32")

threshold = 0.8
HALF = 0.5


def halved(inputs):
    return inputs * HALF


def distance(y_true, y_pred):
    return keras.ops.mean(keras.ops.abs(y_true - y_pred), axis=-1)


class Scale(keras.layers.Layer):
    """A weight and an argument of its own, and a helper."""

    def __init__(self, factor=1.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def build(self, shape):
        self.gain = self.add_weight(name="gain", shape=(shape[-1],), initializer="ones")

    def call(self, inputs):
        return halved(inputs) * self.gain * self.factor

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


class Classifier(keras.Model):
    """Subclassed, with a list, an argument and a layer of the notebook."""

    def __init__(self, units=3, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.blocks = [keras.layers.Dense(units, activation="relu"), Scale(3.0)]
        self.head = keras.layers.Dense(2)

    def call(self, inputs, training=False):
        for block in self.blocks:
            inputs = block(inputs)
        return self.head(inputs)

    def get_config(self):
        return {**super().get_config(), "units": self.units}


def trained(model, optimizer="sgd", loss="mse"):
    model.compile(optimizer, loss, metrics=["mae"])
    model.fit(INPUTS, TARGETS, epochs=1, verbose=0)
    return model


def functional():
    given = keras.Input((4,), name="given")
    normal = keras.layers.BatchNormalization()(given)
    return keras.Model(given, keras.layers.Dense(2, activation="tanh", name="head")(normal))


def sequential():
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])


def of_text():
    vectorize = keras.layers.TextVectorization(output_sequence_length=4)
    vectorize.adapt(["the cat sat", "a dog ran", "the dog sat", "größer"])
    given = keras.Input((1,), dtype="string", name="sentence")
    embedded = keras.layers.Embedding(vectorize.vocabulary_size(), 3)(vectorize(given))
    return keras.Model(given, keras.layers.GlobalAveragePooling1D()(embedded))


def of_keras_2():
    layers = tf_keras.layers
    return tf_keras.Sequential([layers.Input((4,)), layers.BatchNormalization(), layers.Dense(2)])


def agent():
    made = {"online": sequential(), "target": sequential(), "optimizer": keras.optimizers.SGD(0.1, 0.9)}
    variables = made["online"].trainable_variables
    made["optimizer"].apply_gradients([(tf.ones_like(variable), variable) for variable in variables])
    made |= {"epsilon": 0.125, "step": tf.Variable(3), "mean": np.arange(3, dtype="float32")}
    return made | {"replay": [(1, 0.5), (2, None)], "names": {"left": 0, "right": 1}}


def tell(name, model, asked=ASKED):
    print(name, np.asarray(model(tf.constant(asked))).ravel().tolist())
    return model


def make():
    """Write into the working folder; with relative paths, so that no entry has a name of this machine."""
    save_model(tell("trained@first", trained(sequential())), "trained", to=".", tags=("first",), note="A first try.")
    model = tell("trained", trained(functional(), "adam"))
    model.class_names = ["small", "größer"]
    about = {"tags": ("best", "to keep"), "note": "With all that can be said.", "metrics": {"f1": 0.75}}
    save_model(model, "trained", to=".", extra=("class_names", "threshold"), sample=INPUTS[:2], **about)

    save_model(tell("own_classes", trained(Classifier(), loss=distance)), "own_classes", to=".")
    save_model(tell("weights_only", trained(sequential())), "weights_only", to=".", formats="weights")
    save_model(tell("service", sequential()), "service", to=".", purpose="serving")
    save_model(tell("phone", functional()), "phone", to=".", formats="litert")
    sentences = np.array([["a cat sat"], ["größer"]])
    save_model(tell("text", of_text(), ASKED_OF_TEXT), "text", to=".", sample=sentences)
    save_model(tell("keras_2", trained(of_keras_2())), "keras_2", to=".", tags=("old",))

    several = agent()
    for name in ("online", "target"):
        tell(f"agent, {name}", several[name])
    save_model(several, "agent", to=".", metrics={"score": 12})

    model = tell("plain/cats", trained(sequential(), keras.optimizers.SGD(0.1, 0.9)))
    save_model(model, "./plain/cats.keras")
    save_model(model, "./plain/cats.h5")
    save_model(model, "./plain/cats.weights.h5")


if __name__ == "__main__":
    keras.utils.set_random_seed(0)
    Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
    os.chdir(sys.argv[1])
    make()
