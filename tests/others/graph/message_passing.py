# expected: whole
# model: mpnn
# answer: mpnn.predict([atoms, pairs, partition], verbose=0)
# %%
import numpy as np
import tensorflow as tf
import keras
from keras import layers

rng = np.random.default_rng(0)
atoms = rng.random((6, 4)).astype("float32")
pairs = rng.integers(0, 6, (6, 2))
partition = np.array([0, 0, 0, 1, 1, 1])


class EdgeNetwork(layers.Layer):
    def build(self, input_shape):
        self.atom_dim = input_shape[0][-1]
        self.kernel = self.add_weight(shape=(self.atom_dim, self.atom_dim), initializer="glorot_uniform", name="kernel")
        self.bias = self.add_weight(shape=(self.atom_dim,), initializer="zeros", name="bias")
        self.built = True

    def call(self, inputs):
        atom_features, pair_indices = inputs
        neighbours = tf.gather(atom_features, pair_indices[:, 1])
        transformed = tf.matmul(neighbours, self.kernel) + self.bias
        return tf.math.unsorted_segment_sum(transformed, pair_indices[:, 0], num_segments=tf.shape(atom_features)[0])


class MessagePassing(layers.Layer):
    def __init__(self, units, steps=2, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.steps = steps

    def build(self, input_shape):
        self.atom_dim = input_shape[0][-1]
        self.message_step = EdgeNetwork()
        self.pad_length = max(0, self.units - self.atom_dim)
        self.update_step = layers.GRUCell(self.atom_dim + self.pad_length)
        self.built = True

    def call(self, inputs):
        atom_features, pair_indices = inputs
        updated = tf.pad(atom_features, [(0, 0), (0, self.pad_length)])
        for i in range(self.steps):
            aggregated = self.message_step([updated, pair_indices])
            updated, _ = self.update_step(aggregated, updated)
        return updated


# %%
class SegmentMean(layers.Layer):
    def call(self, inputs):
        values, segments = inputs
        return tf.math.segment_mean(values, segments)


atom_features = layers.Input((4,), dtype="float32", name="atom_features")
pair_indices = layers.Input((2,), dtype="int32", name="pair_indices")
molecule_indicator = layers.Input((), dtype="int32", name="molecule_indicator")
x = MessagePassing(6, 2)([atom_features, pair_indices])
x = SegmentMean()([x, molecule_indicator])
x = layers.Dense(4, activation="relu")(x)
mpnn = keras.Model([atom_features, pair_indices, molecule_indicator], layers.Dense(1, activation="sigmoid")(x))
mpnn.compile(
    loss=keras.losses.BinaryCrossentropy(),
    optimizer=keras.optimizers.Adam(5e-4),
    metrics=[keras.metrics.AUC(name="AUC")],
)
_ = mpnn([atoms, pairs, partition])
