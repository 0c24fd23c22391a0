# expected: whole
# model: model
# answer: model((image_features, captions))
# again: model.fit((image_features, captions), captions, verbose=0)
# random: dropout
# %%
import numpy as np
import tensorflow as tf

words = ["", "[UNK]", "[START]", "[END]", "a", "man", "dog", "park", "in"]
rng = np.random.default_rng(0)
image_features = rng.random((4, 3, 3, 6)).astype("float32")
captions = rng.integers(2, len(words), (4, 6))
captions[1, 4:] = 0


class SeqEmbedding(tf.keras.layers.Layer):
    def __init__(self, vocab_size, max_length, depth):
        super().__init__()
        self.pos_embedding = tf.keras.layers.Embedding(input_dim=max_length, output_dim=depth)
        self.token_embedding = tf.keras.layers.Embedding(input_dim=vocab_size, output_dim=depth, mask_zero=True)
        self.add = tf.keras.layers.Add()

    def call(self, seq):
        seq = self.token_embedding(seq)
        x = tf.range(tf.shape(seq)[1])
        x = x[tf.newaxis, :]
        return self.add([seq, self.pos_embedding(x)])


class CausalSelfAttention(tf.keras.layers.Layer):
    def __init__(self, **kwargs):
        super().__init__()
        self.mha = tf.keras.layers.MultiHeadAttention(**kwargs)
        self.add = tf.keras.layers.Add()
        self.layernorm = tf.keras.layers.LayerNormalization()

    def call(self, x):
        return self.layernorm(self.add([x, self.mha(query=x, value=x, use_causal_mask=True)]))


class CrossAttention(tf.keras.layers.Layer):
    def __init__(self, **kwargs):
        super().__init__()
        self.mha = tf.keras.layers.MultiHeadAttention(**kwargs)
        self.add = tf.keras.layers.Add()
        self.layernorm = tf.keras.layers.LayerNormalization()

    def call(self, x, y, **kwargs):
        attn, attention_scores = self.mha(query=x, value=y, return_attention_scores=True)
        self.last_attention_scores = attention_scores
        return self.layernorm(self.add([x, attn]))


class DecoderLayer(tf.keras.layers.Layer):
    def __init__(self, units, num_heads=1, dropout_rate=0.1):
        super().__init__()
        self.self_attention = CausalSelfAttention(num_heads=num_heads, key_dim=units, dropout=dropout_rate)
        self.cross_attention = CrossAttention(num_heads=num_heads, key_dim=units, dropout=dropout_rate)
        self.ff = tf.keras.Sequential([tf.keras.layers.Dense(2 * units, "relu"), tf.keras.layers.Dense(units)])

    def call(self, inputs, training=False):
        in_seq, out_seq = inputs
        out_seq = self.self_attention(out_seq)
        out_seq = self.cross_attention(out_seq, in_seq)
        self.last_attention_scores = self.cross_attention.last_attention_scores
        return out_seq + self.ff(out_seq)


class TokenOutput(tf.keras.layers.Layer):
    def __init__(self, vocabulary, banned_tokens=("", "[UNK]", "[START]"), **kwargs):
        super().__init__()
        self.dense = tf.keras.layers.Dense(units=len(vocabulary), **kwargs)
        self.vocabulary = vocabulary
        self.banned_tokens = banned_tokens
        self.bias = None

    def adapt(self, ids):
        counts = np.bincount(ids.ravel(), minlength=len(self.vocabulary)).astype("float64")
        for token in self.banned_tokens:
            counts[self.vocabulary.index(token)] = 0
        p = counts / counts.sum()
        p[counts == 0] = 1.0
        log_p = np.log(p)
        log_p[counts == 0] = -1e9
        self.bias = log_p[np.newaxis, np.newaxis, :]

    def call(self, x):
        return self.dense(x) + tf.cast(self.bias, x.dtype)


# %%
class Captioner(tf.keras.Model):
    def __init__(self, vocabulary, output_layer, num_layers=1, units=6, max_length=10, num_heads=1, dropout_rate=0.1):
        super().__init__()
        self.word_to_index = tf.keras.layers.StringLookup(mask_token="", vocabulary=vocabulary[2:])
        self.index_to_word = tf.keras.layers.StringLookup(mask_token="", vocabulary=vocabulary[2:], invert=True)
        self.seq_embedding = SeqEmbedding(vocab_size=len(vocabulary), depth=units, max_length=max_length)
        self.decoder_layers = [
            DecoderLayer(units, num_heads=num_heads, dropout_rate=dropout_rate) for n in range(num_layers)
        ]
        self.output_layer = output_layer

    def call(self, inputs):
        image, txt = inputs
        image = tf.reshape(image, (tf.shape(image)[0], -1, image.shape[-1]))
        txt = self.seq_embedding(txt)
        for dec_layer in self.decoder_layers:
            txt = dec_layer(inputs=(image, txt))
        return self.output_layer(txt)


def masked_loss(labels, preds):
    loss = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.cast(labels, tf.int32), preds)
    mask = (labels != 0) & (loss < 1e8)
    mask = tf.cast(mask, loss.dtype)
    return tf.reduce_sum(loss * mask) / tf.reduce_sum(mask)


def masked_acc(labels, preds):
    mask = tf.cast(labels != 0, tf.float32)
    match = tf.cast(tf.argmax(preds, axis=-1) == tf.cast(labels, tf.int64), mask.dtype)
    return tf.reduce_sum(match * mask) / tf.reduce_sum(mask)


output_layer = TokenOutput(words)
output_layer.adapt(captions)
model = Captioner(words, output_layer)
model.compile(optimizer=tf.keras.optimizers.Adam(learning_rate=1e-4), loss=masked_loss, metrics=[masked_acc])
history = model.fit((image_features, captions), captions, epochs=1)
