# expected: partial: a loss made by functools.partial, which Keras cannot write
# model: model
# answer: model(x)
# again: model.fit(x, y, verbose=0)
# %%
import functools

import numpy as np
import tensorflow as tf

x = np.linspace(-2, 2, 8)[:, None].astype("float32")
y = x**3


class DenseNormalGamma(tf.keras.layers.Layer):
    def __init__(self, units):
        super(DenseNormalGamma, self).__init__()
        self.units = int(units)
        self.dense = tf.keras.layers.Dense(4 * self.units, activation=None)

    def evidence(self, x):
        return tf.nn.softplus(x)

    def call(self, x):
        output = self.dense(x)
        mu, logv, logalpha, logbeta = tf.split(output, 4, axis=-1)
        v, alpha, beta = self.evidence(logv), self.evidence(logalpha) + 1, self.evidence(logbeta)
        return tf.concat([mu, v, alpha, beta], axis=-1)


def NIG_NLL(y, gamma, v, alpha, beta):
    twoBlambda = 2 * beta * (1 + v)
    nll = (
        0.5 * tf.math.log(np.pi / v)
        - alpha * tf.math.log(twoBlambda)
        + (alpha + 0.5) * tf.math.log(v * (y - gamma) ** 2 + twoBlambda)
        + tf.math.lgamma(alpha)
        - tf.math.lgamma(alpha + 0.5)
    )
    return tf.reduce_mean(nll)


def EvidentialRegressionLoss(true, pred, coeff=1.0):
    gamma, v, alpha, beta = tf.split(pred, 4, axis=-1)
    loss_nll = NIG_NLL(true, gamma, v, alpha, beta)
    loss_reg = tf.reduce_mean(tf.abs(true - gamma) * (2 * v + alpha))
    return loss_nll + coeff * loss_reg


# %%
model = tf.keras.Sequential(
    [
        tf.keras.layers.Dense(8, activation="relu"),
        tf.keras.layers.Dense(8, activation="relu"),
        DenseNormalGamma(1),
    ]
)
model.compile(optimizer=tf.keras.optimizers.Adam(5e-4), loss=functools.partial(EvidentialRegressionLoss, coeff=1e-2))
model.fit(x, y, batch_size=4, epochs=2)
