# expected: partial: the functions in its config are not read as functions
# needs: tensorflow_probability tf_keras
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(x, y, verbose=0)
# random: weights
# %%
import numpy as np
import tensorflow_probability as tfp
import tf_keras

rng = np.random.default_rng(0)
x = rng.random((8, 3)).astype("float32")
y = rng.random((8, 1)).astype("float32")


# %%
model = tf_keras.Sequential(
    [tf_keras.Input((3,)), tfp.layers.DenseFlipout(4, activation="relu"), tfp.layers.DenseReparameterization(1)]
)
model.compile(tf_keras.optimizers.Adam(0.01), "mse")
model.fit(x, y, verbose=0)
