# expected: whole
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(x, y, verbose=0)
# %%
import numpy as np
import keras
from keras import ops

x, y = np.random.default_rng(0).random((4, 5, 3)).astype("float32"), np.zeros((4, 2), "float32")


class MinimalRNNCell(keras.layers.Layer):
    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.state_size = units

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), initializer="uniform", name="kernel")
        self.recurrent_kernel = self.add_weight(
            shape=(self.units, self.units), initializer="uniform", name="recurrent_kernel"
        )

    def call(self, inputs, states):
        prev_output = states[0]
        h = ops.matmul(inputs, self.kernel)
        output = h + ops.matmul(prev_output, self.recurrent_kernel)
        return output, [output]

    def get_config(self):
        return {**super().get_config(), "units": self.units}


# %%
inputs = keras.Input((None, 3))
z = keras.layers.RNN([MinimalRNNCell(4), MinimalRNNCell(3)], return_sequences=True)(inputs)
z = keras.layers.TimeDistributed(keras.layers.Dense(2))(z)
model = keras.Model(inputs, keras.layers.RNN(MinimalRNNCell(2), go_backwards=True)(z))
model.compile("adam", "mse")
model.fit(x, y, epochs=1)
