# expected: whole
# model: elmo
# answer: [elmo["lm"].predict([words, following, previous], verbose=0), elmo["features"].predict(words, verbose=0)]
# %%
import numpy as np
import tensorflow as tf
from tensorflow.keras.layers import LSTM, Add, Dense, Embedding, Input, Lambda, Layer
from tensorflow.keras.models import Model

vocab, units = 12, 4
rng = np.random.default_rng(0)
words = rng.integers(1, vocab, (4, 5))
following, previous = np.roll(words, -1, 1), np.roll(words, 1, 1)


class SampledSoftmax(Layer):
    def __init__(self, num_classes=12, tied_to=None, **kwargs):
        super(SampledSoftmax, self).__init__(**kwargs)
        self.num_classes = num_classes
        self.tied_to = tied_to

    def build(self, input_shape):
        self.softmax_b = self.add_weight(shape=(self.num_classes,), name="b_soft", initializer="zeros")

    def call(self, inputs):
        x, target = inputs
        logits = tf.matmul(x, self.tied_to.embeddings, transpose_b=True) + self.softmax_b
        return tf.nn.sparse_softmax_cross_entropy_with_logits(tf.cast(target, tf.int32), logits)


class ScalarMix(Layer):
    def build(self, input_shape):
        self.w = self.add_weight(name="mix", shape=(len(input_shape),), initializer="zeros")
        self.gamma = self.add_weight(name="gamma", shape=(), initializer="ones")

    def call(self, tensors):
        w = tf.nn.softmax(self.w)
        return self.gamma * tf.add_n([w[i] * t for i, t in enumerate(tensors)])


# %%
word_inputs, next_ids, previous_ids = Input((5,), dtype="int32"), Input((5,)), Input((5,))
embeddings = Embedding(vocab, units, trainable=True, name="token_encoding")
sampled_softmax = SampledSoftmax(num_classes=vocab, tied_to=embeddings)
inputs = embeddings(word_inputs)
lstm_inputs, re_lstm_inputs = inputs, Lambda(lambda x: tf.reverse(x, axis=[1]))(inputs)
layers_out = [inputs]
for i in range(2):
    lstm = LSTM(units, return_sequences=True, name="f_block_{}".format(i + 1))(lstm_inputs)
    lstm_inputs = Add()([lstm, lstm_inputs])
    re_lstm = LSTM(units, return_sequences=True, name="b_block_{}".format(i + 1))(re_lstm_inputs)
    re_lstm_inputs = Add()([re_lstm, re_lstm_inputs])
    layers_out.append(Lambda(lambda x: tf.concat([x[0], tf.reverse(x[1], [1])], -1))([lstm, re_lstm]))
backwards = Lambda(lambda x: tf.reverse(x, axis=[1]))(re_lstm_inputs)
outputs = sampled_softmax([lstm_inputs, next_ids])
re_outputs = sampled_softmax([backwards, previous_ids])
lm = Model([word_inputs, next_ids, previous_ids], [outputs, re_outputs])
lm.compile(optimizer=tf.keras.optimizers.Adagrad(0.2, clipvalue=1.0), loss=[lambda y, p: p, lambda y, p: p])
lm.fit([words, following, previous], [words * 0.0, words * 0.0], epochs=1)
mixed = ScalarMix()([Lambda(lambda x: tf.concat([x, x], -1))(layers_out[0])] + layers_out[1:])
features = Model(word_inputs, Dense(3, activation="softmax")(mixed))
features.compile("adam", "sparse_categorical_crossentropy")
features.fit(words, words % 3, epochs=1)
elmo = {"lm": lm, "features": features}
