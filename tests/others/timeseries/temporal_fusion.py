# expected: whole
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(x, y, verbose=0)
# random: dropout
# %%
import numpy as np
import tensorflow as tf
import keras

hidden_layer_size, dropout_rate, steps, quantiles = 4, 0.1, 6, [0.1, 0.5, 0.9]
rng = np.random.default_rng(0)
x = {"observed": rng.random((4, steps, 3)).astype("float32"), "static": rng.integers(0, 5, (4, 1))}
y = rng.random((4, 2, 1)).astype("float32")
concat, stack, K = keras.backend.concatenate if hasattr(keras.backend, "concatenate") else tf.concat, tf.stack, tf
Dense, Add, LayerNorm, Lambda = (
    keras.layers.Dense,
    keras.layers.Add,
    keras.layers.LayerNormalization,
    keras.layers.Lambda,
)


def apply_gating_layer(x, size, dropout_rate=None):
    if dropout_rate is not None:
        x = keras.layers.Dropout(dropout_rate)(x)
    activation_layer = keras.layers.TimeDistributed(Dense(size)) if len(x.shape) == 3 else Dense(size)
    gated = Dense(size, activation="sigmoid")(x)
    return keras.layers.Multiply()([activation_layer(x), gated])


def add_and_norm(x_list):
    return LayerNorm()(Add()(x_list))


def gated_residual_network(x, size, output_size=None, additional_context=None):
    output_size = output_size or size
    skip = x if output_size == x.shape[-1] else Dense(output_size)(x)
    hidden = Dense(size)(x)
    if additional_context is not None:
        hidden = hidden + Dense(size, use_bias=False)(additional_context)
    hidden = Dense(size)(keras.layers.Activation("elu")(hidden))
    return add_and_norm([skip, apply_gating_layer(hidden, output_size, dropout_rate)])


# %%
class ScaledDotProductAttention:
    """Not a layer: it makes some."""

    def __init__(self, attn_dropout=0.0):
        self.dropout = keras.layers.Dropout(attn_dropout)
        self.activation = keras.layers.Activation("softmax")

    def __call__(self, q, k, v):
        temper = float(k.shape[-1]) ** 0.5
        attn = Lambda(lambda x: tf.matmul(x[0], x[1], transpose_b=True) / temper)([q, k])
        mask = np.tril(np.ones((steps, steps), "float32"))
        attn = Lambda(lambda a: a + (-1e9) * (1.0 - mask))(attn)
        attn = self.dropout(self.activation(attn))
        return Lambda(lambda x: tf.matmul(x[0], x[1]))([attn, v]), attn


observed = keras.Input((steps, 3), name="observed")
static = keras.Input((1,), name="static", dtype="int32")
s = keras.layers.Flatten()(keras.layers.Embedding(5, hidden_layer_size)(static))
s_context = gated_residual_network(s, hidden_layer_size)
variables = [Dense(hidden_layer_size)(Lambda(lambda t, i=i: t[..., i : i + 1])(observed)) for i in range(3)]
flat = keras.layers.Concatenate()(variables)
context = Lambda(lambda t: tf.expand_dims(t, 1))(s_context)
weights = gated_residual_network(flat, hidden_layer_size, output_size=3, additional_context=context)
weights = Lambda(lambda t: tf.expand_dims(tf.nn.softmax(t), 2))(weights)
transformed = [gated_residual_network(v, hidden_layer_size) for v in variables]
stacked = Lambda(lambda ts: tf.stack(ts, axis=-1))(transformed)
selected = Lambda(lambda t: tf.reduce_sum(t[0] * t[1], axis=-1))([weights, stacked])
state = Dense(hidden_layer_size)(s)
lstm = keras.layers.LSTM(hidden_layer_size, return_sequences=True)(selected, initial_state=[s_context, state])
temporal = add_and_norm([apply_gating_layer(lstm, hidden_layer_size, dropout_rate), selected])
attended, attention_weights = ScaledDotProductAttention(dropout_rate)(temporal, temporal, temporal)
decoded = add_and_norm([apply_gating_layer(attended, hidden_layer_size), temporal])
outputs = keras.layers.TimeDistributed(Dense(len(quantiles)))(Lambda(lambda t: t[:, -2:, :])(decoded))
model = keras.Model([observed, static], outputs)


def quantile_loss(y_true, y_pred):
    error = y_true - y_pred
    q = tf.constant(quantiles)
    return tf.reduce_sum(tf.maximum(q * error, (q - 1) * error), axis=-1)


model.compile(loss=quantile_loss, optimizer=keras.optimizers.Adam(1e-3, clipnorm=0.01))
model.fit(x, y, epochs=1)
