# expected: whole
# model: dlrm
# answer: dlrm.predict(features, verbose=0)
# again: dlrm.fit(features, y, verbose=0)
# %%
import numpy as np
import tensorflow as tf
from tensorflow.keras.layers import Dense, Embedding

rng = np.random.default_rng(0)
features = {
    "dense": rng.random((6, 4)).astype("float32"),
    "c1": rng.integers(0, 5, 6),
    "c2": rng.integers(0, 7, 6),
}
y = rng.integers(0, 2, 6).astype("float32")


class DotInteraction(tf.keras.layers.Layer):
    def __init__(self, self_interaction=False):
        super().__init__()
        self._self_interaction = self_interaction

    def call(self, inputs):
        stacked = tf.stack(inputs, axis=1)
        xactions = tf.matmul(stacked, stacked, transpose_b=True)
        n = stacked.shape[1]
        rows, cols = np.tril_indices(n, 0 if self._self_interaction else -1)
        return tf.gather(tf.reshape(xactions, (-1, n * n)), rows * n + cols, axis=1)


class DLRM(tf.keras.Model):
    def __init__(self, vocab_sizes, dim, bottom, top):
        super().__init__()
        self.embeddings = {name: Embedding(size, dim) for name, size in vocab_sizes.items()}
        self.bottom_mlp = tf.keras.Sequential([Dense(n, "relu") for n in bottom] + [Dense(dim, "relu")])
        self.interaction = DotInteraction()
        self.top_mlp = tf.keras.Sequential([Dense(n, "relu") for n in top])
        self.head = Dense(1, activation="sigmoid")

    def call(self, inputs, training=None):
        inputs = dict(inputs)
        dense = self.bottom_mlp(inputs.pop("dense"))
        sparse = [self.embeddings[name](inputs[name]) for name in sorted(self.embeddings)]
        interactions = self.interaction([dense] + sparse)
        return self.head(self.top_mlp(tf.concat([dense, interactions], axis=1)))


# %%
dlrm = DLRM({"c1": 5, "c2": 7}, dim=4, bottom=[8], top=[6])
dlrm.compile(optimizer="sgd", loss="binary_crossentropy", metrics=[tf.keras.metrics.AUC(name="auc")])
dlrm.fit(features, y, epochs=1, batch_size=3)
