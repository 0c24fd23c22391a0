# expected: whole
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(x, [y, y, y], verbose=0)
# %%
import numpy as np
import keras
from keras import layers, ops

x = np.random.default_rng(0).random((16, 3)).astype("float32")
y = x.sum(axis=1, keepdims=True)
quantiles = [0.1, 0.5, 0.9]


def tilted_loss(q):
    return lambda y, f: ops.mean(ops.maximum(q * (y - f), (q - 1) * (y - f)), axis=-1)


inputs = keras.Input((3,))
hidden = layers.Dense(6, activation="relu")(inputs)
outputs = [layers.Dense(1, name=f"q{int(q * 100)}")(hidden) for q in quantiles]
model = keras.Model(inputs, outputs)

# %%
model.compile(optimizer="nadam", loss=[tilted_loss(q) for q in quantiles], loss_weights=[1.0, 2.0, 1.0])
model.fit(x, [y, y, y], epochs=1)
