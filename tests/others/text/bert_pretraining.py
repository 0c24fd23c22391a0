# expected: whole
# model: bert
# answer: bert([ids, segments])
# again: bert.fit((ids, segments), (ids, is_next), verbose=0)
# random: dropout
# %%
from dataclasses import dataclass

import numpy as np
import tensorflow as tf
from tensorflow.keras import layers


@dataclass
class BertConfig:
    vocab_size: int = 20
    max_len: int = 8
    hidden: int = 8
    heads: int = 2
    layers: int = 2
    dropout: float = 0.1


rng = np.random.default_rng(0)
ids = rng.integers(1, 20, (4, 8)).astype("int32")
ids[0, 5:] = 0
segments = np.array([[0] * 4 + [1] * 4] * 4, "int32")
is_next = np.array([0, 1, 1, 0])


class BertEmbeddings(layers.Layer):
    def __init__(self, config):
        super().__init__()
        self.token = layers.Embedding(config.vocab_size, config.hidden)
        self.position = layers.Embedding(config.max_len, config.hidden)
        self.segment = layers.Embedding(2, config.hidden)
        self.norm = layers.LayerNormalization(epsilon=1e-12)
        self.drop = layers.Dropout(config.dropout)

    def call(self, ids, segments, training=False):
        positions = tf.range(tf.shape(ids)[1])[tf.newaxis]
        x = self.token(ids) + self.position(positions) + self.segment(segments)
        return self.drop(self.norm(x), training=training)


class BertLayer(layers.Layer):
    def __init__(self, config):
        super().__init__()
        self.attention = layers.MultiHeadAttention(config.heads, config.hidden // config.heads, dropout=config.dropout)
        self.norm1, self.norm2 = layers.LayerNormalization(), layers.LayerNormalization()
        self.ffn = tf.keras.Sequential([layers.Dense(16, activation="gelu"), layers.Dense(config.hidden)])

    def call(self, x, mask, training=False):
        a = self.attention(x, x, attention_mask=mask, training=training)
        x = self.norm1(x + a)
        return self.norm2(x + self.ffn(x))


# %%
class Bert(tf.keras.Model):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.embeddings = BertEmbeddings(config)
        self.encoder = [BertLayer(config) for _ in range(config.layers)]
        self.pooler = layers.Dense(config.hidden, activation="tanh")
        self.transform = layers.Dense(config.hidden, activation="gelu")
        self.nsp = layers.Dense(2)
        self.mlm_bias = self.add_weight(shape=(config.vocab_size,), initializer="zeros", name="mlm_bias")

    def call(self, inputs, training=False):
        ids, segments = inputs
        mask = tf.not_equal(ids, 0)[:, tf.newaxis, :]
        x = self.embeddings(ids, segments, training=training)
        for layer in self.encoder:
            x = layer(x, mask, training=training)
        table = self.embeddings.token.embeddings
        mlm = tf.matmul(self.transform(x), table, transpose_b=True) + self.mlm_bias
        return mlm, self.nsp(self.pooler(x[:, 0]))

    def train_step(self, data):
        (ids, segments), (targets, is_next) = data
        chosen = tf.random.uniform(tf.shape(ids)) < 0.3
        masked = tf.where(chosen, 2, ids)
        with tf.GradientTape() as tape:
            mlm, nsp = self((masked, segments), training=True)
            token_loss = tf.keras.losses.sparse_categorical_crossentropy(targets, mlm, from_logits=True)
            weight = tf.cast(chosen, tf.float32)
            loss = tf.reduce_sum(token_loss * weight) / (tf.reduce_sum(weight) + 1e-6)
            loss += tf.reduce_mean(tf.keras.losses.sparse_categorical_crossentropy(is_next, nsp, from_logits=True))
        grads = tape.gradient(loss, self.trainable_variables)
        grads, _ = tf.clip_by_global_norm(grads, 1.0)
        self.optimizer.apply_gradients(zip(grads, self.trainable_variables))
        return {"loss": loss}


bert = Bert(BertConfig())
bert.compile(optimizer=tf.keras.optimizers.AdamW(1e-3, weight_decay=0.01))
bert.fit((ids, segments), (ids, is_next), epochs=1, verbose=0)
