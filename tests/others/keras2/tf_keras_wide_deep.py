# expected: whole
# model: model
# answer: model.predict([wide_x, deep_x], verbose=0)
# again: model.fit([wide_x, deep_x], y, verbose=0)
# %%
import numpy as np
import tf_keras as keras

rng = np.random.default_rng(0)
wide_x, deep_x, y = rng.random((4, 3)).astype("float32"), rng.random((4, 5)).astype("float32"), rng.random((4, 1))
wide = keras.experimental.LinearModel()
deep = keras.Sequential([keras.layers.Dense(4, activation="relu"), keras.layers.Dense(1)])
model = keras.experimental.WideDeepModel(wide, deep)
model.compile(optimizer=["sgd", "adam"], loss="mse", metrics=["mse"])
model.fit([wide_x, deep_x], y, epochs=1, verbose=0)
