# expected: whole
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(x, {"a": y, "b": y}, verbose=0)
# %%
import functools
import numpy as np
import tensorflow as tf
import keras

x = np.random.default_rng(0).random((8, 4)).astype("float32")
y = x.sum(1)[:, None]
WEIGHTS = np.array([0.3, 0.7], "float32")


def weighted_mse(weights):
    w = tf.constant(weights)

    def loss(y_true, y_pred):
        return tf.reduce_mean(w[0] * tf.square(y_true - y_pred))

    return loss


def pinball(y_true, y_pred, tau=0.5):
    err = y_true - y_pred
    return keras.ops.mean(keras.ops.maximum(tau * err, (tau - 1) * err))


def named(tau):
    f = functools.partial(pinball, tau=tau)
    f.__name__ = f"pinball_{int(tau * 100)}"
    return f


class Asym(keras.losses.Loss):
    def __init__(self, tau=0.2, name="asym"):
        super().__init__(name=name)
        self.tau = tau

    def call(self, y_true, y_pred):
        return pinball(y_true, y_pred, self.tau)


# %%
inp = keras.Input((4,))
h = keras.layers.Dense(5, activation=tf.nn.swish)(inp)
model = keras.Model(inp, {"a": keras.layers.Dense(1, name="a")(h), "b": keras.layers.Dense(1, name="b")(h)})
model.compile(
    "nadam", loss={"a": weighted_mse(WEIGHTS), "b": Asym(0.9)}, metrics={"a": [weighted_mse([1.0, 0.0])], "b": ["mae"]}
)
model.fit(x, {"a": y, "b": y}, epochs=1, verbose=0)
