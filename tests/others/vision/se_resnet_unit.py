# expected: whole
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(x, y, verbose=0)
# %%
from functools import partial

import numpy as np
import tensorflow as tf

x, y = np.random.default_rng(0).random((4, 16, 16, 1)).astype("float32"), np.array([0, 1, 2, 2])
DefaultConv2D = partial(
    tf.keras.layers.Conv2D,
    kernel_size=3,
    strides=1,
    padding="same",
    kernel_initializer="he_normal",
    use_bias=False,
)


class ResidualUnit(tf.keras.layers.Layer):
    def __init__(self, filters, strides=1, activation="relu", **kwargs):
        super().__init__(**kwargs)
        self.activation = tf.keras.activations.get(activation)
        self.main_layers = [
            DefaultConv2D(filters, strides=strides),
            tf.keras.layers.BatchNormalization(),
            self.activation,
            DefaultConv2D(filters),
            tf.keras.layers.BatchNormalization(),
        ]
        self.skip_layers = []
        if strides > 1:
            self.skip_layers = [
                DefaultConv2D(filters, kernel_size=1, strides=strides),
                tf.keras.layers.BatchNormalization(),
            ]
        self.squeeze = tf.keras.layers.GlobalAveragePooling2D(keepdims=True)
        self.excite = [
            tf.keras.layers.Dense(2, activation="relu"),
            tf.keras.layers.Dense(filters, activation="sigmoid"),
        ]

    def call(self, inputs):
        Z = inputs
        for layer in self.main_layers:
            Z = layer(Z)
        gate = self.squeeze(Z)
        for layer in self.excite:
            gate = layer(gate)
        skip_Z = inputs
        for layer in self.skip_layers:
            skip_Z = layer(skip_Z)
        return self.activation(Z * gate + skip_Z)


# %%
model = tf.keras.Sequential([DefaultConv2D(filters=4, kernel_size=7, strides=2, input_shape=[16, 16, 1])])
model.add(tf.keras.layers.BatchNormalization())
model.add(tf.keras.layers.Activation("relu"))
prev_filters = 4
for filters in [4] * 1 + [8] * 2:
    strides = 1 if filters == prev_filters else 2
    model.add(ResidualUnit(filters, strides=strides))
    prev_filters = filters
model.add(tf.keras.layers.GlobalAvgPool2D())
model.add(tf.keras.layers.Flatten())
model.add(tf.keras.layers.Dense(3, activation="softmax"))
model.compile(loss="sparse_categorical_crossentropy", optimizer="nadam", metrics=["accuracy"])
model.fit(x, y, epochs=1)
