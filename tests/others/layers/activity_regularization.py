# expected: whole
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(x, y, verbose=0)
# %%
import numpy as np
import keras
from keras import layers, ops

x, y = np.random.default_rng(0).random((4, 3)).astype("float32"), np.zeros((4, 1), "float32")


class ActivityRegularizationLayer(keras.layers.Layer):
    def __init__(self, rate=1e-2):
        super().__init__()
        self.rate = rate

    def call(self, inputs):
        self.add_loss(self.rate * ops.mean(inputs))
        return inputs


# %%
inputs = keras.Input(shape=(3,))
z = layers.Dense(
    4, kernel_regularizer=keras.regularizers.L1L2(1e-3, 1e-4), kernel_constraint=keras.constraints.MaxNorm(2)
)(inputs)
z = ActivityRegularizationLayer(0.05)(z)
model = keras.Model(inputs, layers.Dense(1)(z))
model.compile(optimizer="sgd", loss="mse")
model.fit(x, y, epochs=1)
