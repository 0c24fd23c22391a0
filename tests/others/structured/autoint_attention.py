# expected: whole
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(x, y, verbose=0)
# %%
import itertools

import numpy as np
import keras
from keras import layers, ops

rng = np.random.default_rng(0)
field_dims = np.array([4, 6, 3])
x = np.stack([rng.integers(0, n, 8) for n in field_dims], 1)
y = rng.integers(0, 2, 8)


class FeaturesEmbedding(layers.Layer):
    def __init__(self, field_dims, embed_dim):
        super().__init__()
        self.embed_dim = embed_dim
        self.offsets = np.array((0, *np.cumsum(field_dims)[:-1]), dtype=np.int64)
        self.embedding = layers.Embedding(int(sum(field_dims)), embed_dim)

    def call(self, x):
        return self.embedding(x + self.offsets)


class InteractingLayer(layers.Layer):
    def __init__(self, att_embedding_size=4, head_num=2, use_res=True, **kwargs):
        super().__init__(**kwargs)
        self.att_embedding_size = att_embedding_size
        self.head_num = head_num
        self.use_res = use_res

    def build(self, input_shape):
        shape = [input_shape[-1], self.att_embedding_size * self.head_num]
        init = keras.initializers.TruncatedNormal(seed=1)
        self.W_Query = self.add_weight(name="query", shape=shape, initializer=init)
        self.W_key = self.add_weight(name="key", shape=shape, initializer=init)
        self.W_Value = self.add_weight(name="value", shape=shape, initializer=init)
        if self.use_res:
            self.W_Res = self.add_weight(name="res", shape=shape, initializer=init)

    def call(self, inputs):
        split = lambda w: ops.stack(ops.split(ops.matmul(inputs, w), self.head_num, axis=2))
        q, k, v = split(self.W_Query), split(self.W_key), split(self.W_Value)
        scores = ops.softmax(ops.einsum("hbij,hbkj->hbik", q, k) / self.att_embedding_size**0.5)
        result = ops.squeeze(ops.concatenate(ops.split(ops.matmul(scores, v), self.head_num), axis=-1), 0)
        if self.use_res:
            result += ops.matmul(inputs, self.W_Res)
        return ops.relu(result)


class AutoInt(keras.Model):
    def __init__(self, field_dims, embed_dim, layer_num):
        super().__init__()
        self.embed = FeaturesEmbedding(field_dims, embed_dim)
        self.interactions = [InteractingLayer() for _ in range(layer_num)]
        self.pairs = list(itertools.combinations(range(len(field_dims)), 2))
        self.out = layers.Dense(1)
        self.flat = layers.Flatten()

    def call(self, x):
        e = h = self.embed(x)
        for layer in self.interactions:
            h = layer(h)
        products = ops.concatenate([ops.sum(e[:, i] * e[:, j], -1, keepdims=True) for i, j in self.pairs], -1)
        return ops.sigmoid(self.out(ops.concatenate([self.flat(h), products], axis=-1)))


# %%
model = AutoInt(field_dims, 4, 2)
model.compile(keras.optimizers.Adam(1e-3), keras.losses.BinaryCrossentropy(), metrics=[keras.metrics.AUC()])
model.fit(x, y, epochs=1)
