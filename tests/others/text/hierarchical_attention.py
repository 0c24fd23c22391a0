# expected: whole
# model: model
# answer: model.predict(docs, verbose=0)
# again: model.fit(docs, labels, verbose=0)
# %%
import numpy as np
import keras
from keras import initializers, ops
from keras.layers import GRU, Bidirectional, Dense, Embedding, Input, Layer, TimeDistributed

MAX_SENTS, MAX_SENT_LENGTH = 3, 5
rng = np.random.default_rng(0)
docs = rng.integers(0, 20, (4, MAX_SENTS, MAX_SENT_LENGTH))
labels = np.eye(2)[[0, 1, 1, 0]]
embedding_matrix = rng.random((20, 4))


class AttLayer(Layer):
    def __init__(self, attention_dim):
        self.init = initializers.get("normal")
        self.supports_masking = True
        self.attention_dim = attention_dim
        super(AttLayer, self).__init__()

    def build(self, input_shape):
        assert len(input_shape) == 3
        self.W = self.add_weight(shape=(input_shape[-1], self.attention_dim), initializer=self.init, name="W")
        self.b = self.add_weight(shape=(self.attention_dim,), initializer=self.init, name="b")
        self.u = self.add_weight(shape=(self.attention_dim, 1), initializer=self.init, name="u")
        super(AttLayer, self).build(input_shape)

    def compute_mask(self, inputs, mask=None):
        return None

    def call(self, x, mask=None):
        uit = ops.tanh(ops.matmul(x, self.W) + self.b)
        ait = ops.exp(ops.squeeze(ops.matmul(uit, self.u), -1))
        if mask is not None:
            ait *= ops.cast(mask, "float32")
        ait /= ops.cast(ops.sum(ait, axis=1, keepdims=True) + 1e-7, "float32")
        return ops.sum(x * ops.expand_dims(ait, -1), axis=1)


# %%
embedding_layer = Embedding(20, 4, weights=[embedding_matrix], trainable=True, mask_zero=False)
sentence_input = Input(shape=(MAX_SENT_LENGTH,), dtype="int32")
l_lstm = Bidirectional(GRU(3, return_sequences=True))(embedding_layer(sentence_input))
l_att = AttLayer(4)(l_lstm)
sentEncoder = keras.Model(sentence_input, l_att)

review_input = Input(shape=(MAX_SENTS, MAX_SENT_LENGTH), dtype="int32")
review_encoder = TimeDistributed(sentEncoder)(review_input)
l_lstm_sent = Bidirectional(GRU(3, return_sequences=True))(review_encoder)
l_att_sent = AttLayer(4)(l_lstm_sent)
preds = Dense(2, activation="softmax")(l_att_sent)
model = keras.Model(review_input, preds)
model.compile(loss="categorical_crossentropy", optimizer="rmsprop", metrics=["acc"])
model.fit(docs, labels, epochs=1, batch_size=2)
