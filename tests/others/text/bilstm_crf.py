# expected: whole
# model: model
# answer: model(tokens)
# again: model.fit(tokens, tags, verbose=0)
# %%
import numpy as np
import tensorflow as tf
from tensorflow import keras

rng = np.random.default_rng(0)
tokens = rng.integers(1, 20, (4, 6)).astype("int32")
tokens[1, 4:] = 0
tags = rng.integers(0, 3, (4, 6)).astype("int32")


class CRF(keras.layers.Layer):
    def __init__(self, num_tags):
        super().__init__()
        self.num_tags = num_tags
        self.transitions = self.add_weight(name="transitions", shape=(num_tags, num_tags), initializer="glorot_uniform")

    def call(self, potentials):
        return potentials

    def log_norm(self, potentials, mask):
        alpha = potentials[:, 0]
        for t in range(1, potentials.shape[1]):
            scores = alpha[:, :, None] + self.transitions[None] + potentials[:, t][:, None, :]
            alpha = tf.where(mask[:, t][:, None], tf.reduce_logsumexp(scores, axis=1), alpha)
        return tf.reduce_logsumexp(alpha, axis=1)

    def score(self, potentials, tags, mask):
        m = tf.cast(mask, potentials.dtype)
        unary = tf.reduce_sum(tf.gather(potentials, tags, batch_dims=2, axis=2) * m, axis=1)
        flat = tags[:, :-1] * self.num_tags + tags[:, 1:]
        binary = tf.gather(tf.reshape(self.transitions, [-1]), flat)
        return unary + tf.reduce_sum(binary * m[:, 1:], axis=1)

    def viterbi(self, potentials):
        state, backpointers = potentials[:, 0], []
        for t in range(1, potentials.shape[1]):
            scores = state[:, :, None] + self.transitions[None]
            backpointers.append(tf.argmax(scores, axis=1))
            state = tf.reduce_max(scores, axis=1) + potentials[:, t]
        best = [tf.argmax(state, axis=1)]
        for pointer in reversed(backpointers):
            best.append(tf.gather(pointer, best[-1], batch_dims=1))
        return tf.stack(best[::-1], axis=1)


# %%
class BiLSTMCRF(keras.Model):
    def __init__(self, vocab, num_tags, embed=5, units=4):
        super(BiLSTMCRF, self).__init__()
        self.embedding = keras.layers.Embedding(vocab, embed)
        self.lstm = keras.layers.Bidirectional(keras.layers.LSTM(units, return_sequences=True))
        self.dense = keras.layers.Dense(num_tags)
        self.crf = CRF(num_tags)

    def potentials(self, x):
        return self.crf(self.dense(self.lstm(self.embedding(x), mask=tf.not_equal(x, 0))))

    def call(self, x):
        return self.crf.viterbi(self.potentials(x))

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            p, mask = self.potentials(x), tf.not_equal(x, 0)
            loss = tf.reduce_mean(self.crf.log_norm(p, mask) - self.crf.score(p, y, mask))
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        return {"crf_loss": loss}


model = BiLSTMCRF(20, 3)
model(tokens)
model.compile(optimizer=keras.optimizers.Adam(0.01))
model.fit(tokens, tags, epochs=2)
