# expected: whole
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(x, y, verbose=0)
# %%
import numpy as np
import tensorflow as tf
from tensorflow import keras

x, y = np.random.default_rng(0).random((6, 2)).astype("float32"), np.arange(6) % 2


def rk4_step(func, t, dt, state):
    k1 = func(t, state)
    k2 = func(t + dt / 2, state + dt * k1 / 2)
    k3 = func(t + dt / 2, state + dt * k2 / 2)
    k4 = func(t + dt, state + dt * k3)
    return state + dt * (k1 + 2 * k2 + 2 * k3 + k4) / 6


SOLVERS = {"rk4": rk4_step, "euler": lambda func, t, dt, state: state + dt * func(t, state)}


class ODEFunc(keras.layers.Layer):
    def __init__(self, dim, hidden):
        super().__init__()
        self.net = [keras.layers.Dense(hidden, activation="tanh"), keras.layers.Dense(dim)]

    def call(self, t, h):
        h = tf.concat([h, tf.ones_like(h[:, :1]) * t], axis=-1)
        for layer in self.net:
            h = layer(h)
        return h


class NeuralODE(keras.layers.Layer):
    def __init__(self, func, solver="rk4", t=np.linspace(0, 1, 4)):
        super().__init__()
        self.func = func
        self.solver = SOLVERS[solver]
        self.t = t

    def call(self, h):
        for t0, t1 in zip(self.t[:-1], self.t[1:]):
            h = self.solver(self.func, tf.constant(t0, tf.float32), tf.constant(t1 - t0, tf.float32), h)
        return h


# %%
model = keras.Sequential([keras.layers.Dense(4), NeuralODE(ODEFunc(4, 6)), keras.layers.Dense(1, "sigmoid")])
model.compile(optimizer=keras.optimizers.RMSprop(1e-2), loss="binary_crossentropy")
model.fit(x, y, epochs=1)
