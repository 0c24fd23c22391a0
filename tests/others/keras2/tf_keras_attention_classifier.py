# expected: whole
# model: model
# answer: model.predict(tokens, verbose=0)
# again: model.fit(tokens, y, verbose=0)
# random: dropout
# %%
import numpy as np
import tensorflow as tf
import tf_keras
from tf_keras.layers import LSTM, Bidirectional, Dense, Dropout, Embedding, Input, Layer

tokens, y = np.random.default_rng(0).integers(0, 20, (6, 8)), np.array([0, 1, 1, 0, 1, 0])
keras = tf_keras


class BahdanauPooling(Layer):
    def __init__(self, units):
        super().__init__()
        self.W = Dense(units)
        self.V = Dense(1)

    def call(self, features, mask=None):
        score = self.V(tf.nn.tanh(self.W(features)))
        if mask is not None:
            score += (1.0 - tf.cast(mask, tf.float32)[:, :, tf.newaxis]) * -1e9
        weights = tf.nn.softmax(score, axis=1)
        return tf.reduce_sum(weights * features, axis=1)

    def compute_mask(self, inputs, mask=None):
        return None


# %%
keras.mixed_precision.set_global_policy("float32")
inputs = Input(shape=(8,), dtype="int32")
x = Embedding(20, 4, mask_zero=True)(inputs)
x = Bidirectional(LSTM(3, return_sequences=True, dropout=0.1))(x)
x = Dropout(0.3)(BahdanauPooling(4)(x))
model = keras.Model(inputs, Dense(1, activation="sigmoid")(x))
schedule = keras.optimizers.schedules.PolynomialDecay(1e-2, 10, 1e-4)
model.compile(
    keras.optimizers.Adam(schedule), "binary_crossentropy", metrics=["accuracy", keras.metrics.AUC(name="auc")]
)
model.fit(tokens, y, epochs=1, batch_size=3, verbose=0)
