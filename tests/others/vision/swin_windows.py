# expected: whole
# model: model
# answer: model.predict(images, verbose=0)
# again: model.fit(images, labels, verbose=0)
# random: dropout
# %%
import numpy as np
import keras
from keras import layers, ops

patch_size, window_size, shift_size, embed_dim, num_heads, image_dimension = (2, 2), 2, 1, 8, 2, 16
num_patch_x = num_patch_y = image_dimension // patch_size[0]
images = np.random.default_rng(0).random((4, image_dimension, image_dimension, 3)).astype("float32")
labels = keras.utils.to_categorical([0, 1, 2, 1], 3)


def window_partition(x, window_size):
    _, height, width, channels = x.shape
    x = ops.reshape(x, (-1, height // window_size, window_size, width // window_size, window_size, channels))
    x = ops.transpose(x, (0, 1, 3, 2, 4, 5))
    return ops.reshape(x, (-1, window_size, window_size, channels))


def window_reverse(windows, window_size, height, width, channels):
    x = ops.reshape(windows, (-1, height // window_size, width // window_size, window_size, window_size, channels))
    return ops.reshape(ops.transpose(x, (0, 1, 3, 2, 4, 5)), (-1, height, width, channels))


# %%
class WindowAttention(layers.Layer):
    def __init__(self, dim, window_size, num_heads, qkv_bias=True, dropout_rate=0.0, **kwargs):
        super().__init__(**kwargs)
        self.dim = dim
        self.window_size = window_size
        self.num_heads = num_heads
        self.scale = (dim // num_heads) ** -0.5
        self.qkv = layers.Dense(dim * 3, use_bias=qkv_bias)
        self.dropout = layers.Dropout(dropout_rate)
        self.proj = layers.Dense(dim)
        num_window_elements = (2 * self.window_size[0] - 1) * (2 * self.window_size[1] - 1)
        self.relative_position_bias_table = self.add_weight(
            shape=(num_window_elements, self.num_heads), initializer=keras.initializers.Zeros(), trainable=True
        )
        coords = np.stack(np.meshgrid(np.arange(window_size[0]), np.arange(window_size[1]), indexing="ij"))
        flat = coords.reshape(2, -1)
        relative = (flat[:, :, None] - flat[:, None, :]).transpose([1, 2, 0])
        relative[:, :, 0] = (relative[:, :, 0] + window_size[0] - 1) * (2 * window_size[1] - 1)
        relative[:, :, 1] += window_size[1] - 1
        self.relative_position_index = keras.Variable(
            initializer=relative.sum(-1), shape=(flat.shape[1],) * 2, dtype="int", trainable=False
        )

    def call(self, x, mask=None):
        _, size, channels = x.shape
        qkv = ops.reshape(self.qkv(x), (-1, size, 3, self.num_heads, channels // self.num_heads))
        q, k, v = ops.unstack(ops.transpose(qkv, (2, 0, 3, 1, 4)), 3)
        attn = (q * self.scale) @ ops.transpose(k, (0, 1, 3, 2))
        index = ops.reshape(self.relative_position_index, (-1,))
        bias = ops.reshape(ops.take(self.relative_position_bias_table, index, axis=0), (size, size, -1))
        attn = attn + ops.expand_dims(ops.transpose(bias, (2, 0, 1)), 0)
        if mask is not None:
            n = mask.shape[0]
            masked = ops.cast(ops.expand_dims(ops.expand_dims(mask, 1), 0), "float32")
            attn = ops.reshape(attn, (-1, n, self.num_heads, size, size)) + masked
            attn = ops.reshape(attn, (-1, self.num_heads, size, size))
        attn = self.dropout(ops.nn.softmax(attn, axis=-1))
        out = ops.reshape(ops.transpose(attn @ v, (0, 2, 1, 3)), (-1, size, channels))
        return self.dropout(self.proj(out))


# %%
class SwinTransformer(layers.Layer):
    def __init__(self, dim, num_patch, num_heads, window_size=7, shift_size=0, **kwargs):
        super().__init__(**kwargs)
        self.dim, self.num_patch, self.window_size, self.shift_size = dim, num_patch, window_size, shift_size
        self.norm1 = layers.LayerNormalization(epsilon=1e-5)
        self.attn = WindowAttention(dim, (window_size, window_size), num_heads, dropout_rate=0.03)
        self.norm2 = layers.LayerNormalization(epsilon=1e-5)
        self.mlp = keras.Sequential([layers.Dense(16), layers.Activation(keras.activations.gelu), layers.Dense(dim)])
        if min(self.num_patch) < self.window_size:
            self.shift_size, self.window_size = 0, min(self.num_patch)

    def build(self, input_shape):
        if self.shift_size == 0:
            self.attn_mask = None
        else:
            height, width = self.num_patch
            slices = (
                slice(0, -self.window_size),
                slice(-self.window_size, -self.shift_size),
                slice(-self.shift_size, None),
            )
            mask_array, count = np.zeros((1, height, width, 1)), 0
            for h in slices:
                for w in slices:
                    mask_array[:, h, w, :] = count
                    count += 1
            windows = window_partition(ops.convert_to_tensor(mask_array), self.window_size)
            windows = ops.reshape(windows, [-1, self.window_size * self.window_size])
            attn_mask = ops.expand_dims(windows, 1) - ops.expand_dims(windows, 2)
            attn_mask = ops.where(attn_mask != 0, -100.0, 0.0)
            self.attn_mask = keras.Variable(
                initializer=attn_mask, shape=attn_mask.shape, dtype=attn_mask.dtype, trainable=False
            )

    def call(self, x, training=False):
        height, width = self.num_patch
        _, patches, channels = x.shape
        x_skip = x
        x = ops.reshape(self.norm1(x), (-1, height, width, channels))
        if self.shift_size > 0:
            x = ops.roll(x, shift=[-self.shift_size, -self.shift_size], axis=[1, 2])
        windows = ops.reshape(window_partition(x, self.window_size), (-1, self.window_size**2, channels))
        windows = ops.reshape(
            self.attn(windows, mask=self.attn_mask), (-1, self.window_size, self.window_size, channels)
        )
        x = window_reverse(windows, self.window_size, height, width, channels)
        if self.shift_size > 0:
            x = ops.roll(x, shift=[self.shift_size, self.shift_size], axis=[1, 2])
        x = x_skip + ops.reshape(x, (-1, height * width, channels))
        return x + self.mlp(self.norm2(x))


# %%
class PatchMerging(layers.Layer):
    def __init__(self, num_patch, embed_dim):
        super().__init__()
        self.num_patch = num_patch
        self.embed_dim = embed_dim
        self.linear_trans = layers.Dense(2 * embed_dim, use_bias=False)

    def call(self, x):
        height, width = self.num_patch
        x = ops.reshape(x, (-1, height, width, x.shape[2]))
        parts = [x[:, i::2, j::2, :] for j in (0, 1) for i in (0, 1)]
        x = ops.concatenate(parts, axis=-1)
        return self.linear_trans(ops.reshape(x, (-1, (height // 2) * (width // 2), 4 * self.embed_dim)))


inputs = layers.Input(shape=(image_dimension, image_dimension, 3))
x = layers.Conv2D(embed_dim, patch_size, strides=patch_size)(inputs)
x = layers.Reshape((num_patch_x * num_patch_y, embed_dim))(x)
x = SwinTransformer(embed_dim, (num_patch_x, num_patch_y), num_heads, window_size, 0)(x)
x = SwinTransformer(embed_dim, (num_patch_x, num_patch_y), num_heads, window_size, shift_size)(x)
x = PatchMerging((num_patch_x, num_patch_y), embed_dim=embed_dim)(x)
x = layers.GlobalAveragePooling1D()(x)
model = keras.Model(inputs, layers.Dense(3, activation="softmax")(x))
model.compile(
    loss=keras.losses.CategoricalCrossentropy(label_smoothing=0.1),
    optimizer=keras.optimizers.AdamW(learning_rate=1e-3, weight_decay=0.0001),
    metrics=[keras.metrics.CategoricalAccuracy(name="accuracy")],
)
model.fit(images, labels, epochs=1)
