# expected: whole
# model: residual_lstm
# answer: residual_lstm(x)
# again: residual_lstm.fit(x, x, verbose=0)
# %%
import numpy as np
import tensorflow as tf

x = np.random.default_rng(0).random((4, 5, 2)).astype("float32")


class ResidualWrapper(tf.keras.Model):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def call(self, inputs, *args, **kwargs):
        delta = self.model(inputs, *args, **kwargs)
        return inputs + delta


residual_lstm = ResidualWrapper(
    tf.keras.Sequential(
        [
            tf.keras.layers.LSTM(4, return_sequences=True),
            tf.keras.layers.Dense(2, kernel_initializer=tf.initializers.zeros()),
        ]
    )
)

# %%
residual_lstm.compile(loss=tf.keras.losses.MeanSquaredError(), optimizer=tf.keras.optimizers.Adam(), metrics=["mae"])
history = residual_lstm.fit(x, x, epochs=1)
