# expected: refused: tf_keras writes its lambda as bytecode
# needs: tensorflow_probability tf_keras
# model: model
# answer: model(x).mean()
# again: model.fit(x, y, verbose=0)
# %%
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp
import tf_keras

tfd = tfp.distributions

rng = np.random.default_rng(0)
x = rng.random((8, 3)).astype("float32")
y = rng.random((8, 1)).astype("float32")


# %%
model = tf_keras.Sequential(
    [
        tf_keras.layers.Dense(8, activation="relu"),
        tf_keras.layers.Dense(2),
        tfp.layers.DistributionLambda(
            lambda t: tfd.Normal(loc=t[..., :1], scale=1e-3 + tf.math.softplus(0.05 * t[..., 1:]))
        ),
    ]
)
model.compile(optimizer=tf_keras.optimizers.Adam(0.01), loss=lambda y, rv_y: -rv_y.log_prob(y))
model.fit(x, y, verbose=0)
