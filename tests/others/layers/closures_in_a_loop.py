# expected: whole
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(x, y, verbose=0)
# %%
import numpy as np
import keras
from keras import layers, ops

x = np.random.default_rng(0).random((8, 3, 4)).astype("float32")
y = x.sum((1, 2))


def crop(dim, start, end):
    def func(x):
        if dim == 1:
            return x[:, start:end]
        return x[:, :, start:end]

    return layers.Lambda(func)


def scaled(factor):
    def act(x):
        return ops.tanh(factor * x)

    return act


# %%
inp = keras.Input((3, 4))
parts = [layers.Flatten()(crop(2, i, i + 2)(inp)) for i in range(3)]
rows = [layers.Flatten()(layers.Lambda(lambda t, i=i: t[:, i] * (i + 1))(inp)) for i in range(2)]
h = layers.Concatenate()(parts + rows)
for factor in (0.5, 1.0, 2.0):
    h = layers.Dense(6, activation=scaled(factor))(h)
model = keras.Model(inp, layers.Dense(1)(h))
model.compile("adam", "mse")
model.fit(x, y, epochs=1, verbose=0)
