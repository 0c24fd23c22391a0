# expected: whole
# model: gen_G
# answer: gen_G.predict(images, verbose=0)
# %%
import numpy as np
import keras
from keras import layers, ops

images = np.random.default_rng(0).random((2, 12, 12, 3)).astype("float32")
kernel_init = keras.initializers.RandomNormal(mean=0.0, stddev=0.02)
gamma_init = keras.initializers.RandomNormal(mean=0.0, stddev=0.02)


class ReflectionPadding2D(layers.Layer):
    """Pads the borders by reflection."""

    def __init__(self, padding=(1, 1), **kwargs):
        self.padding = tuple(padding)
        super().__init__(**kwargs)

    def call(self, input_tensor, mask=None):
        padding_width, padding_height = self.padding
        padding_tensor = [[0, 0], [padding_height, padding_height], [padding_width, padding_width], [0, 0]]
        return ops.pad(input_tensor, padding_tensor, mode="reflect")


def residual_block(x, activation, kernel_initializer=kernel_init, gamma_initializer=gamma_init):
    dim = x.shape[-1]
    input_tensor = x
    x = ReflectionPadding2D()(input_tensor)
    x = layers.Conv2D(dim, (3, 3), kernel_initializer=kernel_initializer, padding="valid", use_bias=False)(x)
    x = layers.GroupNormalization(groups=-1, gamma_initializer=gamma_initializer)(x)
    x = activation(x)
    return layers.add([input_tensor, x])


# %%
def get_resnet_generator(filters=4, num_residual_blocks=1, name=None):
    img_input = layers.Input(shape=(12, 12, 3), name=name + "_img_input")
    x = ReflectionPadding2D(padding=(3, 3))(img_input)
    x = layers.Conv2D(filters, (7, 7), kernel_initializer=kernel_init, use_bias=False)(x)
    x = layers.GroupNormalization(groups=2, gamma_initializer=gamma_init)(x)
    x = layers.Activation("relu")(x)
    for _ in range(num_residual_blocks):
        x = residual_block(x, activation=layers.Activation("relu"))
    x = ReflectionPadding2D(padding=(3, 3))(x)
    x = layers.Conv2D(3, (7, 7), padding="valid")(x)
    x = layers.Activation("tanh")(x)
    return keras.models.Model(img_input, x, name=name)


gen_G = get_resnet_generator(name="generator_G")
_ = gen_G.predict(images)
