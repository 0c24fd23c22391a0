# expected: whole
# model: model
# answer: model.predict(windows, verbose=0)
# again: model.fit(windows, horizon, verbose=0)
# %%
import numpy as np
import tensorflow as tf
from tensorflow.keras import layers

HORIZON, WINDOW_SIZE, N_NEURONS, N_LAYERS, N_STACKS = 1, 7, 8, 2, 3
series = np.sin(np.arange(30) / 3).astype("float32")
windows = np.stack([series[i : i + WINDOW_SIZE] for i in range(20)])
horizon = np.stack([series[i + WINDOW_SIZE : i + WINDOW_SIZE + HORIZON] for i in range(20)])


class NBeatsBlock(tf.keras.layers.Layer):
    def __init__(self, input_size: int, theta_size: int, horizon: int, n_neurons: int, n_layers: int, **kwargs):
        super().__init__(**kwargs)
        self.input_size = input_size
        self.theta_size = theta_size
        self.horizon = horizon
        self.n_neurons = n_neurons
        self.n_layers = n_layers
        self.hidden = [tf.keras.layers.Dense(n_neurons, activation="relu") for _ in range(n_layers)]
        self.theta_layer = tf.keras.layers.Dense(theta_size, activation="linear", name="theta")

    def call(self, inputs):
        x = inputs
        for layer in self.hidden:
            x = layer(x)
        theta = self.theta_layer(x)
        backcast, forecast = theta[:, : self.input_size], theta[:, -self.horizon :]
        return backcast, forecast


# %%
tf.random.set_seed(42)
nbeats_block_layer = NBeatsBlock(WINDOW_SIZE, WINDOW_SIZE + HORIZON, HORIZON, N_NEURONS, N_LAYERS, name="InitialBlock")
stack_input = layers.Input(shape=(WINDOW_SIZE,), name="stack_input")
backcast, forecast = nbeats_block_layer(stack_input)
residuals = layers.subtract([stack_input, backcast], name="subtract_00")
for i, _ in enumerate(range(N_STACKS - 1)):
    backcast, block_forecast = NBeatsBlock(
        input_size=WINDOW_SIZE,
        theta_size=WINDOW_SIZE + HORIZON,
        horizon=HORIZON,
        n_neurons=N_NEURONS,
        n_layers=N_LAYERS,
        name=f"NBeatsBlock_{i}",
    )(residuals)
    residuals = layers.subtract([residuals, backcast], name=f"subtract_{i}")
    forecast = layers.add([forecast, block_forecast], name=f"add_{i}")
model = tf.keras.Model(inputs=stack_input, outputs=forecast, name="model_7_N-BEATS")
model.compile(loss="mae", optimizer=tf.keras.optimizers.Adam(0.001), metrics=["mae", "mse"])
early = tf.keras.callbacks.EarlyStopping(monitor="loss", patience=2, restore_best_weights=True)
model.fit(windows, horizon, epochs=2, batch_size=8, verbose=0, callbacks=[early])
