# expected: whole
# model: model
# answer: model.predict((source, target), verbose=0)
# again: model.fit((source, target), target, verbose=0)
# %%
import math

import numpy as np
import tensorflow as tf
import keras

D, H, V = 8, 2, 16
rng = np.random.default_rng(0)
source, target = rng.integers(1, V, (4, 6)), rng.integers(1, V, (4, 5))


class RMSNorm(keras.layers.Layer):
    def __init__(self, eps=1e-6):
        super().__init__()
        self.eps = eps

    def build(self, shape):
        self.scale = self.add_weight(shape=(shape[-1],), initializer="ones")

    def call(self, x):
        return x * tf.math.rsqrt(tf.reduce_mean(tf.square(x), -1, keepdims=True) + self.eps) * self.scale


def bucket(relative, bidirectional, num=8, max_distance=16):
    ret = 0
    n = -relative
    if bidirectional:
        num //= 2
        ret += tf.cast(n < 0, tf.int32) * num
        n = tf.abs(n)
    else:
        n = tf.maximum(n, 0)
    exact = num // 2
    large = exact + tf.cast(
        tf.math.log(tf.cast(tf.maximum(n, 1), tf.float32) / exact) / math.log(max_distance / exact) * (num - exact),
        tf.int32,
    )
    return ret + tf.where(n < exact, n, tf.minimum(large, num - 1))


class T5Attention(keras.layers.Layer):
    def __init__(self, causal=False, has_bias=False):
        super().__init__()
        self.causal, self.has_bias = causal, has_bias
        self.q, self.k, self.v, self.o = (keras.layers.Dense(D, use_bias=False) for _ in range(4))
        if has_bias:
            self.relative = keras.layers.Embedding(8, H)

    def call(self, x, memory=None):
        memory = x if memory is None else memory
        split = lambda t: tf.transpose(tf.reshape(t, (tf.shape(t)[0], -1, H, D // H)), (0, 2, 1, 3))
        q, k, v = split(self.q(x)), split(self.k(memory)), split(self.v(memory))
        scores = tf.matmul(q, k, transpose_b=True)
        n, m = tf.shape(q)[2], tf.shape(k)[2]
        if self.has_bias:
            relative = tf.range(m)[None, :] - tf.range(n)[:, None]
            scores += tf.transpose(self.relative(bucket(relative, not self.causal)), (2, 0, 1))[None]
        if self.causal:
            scores += (1 - tf.linalg.band_part(tf.ones((n, m)), -1, 0)) * -1e9
        out = tf.transpose(tf.matmul(tf.nn.softmax(scores), v), (0, 2, 1, 3))
        return self.o(tf.reshape(out, (tf.shape(out)[0], -1, D)))


class T5Block(keras.layers.Layer):
    def __init__(self, is_decoder, has_bias):
        super().__init__()
        self.attn, self.n1, self.n2 = T5Attention(is_decoder, has_bias), RMSNorm(), RMSNorm()
        self.cross = T5Attention() if is_decoder else None
        self.n3 = RMSNorm() if is_decoder else None
        self.wi_0, self.wi_1 = keras.layers.Dense(12, use_bias=False), keras.layers.Dense(12, use_bias=False)
        self.wo = keras.layers.Dense(D, use_bias=False)

    def call(self, x, memory=None):
        x = x + self.attn(self.n1(x))
        if self.cross is not None:
            x = x + self.cross(self.n3(x), memory)
        h = self.n2(x)
        return x + self.wo(tf.nn.gelu(self.wi_0(h)) * self.wi_1(h))


# %%
class T5(keras.Model):
    def __init__(self, depth=2):
        super().__init__()
        self.shared = keras.layers.Embedding(V, D)
        self.enc = [T5Block(False, i == 0) for i in range(depth)]
        self.dec = [T5Block(True, i == 0) for i in range(depth)]
        self.norms = {"enc": RMSNorm(), "dec": RMSNorm()}

    def call(self, inputs):
        source, target = inputs
        memory = self.shared(source)
        for block in self.enc:
            memory = block(memory)
        memory = self.norms["enc"](memory)
        y = self.shared(tf.pad(target[:, :-1], [[0, 0], [1, 0]]))
        for block in self.dec:
            y = block(y, memory)
        return tf.matmul(self.norms["dec"](y) * D**-0.5, self.shared.embeddings, transpose_b=True)


model = T5()
model.compile("adafactor", keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=0))
model.fit((source, target), target, epochs=1)
