# expected: whole
# model: model
# answer: model((context, target_in))
# again: model.fit((context, target_in), target_out, verbose=0)
# %%
import numpy as np
import tensorflow as tf

UNITS = 4
text = np.array(["hola mundo", "buenos dias a todos"])
context_text_processor = tf.keras.layers.TextVectorization(max_tokens=20, ragged=True)
context_text_processor.adapt(text)
context = context_text_processor(text).to_tensor()
target_in = tf.constant([[2, 3, 4], [2, 5, 0]], tf.int64)
target_out = tf.constant([[3, 4, 1], [5, 1, 0]], tf.int64)


class Encoder(tf.keras.layers.Layer):
    def __init__(self, text_processor, units):
        super(Encoder, self).__init__()
        self.text_processor = text_processor
        self.vocab_size = text_processor.vocabulary_size()
        self.units = units
        self.embedding = tf.keras.layers.Embedding(self.vocab_size, units, mask_zero=True)
        self.rnn = tf.keras.layers.Bidirectional(
            merge_mode="sum",
            layer=tf.keras.layers.GRU(units, return_sequences=True, recurrent_initializer="glorot_uniform"),
        )

    def call(self, x):
        return self.rnn(self.embedding(x))


class CrossAttention(tf.keras.layers.Layer):
    def __init__(self, units, **kwargs):
        super().__init__()
        self.mha = tf.keras.layers.MultiHeadAttention(key_dim=units, num_heads=1, **kwargs)
        self.layernorm = tf.keras.layers.LayerNormalization()
        self.add = tf.keras.layers.Add()

    def call(self, x, context):
        attn_output, attn_scores = self.mha(query=x, value=context, return_attention_scores=True)
        attn_scores = tf.reduce_mean(attn_scores, axis=1)
        self.last_attention_weights = attn_scores
        return self.layernorm(self.add([x, attn_output]))


class Decoder(tf.keras.layers.Layer):
    def __init__(self, vocab_size, units):
        super(Decoder, self).__init__()
        self.embedding = tf.keras.layers.Embedding(vocab_size, units, mask_zero=True)
        self.rnn = tf.keras.layers.GRU(units, return_sequences=True, return_state=True)
        self.attention = CrossAttention(units)
        self.output_layer = tf.keras.layers.Dense(vocab_size)

    def call(self, context, x):
        x, state = self.rnn(self.embedding(x))
        return self.output_layer(self.attention(x, context))


# %%
class Translator(tf.keras.Model):
    def __init__(self, units, context_text_processor, target_size):
        super().__init__()
        self.encoder = Encoder(context_text_processor, units)
        self.decoder = Decoder(target_size, units)

    def call(self, inputs):
        context, x = inputs
        context = self.encoder(context)
        return self.decoder(context, x)


def masked_loss(y_true, y_pred):
    loss_fn = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="none")
    loss = loss_fn(y_true, y_pred)
    mask = tf.cast(y_true != 0, loss.dtype)
    loss *= mask
    return tf.reduce_sum(loss) / tf.reduce_sum(mask)


def masked_acc(y_true, y_pred):
    y_pred = tf.cast(tf.argmax(y_pred, axis=-1), y_true.dtype)
    match = tf.cast(y_true == y_pred, tf.float32)
    mask = tf.cast(y_true != 0, tf.float32)
    return tf.reduce_sum(match * mask) / tf.reduce_sum(mask)


model = Translator(UNITS, context_text_processor, 8)
model.compile(optimizer="adam", loss=masked_loss, metrics=[masked_acc, masked_loss])
history = model.fit((context, target_in), target_out, epochs=1)
