# expected: whole
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(x, y, verbose=0)
# random: stochastic depth
# %%
import numpy as np
import tensorflow as tf
from tensorflow.keras import layers

x, y = np.random.default_rng(0).random((4, 16, 16, 3)).astype("float32"), np.array([0, 1, 2, 1])
model_configs = {"tiny": {"depths": [1, 2], "dims": [4, 8]}}


class StochasticDepth(layers.Layer):
    def __init__(self, drop_path, **kwargs):
        super(StochasticDepth, self).__init__(**kwargs)
        self.drop_path = drop_path

    def call(self, x, training=None):
        if training:
            keep_prob = 1 - self.drop_path
            shape = (tf.shape(x)[0],) + (1,) * (len(x.shape) - 1)
            random_tensor = keep_prob + tf.random.uniform(shape, 0, 1)
            random_tensor = tf.floor(random_tensor)
            return (x / keep_prob) * random_tensor
        return x


class Block(tf.keras.Model):
    """Depthwise convolution, layer norm, two pointwise layers and a learned scale."""

    def __init__(self, dim, drop_path=0.0, layer_scale_init_value=1e-6, **kwargs):
        super(Block, self).__init__(**kwargs)
        self.dim = dim
        if layer_scale_init_value > 0:
            self.gamma = tf.Variable(layer_scale_init_value * tf.ones((dim,)))
        else:
            self.gamma = None
        self.dw_conv_1 = layers.Conv2D(filters=dim, kernel_size=7, padding="same", groups=dim)
        self.layer_norm = layers.LayerNormalization(epsilon=1e-6)
        self.pw_conv_1 = layers.Dense(4 * dim)
        self.act_fn = layers.Activation("gelu")
        self.pw_conv_2 = layers.Dense(dim)
        self.drop_path = StochasticDepth(drop_path) if drop_path > 0.0 else layers.Activation("linear")

    def call(self, inputs):
        x = inputs
        x = self.pw_conv_2(self.act_fn(self.pw_conv_1(self.layer_norm(self.dw_conv_1(x)))))
        if self.gamma is not None:
            x = self.gamma * x
        return inputs + self.drop_path(x)


# %%
def get_convnext_model(model_name="tiny", input_shape=(16, 16, 3), num_classes=3, drop_path_rate=0.2):
    depths, dims = model_configs[model_name]["depths"], model_configs[model_name]["dims"]
    inputs = layers.Input(input_shape)
    x = layers.Conv2D(dims[0], kernel_size=4, strides=4)(inputs)
    x = layers.LayerNormalization(epsilon=1e-6)(x)
    dp_rates = [x for x in tf.linspace(0.0, drop_path_rate, sum(depths))]
    cur = 0
    for i, depth in enumerate(depths):
        if i:
            x = layers.LayerNormalization(epsilon=1e-6)(x)
            x = layers.Conv2D(dims[i], kernel_size=2, strides=2)(x)
        for j in range(depth):
            x = Block(dim=dims[i], drop_path=dp_rates[cur + j], name=f"stage_{i}_block_{j}")(x)
        cur += depth
    x = layers.GlobalAvgPool2D()(x)
    x = layers.LayerNormalization(epsilon=1e-6)(x)
    return tf.keras.Model(inputs, layers.Dense(num_classes, name="classification_head")(x), name=model_name)


model = get_convnext_model()
model.compile("adam", tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True))
model.fit(x, y, epochs=1)
