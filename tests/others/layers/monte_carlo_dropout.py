# expected: whole
# model: mc_model
# answer: tf.shape(mc_model(x))
# again: mc_model.fit(x, y, verbose=0)
# random: dropout
# %%
import numpy as np
import tensorflow as tf

x, y = np.random.default_rng(0).random((8, 4, 3)).astype("float32"), np.arange(8) % 3


class MCDropout(tf.keras.layers.Dropout):
    def call(self, inputs, training=False):
        return super().call(inputs, training=True)


class MCAlphaDropout(tf.keras.layers.AlphaDropout):
    def call(self, inputs, training=None):
        return super().call(inputs, training=True)


tf.random.set_seed(42)
model = tf.keras.Sequential(
    [
        tf.keras.layers.Flatten(input_shape=[4, 3]),
        tf.keras.layers.AlphaDropout(rate=0.2),
        tf.keras.layers.Dense(8, activation="selu", kernel_initializer="lecun_normal"),
        tf.keras.layers.Dropout(rate=0.2),
        tf.keras.layers.Dense(3, activation="softmax"),
    ]
)
optimizer = tf.keras.optimizers.SGD(learning_rate=0.01, momentum=0.9, nesterov=True)
model.compile(loss="sparse_categorical_crossentropy", optimizer=optimizer, metrics=["accuracy"])
model.fit(x, y, epochs=1)

# %%
mc_classes = {"Dropout": MCDropout, "AlphaDropout": MCAlphaDropout}
mc_model = tf.keras.Sequential(
    [
        mc_classes[type(layer).__name__](layer.rate) if type(layer).__name__ in mc_classes else layer
        for layer in model.layers
    ]
)
mc_model.set_weights(model.get_weights())
mc_model.compile(loss="sparse_categorical_crossentropy", optimizer=tf.keras.optimizers.SGD(0.01))
mc_model.fit(x, y, epochs=1)
np.mean([mc_model.predict(x[:1], verbose=0) for sample in range(3)], axis=0)
