# expected: partial: its config has no functions that make the distributions
# needs: tensorflow_probability tf_keras
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(x, y, verbose=0)
# random: weights
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
def posterior_mean_field(kernel_size, bias_size=0, dtype=None):
    n = kernel_size + bias_size
    c = np.log(np.expm1(1.0))
    return tf_keras.Sequential(
        [
            tfp.layers.VariableLayer(2 * n, dtype=dtype),
            tfp.layers.DistributionLambda(
                lambda t: tfd.Independent(
                    tfd.Normal(loc=t[..., :n], scale=1e-5 + tf.nn.softplus(c + t[..., n:])), reinterpreted_batch_ndims=1
                )
            ),
        ]
    )


def prior_trainable(kernel_size, bias_size=0, dtype=None):
    n = kernel_size + bias_size
    return tf_keras.Sequential(
        [
            tfp.layers.VariableLayer(n, dtype=dtype),
            tfp.layers.DistributionLambda(
                lambda t: tfd.Independent(tfd.Normal(loc=t, scale=1), reinterpreted_batch_ndims=1)
            ),
        ]
    )


model = tf_keras.Sequential(
    [tfp.layers.DenseVariational(4, posterior_mean_field, prior_trainable, kl_weight=1 / 8), tf_keras.layers.Dense(1)]
)
model.compile(tf_keras.optimizers.Adam(0.01), "mse")
model.fit(x, y, verbose=0)
