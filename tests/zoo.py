"""Small models of every kind that the save line promises; each call makes a fresh one."""

from __future__ import annotations

import os
import warnings

import keras
import numpy as np
import tensorflow as tf

HERE = os.getpid()


def elsewhere():
    """Return 0 in this process and 1 in any other: what depends on it never comes back as it was."""
    return float(os.getpid() != HERE)


def trained(model, inputs, targets, optimizer="adam", **arguments):
    model.compile(optimizer, "mse", **arguments)
    return fitted(model, inputs, targets)


def fitted(model, inputs, targets):
    """Train for a step, which is not traced first: that takes most of the time."""
    tf.config.run_functions_eagerly(True)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Even though the `tf.config.experimental_run_functions_eagerly`")
            model.fit(inputs, targets, verbose=0)
    finally:
        tf.config.run_functions_eagerly(False)
    return model


def rows(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype("float32")


def sequential():
    layers = [keras.Input((4,)), keras.layers.Dense(3, activation="relu"), keras.layers.BatchNormalization()]
    model = keras.Sequential([*layers, keras.layers.Dropout(0.5), keras.layers.Dense(2)])
    return trained(model, rows(8, 4), rows(8, 2), metrics=["mae"])


def untrained():
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])


def compiled_untrained():
    model = untrained()
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), keras.losses.Huber(2.0))
    return model


def convolutional():
    layers = [keras.Input((None, None, 1)), keras.layers.Conv2D(2, 3), keras.layers.GlobalMaxPooling2D()]
    return keras.Sequential([*layers, keras.layers.Dense(3, activation="softmax")])


def many_inputs():
    left, right = keras.Input((3,), name="left"), keras.Input((2,), dtype="int32", name="right")
    dense = keras.layers.Dense(4, name="dense_of_left")(left)
    embedded = keras.layers.Flatten()(keras.layers.Embedding(5, 2)(right))
    joined = keras.layers.Concatenate()([dense, embedded])
    outputs = {"score": keras.layers.Dense(1)(joined), "parts": [dense, embedded]}
    return keras.Model({"left": left, "right": right}, outputs)


def list_of_inputs():
    one, two = keras.Input((3,), name="one"), keras.Input((3,), name="two")
    model = keras.Model([one, two], [keras.layers.Add()([one, two]), keras.layers.Dense(2, name="head")(two)])
    model.compile("adam", ["mse", "mae"])
    return fitted(model, [rows(4, 3), rows(4, 3)], [rows(4, 3), rows(4, 2)])


def text():
    vectorize = keras.layers.TextVectorization(output_sequence_length=4)
    vectorize.adapt(["the cat sat", "a dog ran", "the dog sat"])
    inputs = keras.Input((1,), dtype="string", name="sentence")
    embedded = keras.layers.Embedding(vectorize.vocabulary_size(), 3)(vectorize(inputs))
    return keras.Model(inputs, keras.layers.GlobalAveragePooling1D()(embedded))


def tabular():
    normal = keras.layers.Normalization()
    normal.adapt(rows(16, 2))
    lookup = keras.layers.StringLookup(vocabulary=["red", "green"], output_mode="one_hot")
    number, colour = keras.Input((2,), name="number"), keras.Input((1,), dtype="string", name="colour")
    joined = keras.layers.Concatenate()([normal(number), lookup(colour)])
    return keras.Model({"number": number, "colour": colour}, keras.layers.Dense(1, name="price")(joined))


def nested():
    encoder = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(3), keras.layers.LayerNormalization()], name="enc"
    )
    inputs = keras.Input((4,))
    return trained(keras.Model(inputs, keras.layers.Dense(2)(encoder(inputs))), rows(8, 4), rows(8, 2))


def mixed_precision():
    policy = keras.mixed_precision.Policy("mixed_float16")
    layers = [keras.Input((4,)), keras.layers.Dense(3, dtype=policy), keras.layers.Dense(2, dtype="float32")]
    return trained(keras.Sequential(layers), rows(8, 4), rows(8, 2))


def bfloat16_outputs():
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, dtype="mixed_bfloat16")])


def recurrent():
    layers = [keras.Input((None, 3)), keras.layers.Bidirectional(keras.layers.LSTM(2)), keras.layers.Dense(1)]
    return trained(keras.Sequential(layers), rows(4, 5, 3), rows(4, 1))


def scheduled():
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)
    return trained(untrained(), rows(8, 4), rows(8, 2), keras.optimizers.Adam(schedule))


class Sampling(keras.layers.Layer):
    """Random at inference, by a seed that Keras tracks."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seeds = keras.random.SeedGenerator(7)

    def call(self, inputs):
        return inputs + keras.random.normal(keras.ops.shape(inputs), seed=self.seeds)


class Noise(keras.layers.Layer):
    """Random at inference, by TensorFlow's global seed."""

    def call(self, inputs):
        return inputs + tf.random.normal(tf.shape(inputs))


class Scale(keras.layers.Layer):
    def __init__(self, factor=1.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def build(self, shape):
        self.gain = self.add_weight(name="gain", shape=(shape[-1],), initializer="ones")

    def call(self, inputs):
        return inputs * self.gain * self.factor

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


class Classifier(keras.Model):
    """Subclassed, with a list, a nested model and an inner block."""

    def __init__(self, units=3, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.scale = Scale(2.0)
        self.blocks = [keras.layers.Dense(units, activation="relu") for _ in range(2)]
        self.head = keras.Sequential([keras.layers.Dense(4), keras.layers.Dense(2)])

    def call(self, inputs, training=False):
        for block in self.blocks:
            inputs = block(inputs)
        return self.head(self.scale(inputs))

    def get_config(self):
        return {**super().get_config(), "units": self.units}


def subclassed():
    return trained(Classifier(), rows(8, 4), rows(8, 2))


class Counter(tf.Module):
    def __init__(self):
        super().__init__()
        self.weight = tf.Variable([[1.0], [2.0]])
        self.parts = [tf.Variable(3.0), tf.Variable(4.0)]

    @tf.function(input_signature=[tf.TensorSpec((None, 2), tf.float32, name="x")])
    def __call__(self, x):
        return {"y": tf.matmul(x, self.weight) + self.parts[0]}

    @tf.function(input_signature=[tf.TensorSpec((), tf.float32, name="by")])
    def grow(self, by):
        return self.parts[1] + by


MODELS = {
    make.__name__: make
    for make in (
        sequential,
        untrained,
        compiled_untrained,
        convolutional,
        many_inputs,
        list_of_inputs,
        text,
        tabular,
        nested,
        mixed_precision,
        bfloat16_outputs,
        recurrent,
        scheduled,
    )
}
"""Models that Keras rebuilds without any code of the user's."""
