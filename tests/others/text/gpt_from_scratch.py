# expected: whole
# model: gpt
# answer: gpt(tokens)
# %%
import numpy as np
import tensorflow as tf

block_size, n_embed, n_heads, n_layers, vocab_size = 8, 8, 2, 2, 11
tokens = np.random.default_rng(0).integers(0, vocab_size, (4, block_size))


class Head(tf.keras.layers.Layer):
    def __init__(self, head_size):
        super().__init__()
        self.key = tf.keras.layers.Dense(head_size, use_bias=False)
        self.query = tf.keras.layers.Dense(head_size, use_bias=False)
        self.value = tf.keras.layers.Dense(head_size, use_bias=False)
        self.tril = tf.constant(np.tril(np.ones((block_size, block_size), "float32")))

    def call(self, x):
        T = tf.shape(x)[1]
        k, q = self.key(x), self.query(x)
        wei = tf.matmul(q, k, transpose_b=True) * (n_embed**-0.5)
        wei = tf.where(self.tril[:T, :T] == 0, tf.fill(tf.shape(wei), float("-inf")), wei)
        return tf.matmul(tf.nn.softmax(wei, axis=-1), self.value(x))


class Block(tf.keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.heads = [Head(n_embed // n_heads) for _ in range(n_heads)]
        self.proj = tf.keras.layers.Dense(n_embed)
        self.ffwd = tf.keras.Sequential([tf.keras.layers.Dense(4 * n_embed, "relu"), tf.keras.layers.Dense(n_embed)])
        self.ln1 = tf.keras.layers.LayerNormalization()
        self.ln2 = tf.keras.layers.LayerNormalization()

    def call(self, x):
        h = self.ln1(x)
        x = x + self.proj(tf.concat([head(h) for head in self.heads], axis=-1))
        return x + self.ffwd(self.ln2(x))


# %%
class GPTLanguageModel(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.token_embedding_table = tf.keras.layers.Embedding(vocab_size, n_embed)
        self.position_embedding_table = tf.keras.layers.Embedding(block_size, n_embed)
        self.blocks = tf.keras.Sequential([Block() for _ in range(n_layers)])
        self.ln_f = tf.keras.layers.LayerNormalization()
        self.lm_head = tf.keras.layers.Dense(vocab_size)

    def call(self, idx, targets=None):
        T = tf.shape(idx)[1]
        x = self.token_embedding_table(idx) + self.position_embedding_table(tf.range(T))
        logits = self.lm_head(self.ln_f(self.blocks(x)))
        if targets is None:
            return logits
        return logits, tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits))

    def generate(self, idx, max_new_tokens):
        for _ in range(max_new_tokens):
            logits = self(idx[:, -block_size:])[:, -1, :]
            idx_next = tf.random.categorical(logits, 1, dtype=tf.int64)
            idx = tf.concat([idx, idx_next], axis=1)
        return idx


gpt = GPTLanguageModel()
optimizer = tf.keras.optimizers.Adam(1e-3)


# %%
@tf.function
def step(xb, yb):
    with tf.GradientTape() as tape:
        logits, loss = gpt(xb, targets=yb)
    optimizer.apply_gradients(zip(tape.gradient(loss, gpt.trainable_variables), gpt.trainable_variables))
    return loss


for _ in range(2):
    print(step(tokens[:, :-1], tokens[:, 1:]).numpy())
gpt.generate(tf.zeros((1, 1), tf.int64), 4)
