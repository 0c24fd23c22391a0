# expected: whole
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(x, x, verbose=0)
# random: dropout
# %%
import numpy as np
import keras
from keras import layers, ops

vocab_size, maxlen, embed_dim, num_heads, feed_forward_dim = 20, 6, 4, 2, 4
x = np.random.default_rng(0).integers(0, vocab_size, (4, maxlen)).astype("int32")


def causal_attention_mask(batch_size, n_dest, n_src, dtype):
    i = ops.arange(n_dest)[:, None]
    j = ops.arange(n_src)
    m = i >= j - n_src + n_dest
    mask = ops.cast(m, dtype)
    mask = ops.reshape(mask, [1, n_dest, n_src])
    return ops.broadcast_to(mask, [batch_size, n_dest, n_src])


class TransformerBlock(layers.Layer):
    def __init__(self, embed_dim, num_heads, ff_dim, rate=0.1):
        super().__init__()
        self.att = layers.MultiHeadAttention(num_heads, embed_dim)
        self.ffn = keras.Sequential([layers.Dense(ff_dim, activation="relu"), layers.Dense(embed_dim)])
        self.layernorm1 = layers.LayerNormalization(epsilon=1e-6)
        self.layernorm2 = layers.LayerNormalization(epsilon=1e-6)
        self.dropout1 = layers.Dropout(rate)
        self.dropout2 = layers.Dropout(rate)

    def call(self, inputs):
        input_shape = ops.shape(inputs)
        causal_mask = causal_attention_mask(input_shape[0], input_shape[1], input_shape[1], "bool")
        attention_output = self.dropout1(self.att(inputs, inputs, attention_mask=causal_mask))
        out1 = self.layernorm1(inputs + attention_output)
        return self.layernorm2(out1 + self.dropout2(self.ffn(out1)))


class TokenAndPositionEmbedding(layers.Layer):
    def __init__(self, maxlen, vocab_size, embed_dim):
        super().__init__()
        self.token_emb = layers.Embedding(input_dim=vocab_size, output_dim=embed_dim)
        self.pos_emb = layers.Embedding(input_dim=maxlen, output_dim=embed_dim)

    def call(self, x):
        maxlen = ops.shape(x)[-1]
        return self.token_emb(x) + self.pos_emb(ops.arange(0, maxlen, 1))


# %%
def create_model():
    inputs = layers.Input(shape=(maxlen,), dtype="int32")
    x = TokenAndPositionEmbedding(maxlen, vocab_size, embed_dim)(inputs)
    x = TransformerBlock(embed_dim, num_heads, feed_forward_dim)(x)
    outputs = layers.Dense(vocab_size)(x)
    model = keras.Model(inputs=inputs, outputs=[outputs, x])
    loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss=[loss_fn, None])
    return model


class TextGenerator(keras.callbacks.Callback):
    def __init__(self, max_tokens, start_tokens):
        self.max_tokens = max_tokens
        self.start_tokens = start_tokens

    def on_epoch_end(self, epoch, logs=None):
        y, _ = self.model.predict(np.array([self.start_tokens]), verbose=0)
        print("generated", y[0, -1].argmax())


model = create_model()
model.fit(x, x, verbose=2, epochs=1, callbacks=[TextGenerator(2, [1, 2, 3, 4, 5, 6])])
