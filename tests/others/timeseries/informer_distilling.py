# expected: whole
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(x, y, verbose=0)
# %%
import math

import numpy as np
import tensorflow as tf
from tensorflow.keras import layers

rng = np.random.default_rng(0)
x, y = rng.random((4, 16, 3)).astype("float32"), rng.random((4, 4)).astype("float32")


class ProbAttention(layers.Layer):
    """Only the queries that spread their attention least evenly attend; the others take the mean."""

    def __init__(self, d_model, factor=2):
        super().__init__()
        self.factor = factor
        self.wq = layers.Dense(d_model)
        self.wk = layers.Dense(d_model)
        self.wv = layers.Dense(d_model)

    def call(self, x):
        q, k, v = self.wq(x), self.wk(x), self.wv(x)
        L = x.shape[1]
        u = min(L, int(self.factor * math.ceil(math.log(L))))
        scores = tf.matmul(q, k, transpose_b=True) / math.sqrt(q.shape[-1])
        measure = tf.reduce_max(scores, -1) - tf.reduce_mean(scores, -1)
        top = tf.math.top_k(measure, u, sorted=False).indices
        chosen = tf.reduce_max(tf.one_hot(top, L), axis=1)[..., tf.newaxis]
        mean = tf.reduce_mean(v, axis=1, keepdims=True)
        return chosen * tf.matmul(tf.nn.softmax(scores), v) + (1 - chosen) * mean


class DistillingConv(layers.Layer):
    def __init__(self, channels):
        super().__init__()
        self.conv = layers.Conv1D(channels, 3, padding="same")
        self.norm = layers.BatchNormalization()
        self.pool = layers.MaxPool1D(3, strides=2, padding="same")

    def call(self, x, training=None):
        return self.pool(tf.nn.elu(self.norm(self.conv(x), training=training)))


def positional(L, d):
    pos, i = np.arange(L)[:, None], np.arange(d)[None]
    angle = pos / np.power(10000, 2 * (i // 2) / d)
    return np.where(i % 2 == 0, np.sin(angle), np.cos(angle)).astype("float32")


# %%
class Informer(tf.keras.Model):
    def __init__(self, horizon, d_model=8, depth=2, distil=True):
        super().__init__()
        self.value = layers.Conv1D(d_model, 3, padding="causal", use_bias=False)
        self.attns, self.distils = [], []
        for i in range(depth):
            self.attns.append([ProbAttention(d_model), layers.LayerNormalization(), layers.Dense(d_model, "relu")])
            self.distils.append(DistillingConv(d_model) if distil and i < depth - 1 else None)
        self.proj = layers.Dense(horizon)
        self.pe = tf.constant(positional(16, d_model))

    def call(self, x, training=None):
        h = self.value(x) + self.pe
        for (attn, norm, ff), distil in zip(self.attns, self.distils):
            h = norm(h + ff(attn(h)))
            if distil is not None:
                h = distil(h, training=training)
        return self.proj(h[:, -1])


model = Informer(4)
schedule = tf.keras.optimizers.schedules.ExponentialDecay(1e-3, decay_steps=2, decay_rate=0.5, staircase=True)
model.compile(optimizer=tf.keras.optimizers.Adam(schedule), loss="mse")
model.fit(x, y, epochs=2)
