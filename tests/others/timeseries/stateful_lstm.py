# expected: whole
# model: model
# answer: model.get_config()["layers"][0]["config"]["batch_shape"]
# again: model.fit(x, y, batch_size=2, shuffle=False, verbose=0)
# %%
import numpy as np
import keras

x = np.random.default_rng(0).random((4, 3, 1)).astype("float32")
y = x.mean(axis=1)
model = keras.Sequential(
    [keras.Input(batch_shape=(2, 3, 1)), keras.layers.LSTM(3, stateful=True), keras.layers.Dense(1)]
)
model.compile(loss="mse", optimizer=keras.optimizers.RMSprop(0.01))

# %%
for _ in range(2):
    model.fit(x, y, epochs=1, batch_size=2, shuffle=False, verbose=0)
