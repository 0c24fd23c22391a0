# expected: whole
# model: model
# answer: model.predict(X, verbose=0)
# again: model.fit(X, [y, y, y], verbose=0)
# %%
import numpy as np
import keras
import keras.ops as K

X = np.random.default_rng(0).random((16, 3))
y = X.sum(1)
quantiles = [0.1, 0.5, 0.9]


def quantile_loss(q):
    def loss(y_true, y_pred):
        e = y_true - y_pred
        return K.mean(K.maximum(q * e, (q - 1) * e), axis=-1)

    return loss


# %%
inp = keras.Input((3,))
h = keras.layers.Dense(8, "relu")(inp)
outs = [keras.layers.Dense(1, name=f"q{int(q * 100)}")(h) for q in quantiles]
model = keras.Model(inp, outs)
model.compile("adam", loss=[quantile_loss(q) for q in quantiles])
model.fit(X, [y, y, y], epochs=1)
