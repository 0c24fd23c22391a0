# expected: whole
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(x, y, verbose=0)
# %%
from collections import namedtuple

import numpy as np
import tensorflow as tf
from tensorflow.keras.layers import Add, Concatenate, Dense, Embedding, Flatten, Input, Layer
from tensorflow.keras.models import Model

SparseFeat = namedtuple("SparseFeat", ["name", "vocabulary_size", "embedding_dim"])
columns = [SparseFeat("user", 5, 3), SparseFeat("item", 6, 3), SparseFeat("city", 4, 3)]
rng = np.random.default_rng(0)
x = {c.name: rng.integers(0, c.vocabulary_size, (6, 1)) for c in columns}
y = rng.integers(0, 2, (6, 1))


class CIN(Layer):
    def __init__(self, layer_size=(4, 4), activation="relu", split_half=True, l2_reg=1e-5, seed=1024, **kwargs):
        if len(layer_size) == 0:
            raise ValueError("layer_size must be a list(tuple) of length greater than 1")
        self.layer_size = layer_size
        self.split_half = split_half
        self.activation = activation
        self.l2_reg = l2_reg
        self.seed = seed
        super(CIN, self).__init__(**kwargs)

    def build(self, input_shape):
        self.field_nums = [int(input_shape[1])]
        self.filters, self.bias = [], []
        for i, size in enumerate(self.layer_size):
            self.filters.append(
                self.add_weight(
                    name="filter" + str(i),
                    shape=[1, self.field_nums[-1] * self.field_nums[0], size],
                    initializer=tf.keras.initializers.glorot_uniform(seed=self.seed + i),
                    regularizer=tf.keras.regularizers.l2(self.l2_reg),
                )
            )
            self.bias.append(self.add_weight(name="bias" + str(i), shape=[size], initializer="zeros"))
            half = self.split_half and i != len(self.layer_size) - 1
            self.field_nums.append(size // 2 if half else size)
        self.activation_layers = [tf.keras.activations.get(self.activation) for _ in self.layer_size]
        super(CIN, self).build(input_shape)

    def call(self, inputs, **kwargs):
        dim = int(inputs.shape[-1])
        hidden_nn_layers, final_result = [inputs], []
        split0 = tf.split(hidden_nn_layers[0], dim * [1], 2)
        for idx, size in enumerate(self.layer_size):
            split = tf.split(hidden_nn_layers[-1], dim * [1], 2)
            dot = tf.matmul(split0, split, transpose_b=True)
            dot = tf.reshape(dot, [dim, -1, self.field_nums[0] * self.field_nums[idx]])
            out = tf.nn.conv1d(tf.transpose(dot, [1, 0, 2]), filters=self.filters[idx], stride=1, padding="VALID")
            out = tf.transpose(self.activation_layers[idx](tf.nn.bias_add(out, self.bias[idx])), [0, 2, 1])
            if self.split_half and idx != len(self.layer_size) - 1:
                next_hidden, direct = tf.split(out, 2 * [size // 2], 1)
            else:
                direct, next_hidden = out, 0
            final_result.append(direct)
            hidden_nn_layers.append(next_hidden)
        return tf.reduce_sum(tf.concat(final_result, axis=1), -1)


class PredictionLayer(Layer):
    def build(self, input_shape):
        self.global_bias = self.add_weight(shape=(1,), initializer="zeros", name="global_bias")

    def call(self, x):
        return tf.sigmoid(x + self.global_bias)


# %%
inputs = {c.name: Input((1,), name=c.name, dtype="int32") for c in columns}
linear = Add()([Flatten()(Embedding(c.vocabulary_size, 1)(inputs[c.name])) for c in columns])
embeddings = [
    Embedding(c.vocabulary_size, c.embedding_dim, name="sparse_emb_" + c.name)(inputs[c.name]) for c in columns
]
stacked = Concatenate(axis=1)(embeddings)
dnn = Dense(1, use_bias=False)(Dense(8, activation="relu")(Flatten()(stacked)))
cin = Dense(1, use_bias=False)(CIN()(stacked))
model = Model(inputs=inputs, outputs=PredictionLayer()(Add()([linear, dnn, cin])))
model.compile("adam", "binary_crossentropy", metrics=["binary_crossentropy"])
model.fit(x, y, epochs=1)
