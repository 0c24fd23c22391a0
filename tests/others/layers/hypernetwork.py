# expected: whole
# model: model
# answer: model([x, task])
# again: model.fit([x, task], y, verbose=0)
# %%
import numpy as np
import tensorflow as tf
from tensorflow.keras import layers

rng = np.random.default_rng(0)
x, task = rng.random((6, 3)).astype("float32"), rng.integers(0, 2, (6,))
y = x.sum(1, keepdims=True) * (1 + task[:, None])


class HyperDense(layers.Layer):
    """A dense layer, the weights of which another network makes for each row."""

    def __init__(self, in_units, units, hyper: layers.Layer):
        super().__init__()
        self.in_units = in_units
        self.units = units
        self.hyper = hyper
        self.to_kernel = layers.Dense(in_units * units)
        self.to_bias = layers.Dense(units)

    def call(self, inputs):
        x, z = inputs
        z = self.hyper(z)
        kernel = tf.reshape(self.to_kernel(z), (-1, self.in_units, self.units))
        return tf.einsum("bi,bio->bo", x, kernel) + self.to_bias(z)


class HyperNet(tf.keras.Model):
    def __init__(self, sizes, tasks):
        super().__init__()
        self.embed = layers.Embedding(tasks, 4)
        trunk = layers.Dense(6, activation="tanh")
        self.stack = {f"layer_{i}": HyperDense(a, b, trunk) for i, (a, b) in enumerate(zip(sizes, sizes[1:]))}

    def call(self, inputs):
        x, task = inputs
        z = self.embed(task)
        for i in range(len(self.stack)):
            x = self.stack[f"layer_{i}"]([x, z])
            if i < len(self.stack) - 1:
                x = tf.nn.relu(x)
        return x


# %%
model = HyperNet([3, 5, 1], tasks=2)
model.compile(optimizer="adam", loss="mse", run_eagerly=True)
model.fit([x, task], y, epochs=2)
