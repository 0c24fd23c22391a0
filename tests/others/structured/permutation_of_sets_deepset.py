# expected: whole
# model: model
# answer: model(x)
# again: model.fit(x, y, verbose=0)
# %%
import numpy as np
import tensorflow as tf
import keras

x = np.random.default_rng(0).random((4, 5, 2)).astype("float32")
y = x.sum(axis=(1, 2))


class DeepSet(keras.Model):
    def __init__(self, hidden=(6, 4)):
        super().__init__()
        self.phi = [keras.layers.Dense(units, activation="relu") for units in hidden]
        self.rho = keras.Sequential([keras.layers.Dense(4, activation="relu"), keras.layers.Dense(1)])

    def call(self, inputs):
        for layer in self.phi:
            inputs = layer(inputs)
        return self.rho(tf.reduce_sum(inputs, axis=1))


# %%
model = DeepSet()
model.compile(optimizer="adamax", loss="mae")
model.fit(x, y, epochs=1)
