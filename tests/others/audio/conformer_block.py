# expected: whole
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(x, y, verbose=0)
# random: dropout
# %%
import numpy as np
import tensorflow as tf
import keras
from keras import layers

x, y = np.random.default_rng(0).random((4, 10, 6)).astype("float32"), np.array([0, 1, 2, 1])


class GLU(layers.Layer):
    def __init__(self, bias=True, dim=-1, **kwargs):
        super(GLU, self).__init__(**kwargs)
        self.bias = bias
        self.dim = dim
        self.dense = None

    def call(self, x):
        out, gate = tf.split(x, num_or_size_splits=2, axis=self.dim)
        return out * tf.sigmoid(gate)


class Swish(layers.Layer):
    def __init__(self, **kwargs):
        super(Swish, self).__init__(**kwargs)

    def call(self, inputs):
        return inputs * tf.sigmoid(inputs)


class PreNorm(layers.Layer):
    def __init__(self, fn, **kwargs):
        super(PreNorm, self).__init__(**kwargs)
        self.norm = layers.LayerNormalization()
        self.fn = fn

    def call(self, inputs, training=None):
        return self.fn(self.norm(inputs), training=training)


class Scale(layers.Layer):
    def __init__(self, scale, fn, **kwargs):
        super(Scale, self).__init__(**kwargs)
        self.scale = scale
        self.fn = fn

    def call(self, inputs, training=None):
        return self.fn(inputs, training=training) * self.scale


class FeedForward(layers.Layer):
    def __init__(self, dim, mult=2, dropout=0.0, **kwargs):
        super(FeedForward, self).__init__(**kwargs)
        self.net = keras.Sequential([layers.Dense(dim * mult), Swish(), layers.Dropout(dropout), layers.Dense(dim)])

    def call(self, inputs, training=None):
        return self.net(inputs, training=training)


class SelfAttention(layers.Layer):
    def __init__(self, dim, heads=2, **kwargs):
        super(SelfAttention, self).__init__(**kwargs)
        self.mha = layers.MultiHeadAttention(heads, dim // heads, dropout=0.1)

    def call(self, inputs, training=None):
        return self.mha(inputs, inputs, training=training)


class ConformerConvModule(layers.Layer):
    def __init__(self, dim, expansion_factor=2, kernel_size=3, dropout=0.0, **kwargs):
        super(ConformerConvModule, self).__init__(**kwargs)
        inner = dim * expansion_factor
        self.net = keras.Sequential(
            [
                layers.LayerNormalization(),
                layers.Conv1D(inner * 2, 1),
                GLU(dim=-1),
                layers.DepthwiseConv1D(kernel_size, padding="same"),
                layers.BatchNormalization(),
                Swish(),
                layers.Conv1D(dim, 1),
                layers.Dropout(dropout),
            ]
        )

    def call(self, inputs, training=None):
        return self.net(inputs, training=training)


# %%
class ConformerBlock(layers.Layer):
    def __init__(self, dim, ff_dropout=0.1, conv_dropout=0.1, **kwargs):
        super(ConformerBlock, self).__init__(**kwargs)
        self.ff1 = Scale(0.5, PreNorm(FeedForward(dim=dim, dropout=ff_dropout)))
        self.attn = PreNorm(SelfAttention(dim))
        self.conv = ConformerConvModule(dim, dropout=conv_dropout)
        self.ff2 = Scale(0.5, PreNorm(FeedForward(dim=dim, dropout=ff_dropout)))
        self.post_norm = layers.LayerNormalization()

    def call(self, inputs, training=None):
        x = self.ff1(inputs, training=training) + inputs
        x = self.attn(x, training=training) + x
        x = self.conv(x, training=training) + x
        x = self.ff2(x, training=training) + x
        return self.post_norm(x)


model = keras.Sequential(
    [keras.Input((10, 6)), layers.Dense(8), ConformerBlock(8), layers.GlobalAveragePooling1D(), layers.Dense(3)]
)
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
model.fit(x, y, epochs=1)
