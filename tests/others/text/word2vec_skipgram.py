# expected: whole
# model: word2vec
# answer: word2vec((targets, contexts))
# again: word2vec.fit(dataset, verbose=0)
# %%
import numpy as np
import tensorflow as tf
from tensorflow.keras import layers

vocab_size, embedding_dim, num_ns = 15, 4, 3
rng = np.random.default_rng(0)
targets = rng.integers(1, vocab_size, 8)
contexts = rng.integers(1, vocab_size, (8, num_ns + 1))
labels = np.array([[1] + [0] * num_ns] * 8)
dataset = tf.data.Dataset.from_tensor_slices(((targets, contexts), labels)).batch(4, drop_remainder=True)


class Word2Vec(tf.keras.Model):
    def __init__(self, vocab_size, embedding_dim):
        super(Word2Vec, self).__init__()
        self.target_embedding = layers.Embedding(vocab_size, embedding_dim, name="w2v_embedding")
        self.context_embedding = layers.Embedding(vocab_size, embedding_dim)

    def call(self, pair):
        target, context = pair
        if len(target.shape) == 2:
            target = tf.squeeze(target, axis=1)
        word_emb = self.target_embedding(target)
        context_emb = self.context_embedding(context)
        dots = tf.einsum("be,bce->bc", word_emb, context_emb)
        return dots


def custom_loss(x_logit, y_true):
    return tf.nn.sigmoid_cross_entropy_with_logits(logits=x_logit, labels=y_true)


# %%
word2vec = Word2Vec(vocab_size, embedding_dim)
word2vec.compile(optimizer="adam", loss=tf.keras.losses.CategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
word2vec.fit(dataset, epochs=2)
