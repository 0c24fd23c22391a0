# expected: whole
# model: model
# answer: model(x)
# again: model.fit(x, y, verbose=0)
# %%
import numpy as np
import keras
from keras import layers, ops

x, y = np.ones((4, 3), "float32"), np.zeros((4, 1), "float32")


class Linear(keras.layers.Layer):
    def __init__(self, units=32, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        self.w = self.add_weight(shape=(input_shape[-1], self.units), initializer="random_normal", trainable=True)
        self.b = self.add_weight(shape=(self.units,), initializer="random_normal", trainable=True)

    def call(self, inputs):
        return ops.matmul(inputs, self.w) + self.b

    def get_config(self):
        config = super().get_config()
        config.update({"units": self.units})
        return config


# %%
class MLPBlock(keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.linear_1 = Linear(4)
        self.linear_2 = Linear(4)
        self.linear_3 = Linear(1)

    def call(self, inputs):
        x = keras.activations.relu(self.linear_1(inputs))
        x = keras.activations.relu(self.linear_2(x))
        return self.linear_3(x)


inputs = keras.Input((3,))
model = keras.Model(inputs, MLPBlock()(inputs))
model.compile("sgd", "mse")
model.fit(x, y, epochs=1)
