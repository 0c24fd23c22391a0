# expected: whole
# model: model
# answer: model.predict(x, verbose=0)
# %%
import numpy as np
import keras
from keras import layers

x = np.random.default_rng(0).random((4, 8)).astype("float32")
model = keras.Sequential([keras.Input((8,)), layers.Dense(8, activation="relu"), layers.Dense(4)])
model.compile("adam", "mse")
model.fit(x, np.zeros((4, 4)), verbose=0)

# %%
model.quantize("int8")
_ = model.predict(x, verbose=0)
