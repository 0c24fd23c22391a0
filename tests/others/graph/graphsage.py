# expected: whole
# model: model
# answer: model([features, neighbours])
# again: model.fit([features, neighbours], labels, verbose=0)
# random: dropout
# %%
import numpy as np
import tensorflow as tf
from tensorflow import keras

rng = np.random.default_rng(0)
features = rng.random((6, 4)).astype("float32")
neighbours = rng.random((6, 3, 4)).astype("float32")
labels = rng.integers(0, 2, 6)


class Aggregator(keras.layers.Layer):
    def __init__(self, output_dim, act="relu", concat=True):
        super().__init__()
        assert output_dim % 2 == 0 or not concat
        self.out = output_dim // 2 if concat else output_dim
        self.concat = concat
        self.act = keras.activations.get(act)

    def build(self, shapes):
        self_shape, neigh_shape = shapes
        self.w_self = self.add_weight(shape=(self_shape[-1], self.out), name="w_self")
        self.w_neigh = self.add_weight(shape=(neigh_shape[-1], self.out), name="w_neigh")

    def aggregate(self, neighbours):
        raise NotImplementedError

    def call(self, inputs):
        x, neighbours = inputs
        own, near = tf.matmul(x, self.w_self), tf.matmul(self.aggregate(neighbours), self.w_neigh)
        return self.act(tf.concat([own, near], -1) if self.concat else own + near)


class MeanAggregator(Aggregator):
    def aggregate(self, neighbours):
        return tf.reduce_mean(neighbours, axis=1)


class MaxPoolingAggregator(Aggregator):
    def __init__(self, *args, pool_dim=5, **kwargs):
        super().__init__(*args, **kwargs)
        self.pool = keras.layers.Dense(pool_dim, activation="relu")

    def build(self, shapes):
        super().build([shapes[0], (*shapes[1][:-1], self.pool.units)])

    def aggregate(self, neighbours):
        return tf.reduce_max(self.pool(neighbours), axis=1)


# %%
class GraphSAGE(keras.Model):
    def __init__(self, aggregators, n_classes, dropout=0.2):
        super().__init__()
        self.aggs = [cls(8) for cls in aggregators]
        self.dropout = keras.layers.Dropout(dropout)
        self.head = keras.layers.Dense(n_classes)

    def call(self, inputs, training=False):
        x, neighbours = inputs
        parts = [agg([self.dropout(x, training=training), neighbours]) for agg in self.aggs]
        return self.head(tf.nn.l2_normalize(tf.concat(parts, -1), axis=-1))


model = GraphSAGE([MeanAggregator, MaxPoolingAggregator], 2)
model.compile(
    keras.optimizers.Adam(5e-3), keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["acc"]
)
model.fit([features, neighbours], labels, epochs=2)
