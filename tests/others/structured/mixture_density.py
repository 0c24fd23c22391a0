# expected: whole
# model: mdn
# answer: mdn(X)
# again: mdn.fit(X, Y, verbose=0)
# %%
import numpy as np
import tensorflow as tf
import keras

X = np.random.default_rng(0).random((32, 1)).astype("float32")
Y = np.sin(3 * X) + 0.1
K_MIX = 3


def nll(y_true, params):
    mu, log_sigma, logits = tf.split(params, 3, axis=-1)
    sigma = tf.exp(log_sigma)
    lp = -0.5 * tf.square((y_true - mu) / sigma) - log_sigma
    return -tf.reduce_logsumexp(lp + tf.nn.log_softmax(logits), axis=-1)


# %%
mdn = keras.Sequential(
    [
        keras.layers.Input((1,)),
        keras.layers.Dense(8, activation=tf.nn.silu),
        keras.layers.Dense(
            3 * K_MIX,
            kernel_initializer=keras.initializers.RandomNormal(stddev=0.01),
            bias_constraint=keras.constraints.MaxNorm(2),
        ),
    ]
)
mdn.compile(optimizer=keras.optimizers.Adam(keras.optimizers.schedules.ExponentialDecay(0.01, 100, 0.9)), loss=nll)
mdn.fit(X, Y, epochs=2, verbose=0)
