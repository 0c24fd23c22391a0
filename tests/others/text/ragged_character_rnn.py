# expected: whole
# model: model
# answer: model(batch)
# again: model.fit(batch, target, verbose=0)
# %%
import numpy as np
import tensorflow as tf

text = "shall i compare thee to a summers day"
vocab = sorted(set(text))
ids_from_chars = tf.keras.layers.StringLookup(vocabulary=list(vocab), mask_token=None)
all_ids = ids_from_chars(tf.strings.unicode_split(text, "UTF-8"))
batch = tf.reshape(all_ids[:32], (4, 8))
target = tf.reshape(all_ids[1:33], (4, 8))


class MyModel(tf.keras.Model):
    def __init__(self, vocab_size, embedding_dim, rnn_units):
        super().__init__()
        self.embedding = tf.keras.layers.Embedding(vocab_size, embedding_dim)
        self.gru = tf.keras.layers.GRU(rnn_units, return_sequences=True, return_state=True)
        self.dense = tf.keras.layers.Dense(vocab_size)

    def call(self, inputs, states=None, return_state=False, training=False):
        x = inputs
        x = self.embedding(x, training=training)
        if states is None:
            states = self.gru.get_initial_state(tf.shape(x)[0])
        x, states = self.gru(x, initial_state=states, training=training)
        x = self.dense(x, training=training)
        if return_state:
            return x, states
        return x


# %%
model = MyModel(vocab_size=len(ids_from_chars.get_vocabulary()), embedding_dim=4, rnn_units=6)
loss = tf.losses.SparseCategoricalCrossentropy(from_logits=True)
model.compile(optimizer="adam", loss=loss)
history = model.fit(tf.data.Dataset.from_tensors((batch, target)), epochs=1)
