# expected: whole
# model: model
# answer: model(x)
# again: model.fit(x, y, verbose=0)
# %%
import numpy as np
import tensorflow as tf
import tf_keras as keras

x, y = np.ones((4, 3), "float32"), np.zeros((4, 2), "float32")


class Block(keras.layers.Layer):
    def __init__(self, units=4, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        self.w = self.add_weight(name="w", shape=(input_shape[-1], self.units), initializer="random_normal")

    def call(self, inputs):
        return tf.nn.relu(inputs @ self.w)

    def get_config(self):
        return {**super().get_config(), "units": self.units}


inputs = keras.Input((3,))
model = keras.Model(inputs, keras.layers.Dense(2)(Block(5)(inputs)))

# %%
model.compile(keras.optimizers.legacy.SGD(0.1, momentum=0.9), "mse")
model.fit(x, y, epochs=1)
