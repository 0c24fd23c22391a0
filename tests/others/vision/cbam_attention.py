# expected: whole
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(x, y, verbose=0)
# %%
import numpy as np
import keras
from keras import layers, ops

x, y = np.random.default_rng(0).random((4, 12, 12, 3)).astype("float32"), np.array([0.0, 1.0, 1.0, 0.0])


class ChannelAttention(layers.Layer):
    def __init__(self, ratio=2):
        super().__init__()
        self.ratio = ratio

    def build(self, input_shape):
        channel = input_shape[-1]
        self.shared_dense_one = layers.Dense(channel // self.ratio, activation="relu", kernel_initializer="he_normal")
        self.shared_dense_two = layers.Dense(channel, kernel_initializer="he_normal")

    def call(self, feature):
        avg_pool = ops.mean(feature, axis=(1, 2), keepdims=True)
        max_pool = ops.max(feature, axis=(1, 2), keepdims=True)
        avg_pool = self.shared_dense_two(self.shared_dense_one(avg_pool))
        max_pool = self.shared_dense_two(self.shared_dense_one(max_pool))
        return feature * ops.sigmoid(avg_pool + max_pool)


class SpatialAttention(layers.Layer):
    def __init__(self, kernel_size=7):
        super().__init__()
        self.conv = layers.Conv2D(1, kernel_size, padding="same", activation="sigmoid", use_bias=False)

    def call(self, feature):
        maps = ops.concatenate(
            [ops.mean(feature, axis=-1, keepdims=True), ops.max(feature, axis=-1, keepdims=True)], axis=-1
        )
        return feature * self.conv(maps)


def cbam_block(feature, ratio=2):
    return SpatialAttention()(ChannelAttention(ratio)(feature))


# %%
inputs = keras.Input((12, 12, 3))
h = layers.Conv2D(4, 3, padding="same", activation="relu")(inputs)
h = cbam_block(h)
h = layers.Conv2D(8, 3, strides=2, padding="same", activation="relu")(h)
h = cbam_block(h, ratio=4)
h = layers.GlobalAveragePooling2D()(h)
model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(h))
model.compile(optimizer=keras.optimizers.AdamW(1e-3, weight_decay=1e-4), loss="binary_crossentropy", metrics=["AUC"])
model.fit(x, y, epochs=1)
