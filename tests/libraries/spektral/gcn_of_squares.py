# expected: whole
# needs: spektral tf_keras
# environment: TF_USE_LEGACY_KERAS=1
# model: model
# answer: model.predict([x, a], batch_size=6, verbose=0)
# again: model.fit([x, a], y, batch_size=6, verbose=0)
# random: dropout
# %%
import numpy as np
import tensorflow as tf
from spektral.layers import GCNConv

rng = np.random.default_rng(0)
x = rng.random((6, 4)).astype("float32")
a = (rng.random((6, 6)) > 0.5).astype("float32")
a = GCNConv.preprocess(np.maximum(a, a.T)).astype("float32")
y = np.eye(2, dtype="float32")[[0, 1, 0, 1, 0, 1]]


# %%
class Net(tf.keras.Model):
    def __init__(self, channels, n_labels):
        super().__init__()
        self.drop = tf.keras.layers.Dropout(0.5)
        self.first = GCNConv(channels, activation="relu", use_bias=False)
        self.second = GCNConv(n_labels, activation="softmax", use_bias=False)

    def call(self, inputs):
        x, a = inputs
        return self.second([self.drop(self.first([self.drop(x), a])), a])


model = Net(8, 2)
model.compile(tf.keras.optimizers.Adam(1e-2), "categorical_crossentropy")
model.fit([x, a], y, batch_size=6, shuffle=False, verbose=0)
