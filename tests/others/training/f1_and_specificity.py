# expected: whole
# model: clf
# answer: clf.predict(X, verbose=0)
# again: clf.fit(X, y, verbose=0)
# %%
import numpy as np
import tensorflow as tf

X = np.random.default_rng(0).random((32, 5)).astype("float32")
y = (X.sum(1) > 2.5).astype("float32")[:, None]


def f1(y_true, y_pred):
    y_pred = tf.round(y_pred)
    tp = tf.reduce_sum(tf.cast(y_true * y_pred, "float"), axis=0)
    fp = tf.reduce_sum(tf.cast((1 - y_true) * y_pred, "float"), axis=0)
    fn = tf.reduce_sum(tf.cast(y_true * (1 - y_pred), "float"), axis=0)
    return tf.reduce_mean(2 * tp / (2 * tp + fp + fn + tf.keras.backend.epsilon()))


class Specificity(tf.keras.metrics.Metric):
    def __init__(self, name="specificity", **kwargs):
        super().__init__(name=name, **kwargs)
        self.tn = self.add_weight(name="tn", initializer="zeros")
        self.fp = self.add_weight(name="fp", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        p = tf.cast(y_pred > 0.5, tf.float32)
        self.tn.assign_add(tf.reduce_sum((1 - y_true) * (1 - p)))
        self.fp.assign_add(tf.reduce_sum((1 - y_true) * p))

    def result(self):
        return self.tn / (self.tn + self.fp + 1e-7)

    def reset_state(self):
        self.tn.assign(0.0)
        self.fp.assign(0.0)


# %%
clf = tf.keras.Sequential([tf.keras.layers.Dense(6, "relu"), tf.keras.layers.Dense(1, "sigmoid")])
clf.compile(
    "adam",
    tf.keras.losses.BinaryCrossentropy(label_smoothing=0.1),
    metrics=[f1, Specificity(), tf.keras.metrics.Precision(), tf.keras.metrics.Recall()],
)
clf.fit(X, y, epochs=1)
