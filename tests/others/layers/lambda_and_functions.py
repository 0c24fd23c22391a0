# expected: whole
# older: 3.15 does not run: Keras takes no function as a regularizer
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(x, y, verbose=0)
# %%
import numpy as np
import tensorflow as tf
import keras
from keras import layers

SCALE = 3.0
x, y = np.random.default_rng(0).random((4, 6)).astype("float32"), np.zeros((4, 1))


def my_activation(t):
    return t * tf.nn.sigmoid(SCALE * t)


def my_initializer(shape, dtype=None):
    return tf.ones(shape, dtype=dtype or "float32") / shape[0]


def my_regularizer(w):
    return 0.01 * tf.reduce_sum(tf.abs(w))


# %%
model = keras.Sequential(
    [
        keras.Input((6,)),
        layers.Dense(4, activation=my_activation, kernel_initializer=my_initializer, kernel_regularizer=my_regularizer),
        layers.Lambda(lambda t: t * SCALE),
        layers.Dense(1, activation=keras.layers.LeakyReLU(negative_slope=0.1)),
    ]
)
model.compile(optimizer=keras.optimizers.Adam(), loss=lambda y_true, y_pred: tf.reduce_mean(tf.square(y_true - y_pred)))
model.fit(x, y, epochs=1)
