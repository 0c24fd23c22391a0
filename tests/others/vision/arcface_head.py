# expected: whole
# model: model
# answer: model.predict([x, y1], verbose=0)
# again: model.fit([x, y1], y1, verbose=0)
# %%
import numpy as np
import tensorflow as tf
from tensorflow.keras import layers, regularizers
import tensorflow.keras.backend as Kb

x = np.random.default_rng(0).random((8, 10)).astype("float32")
y1 = np.eye(3, dtype="float32")[np.arange(8) % 3]


class ArcFace(layers.Layer):
    def __init__(self, n_classes=10, s=30.0, m=0.50, regularizer=None, **kwargs):
        super(ArcFace, self).__init__(**kwargs)
        self.n_classes = n_classes
        self.s = s
        self.m = m
        self.regularizer = regularizers.get(regularizer)

    def build(self, input_shape):
        super(ArcFace, self).build(input_shape[0])
        self.W = self.add_weight(
            name="W",
            shape=(input_shape[0][-1], self.n_classes),
            initializer="glorot_uniform",
            trainable=True,
            regularizer=self.regularizer,
        )

    def call(self, inputs):
        x, y = inputs
        x = tf.nn.l2_normalize(x, axis=1)
        W = tf.nn.l2_normalize(self.W, axis=0)
        logits = x @ W
        theta = tf.acos(tf.clip_by_value(logits, -1.0 + 1e-7, 1.0 - 1e-7))
        target_logits = tf.cos(theta + self.m)
        logits = logits * (1 - y) + target_logits * y
        return tf.nn.softmax(logits * self.s)


# %%
inp, lab = layers.Input((10,)), layers.Input((3,))
emb = layers.Dense(4, kernel_regularizer=regularizers.l2(1e-4))(inp)
model = tf.keras.Model([inp, lab], ArcFace(3, regularizer=regularizers.l2(1e-4))([emb, lab]))
model.compile(loss="categorical_crossentropy", optimizer=tf.keras.optimizers.Adam(clipnorm=1.0), metrics=["accuracy"])
model.fit([x, y1], y1, epochs=1)
