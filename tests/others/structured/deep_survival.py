# expected: whole
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(x, y, batch_size=8, verbose=0)
# random: dropout
# %%
import numpy as np
import tensorflow as tf
from tensorflow import keras

rng = np.random.default_rng(0)
x = rng.normal(size=(8, 5)).astype("float32")
time, event = rng.exponential(5, 8).astype("float32"), rng.integers(0, 2, 8).astype("float32")
event[0] = 1
order = np.argsort(-time)
x, y = x[order], np.stack([time, event], 1)[order]
L2_REG = 1e-3


def negative_log_likelihood(E, NUM_E):
    def loss(y_true, y_pred):
        hazard_ratio = tf.exp(y_pred)
        log_risk = tf.math.log(tf.cumsum(hazard_ratio))
        uncensored_likelihood = tf.transpose(y_pred) - tf.transpose(log_risk)
        censored_likelihood = uncensored_likelihood * y_true[:, 1]
        return -tf.reduce_sum(censored_likelihood) / NUM_E

    return loss


def concordance(y_true, y_pred):
    t, e, risk = y_true[:, 0], y_true[:, 1], y_pred[:, 0]
    admissible = tf.cast(t[:, None] < t[None, :], tf.float32) * e[:, None]
    agree = tf.cast(risk[:, None] > risk[None, :], tf.float32)
    return tf.math.divide_no_nan(tf.reduce_sum(admissible * agree), tf.reduce_sum(admissible))


# %%
model = keras.Sequential()
model.add(keras.layers.Dense(8, input_shape=(5,), kernel_initializer="glorot_uniform", activation="relu"))
model.add(keras.layers.Dropout(0.2))
model.add(keras.layers.Dense(1, activation="linear", kernel_regularizer=keras.regularizers.L2(L2_REG), use_bias=False))
sgd = (
    keras.optimizers.SGD(learning_rate=1e-3, decay=0.01, momentum=0.9, nesterov=True)
    if False
    else (keras.optimizers.SGD(learning_rate=1e-3, momentum=0.9, nesterov=True, clipnorm=1.0))
)
model.compile(loss=negative_log_likelihood(y[:, 1], y[:, 1].sum()), optimizer=sgd, metrics=[concordance])
model.fit(x, y, batch_size=8, epochs=2, shuffle=False, callbacks=[keras.callbacks.TerminateOnNaN()])
