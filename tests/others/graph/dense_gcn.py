# expected: whole
# model: model
# answer: model.predict([features, adjacency], verbose=0)
# again: model.fit([features, adjacency], labels, verbose=0)
# %%
import numpy as np
import tensorflow as tf
import keras

rng = np.random.default_rng(0)
features = rng.random((2, 5, 3)).astype("float32")
adjacency = (rng.random((2, 5, 5)) > 0.5).astype("float32")
labels = rng.integers(0, 2, (2, 5))


class GCN(keras.layers.Layer):
    """Kipf and Welling, on dense matrices."""

    def __init__(self, channels, activation=None, use_bias=True, **kwargs):
        super().__init__(**kwargs)
        self.channels = channels
        self.activation = keras.activations.get(activation)
        self.use_bias = use_bias

    def build(self, input_shape):
        self.kernel = self.add_weight(name="kernel", shape=(input_shape[0][-1], self.channels))
        if self.use_bias:
            self.bias = self.add_weight(name="bias", shape=(self.channels,), initializer="zeros")

    def call(self, inputs):
        x, a = inputs
        a = a + tf.eye(a.shape[-1])
        d = tf.math.rsqrt(tf.reduce_sum(a, -1, keepdims=True))
        out = tf.matmul(d * a * tf.linalg.matrix_transpose(d), tf.matmul(x, self.kernel))
        return self.activation(out + self.bias if self.use_bias else out)

    def get_config(self):
        return {
            **super().get_config(),
            "channels": self.channels,
            "activation": keras.activations.serialize(self.activation),
            "use_bias": self.use_bias,
        }


# %%
x_in, a_in = keras.Input((5, 3)), keras.Input((5, 5))
h = GCN(4, activation="relu")([x_in, a_in])
model = keras.Model([x_in, a_in], GCN(2, activation="softmax")([h, a_in]))
model.compile("adam", "sparse_categorical_crossentropy", weighted_metrics=["acc"])
model.fit([features, adjacency], labels, sample_weight=np.ones((2, 5)), epochs=1)
