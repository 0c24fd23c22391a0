"""Small models of Keras 2 of every kind that old files hold; each call makes a fresh one."""

from __future__ import annotations

import warnings

import tensorflow as tf

with warnings.catch_warnings(action="ignore"):  # it imports what TensorFlow has deprecated
    import tf_keras

from tests.zoo import rows

layers = tf_keras.layers


def trained(model, optimizer="adam", loss="mse", metrics=("mae",)):
    model.compile(optimizer, loss, metrics=list(metrics))
    model.fit(rows(8, 4), rows(8, 2), verbose=0)
    return model


def sequential():
    stack = [layers.Input((4,)), layers.Dense(3, activation="relu"), layers.BatchNormalization(), layers.LeakyReLU(0.2)]
    return trained(tf_keras.Sequential([*stack, layers.Dropout(0.5), layers.Dense(2)]))


def nested():
    inner = tf_keras.Sequential([layers.Input((4,)), layers.Dense(4)], name="inner")
    given = layers.Input((4,), name="given")
    return trained(tf_keras.Model(given, layers.Dense(2, name="head")(inner(inner(given)))))


def many_inputs():
    left, right = layers.Input((3,), name="left"), layers.Input((2,), dtype="int32", name="right")
    dense = layers.Dense(4)(left)
    embedded = layers.Flatten()(layers.Embedding(5, 2)(right))
    outputs = {"score": layers.Dense(1)(layers.Concatenate()([dense, embedded])), "parts": [dense, embedded]}
    return tf_keras.Model({"left": left, "right": right}, outputs)


def recurrent():
    cells = layers.RNN([layers.LSTMCell(2), layers.GRUCell(3)], return_sequences=True)
    both = layers.Bidirectional(layers.LSTM(2, return_sequences=True))
    stack = [layers.Input((5, 3)), both, layers.GRU(3, return_sequences=True), cells]
    return tf_keras.Sequential([*stack, layers.TimeDistributed(layers.Dense(2)), layers.SimpleRNN(2)])


def text():
    vectorize = layers.TextVectorization(output_sequence_length=4)
    vectorize.adapt(["the cat sat", "a dog ran"])
    given = layers.Input((1,), dtype="string", name="sentence")
    embedded = layers.Embedding(vectorize.vocabulary_size(), 3)(vectorize(given))
    return tf_keras.Model(given, layers.GlobalAveragePooling1D()(embedded))


def tabular():
    normal = layers.Normalization()
    normal.adapt(rows(16, 2))
    lookup = layers.StringLookup(vocabulary=["red", "green"], output_mode="one_hot")
    number, colour = layers.Input((2,), name="number"), layers.Input((1,), dtype="string", name="colour")
    joined = layers.Concatenate()([normal(number), lookup(colour)])
    return tf_keras.Model([number, colour], layers.Dense(1)(joined))


def operations():
    given = layers.Input((3,))
    moved = tf.nn.relu(given + 1.0)
    one, other = layers.Reshape((3, 1))(given), layers.Reshape((3, 1))(moved)
    seen = layers.MultiHeadAttention(2, 2)(one, value=other)
    return tf_keras.Model(given, [tf.concat([moved, moved[:, 1:]], -1), tf.reduce_mean(seen * 2, axis=1)])


def of_a_function():
    return tf_keras.Sequential([layers.Input((4,)), layers.Lambda(triple), layers.Dense(2)])


def triple(inputs):
    return inputs * 3


def mixed_precision():
    stack = [layers.Input((4,)), layers.Dense(3, dtype="mixed_float16"), layers.Dense(2, dtype="float32")]
    return tf_keras.Sequential(stack)


def frozen():
    model = sequential()
    model.layers[0].trainable = False
    return trained(model)


def of_old_optimizer():
    model = tf_keras.Sequential([layers.Input((4,)), layers.Dense(2)])
    return trained(model, tf_keras.optimizers.legacy.Adam(0.01, decay=0.1), tf_keras.losses.Huber(2.0))


class Scale(tf_keras.layers.Layer):
    def build(self, shape):
        self.gain = self.add_weight(name="gain", shape=(shape[-1],), initializer="ones")

    def call(self, inputs):
        return inputs * self.gain


class Classifier(tf_keras.Model):
    """Subclassed, with a list, a dict, a nested model, a layer of its own and a metric."""

    def __init__(self, units=3, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.scale = Scale()
        self.blocks = [layers.Dense(units) for _ in range(2)]
        self.heads = {"last": tf_keras.Sequential([layers.Dense(4), layers.Dense(2)])}
        self.tracker = tf_keras.metrics.Mean(name="tracker")

    def call(self, inputs, training=False):
        for block in self.blocks:
            inputs = block(inputs)
        return self.heads["last"](self.scale(inputs))

    def get_config(self):
        return {"units": self.units}


def subclassed():
    return trained(Classifier())


GRAPHS = {
    make.__name__: make
    for make in (sequential, nested, many_inputs, recurrent, text, tabular, operations, mixed_precision, frozen)
}
"""Models that a config rebuilds without any code of the user's."""
