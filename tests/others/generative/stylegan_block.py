# expected: whole
# model: style_gan
# answer: style_gan.g_mapping(z)
# again: style_gan.fit(images, verbose=0)
# random: noise
# %%
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers
from tensorflow.keras.models import Model, Sequential

z_dim = 4
images = np.random.default_rng(0).random((2, 8, 8, 3)).astype("float32")
z = np.random.default_rng(1).random((2, z_dim)).astype("float32")


class EqualizedConv(layers.Layer):
    def __init__(self, out_channels, kernel=3, gain=2, **kwargs):
        super(EqualizedConv, self).__init__(**kwargs)
        self.kernel = kernel
        self.out_channels = out_channels
        self.gain = gain
        self.pad = kernel != 1

    def build(self, input_shape):
        self.in_channels = input_shape[-1]
        initializer = keras.initializers.RandomNormal(mean=0.0, stddev=1.0)
        self.w = self.add_weight(
            shape=[self.kernel, self.kernel, self.in_channels, self.out_channels],
            initializer=initializer,
            trainable=True,
            name="kernel",
        )
        self.b = self.add_weight(shape=(self.out_channels,), initializer="zeros", trainable=True, name="bias")
        fan_in = self.kernel * self.kernel * self.in_channels
        self.scale = tf.sqrt(self.gain / fan_in)

    def call(self, inputs):
        x = tf.pad(inputs, [[0, 0], [1, 1], [1, 1], [0, 0]], mode="REFLECT") if self.pad else inputs
        return tf.nn.conv2d(x, self.scale * self.w, strides=1, padding="VALID") + self.b


class AddNoise(layers.Layer):
    def build(self, input_shape):
        n, h, w, c = input_shape[0]
        self.b = self.add_weight(shape=[1, 1, 1, c], initializer="random_normal", trainable=True, name="kernel")

    def call(self, inputs):
        x, noise = inputs
        return x + self.b * noise


class AdaIN(layers.Layer):
    def __init__(self, gain=1, **kwargs):
        super(AdaIN, self).__init__(**kwargs)
        self.gain = gain

    def build(self, input_shapes):
        x_shape, w_shape = input_shapes
        self.x_channels = x_shape[-1]
        self.dense_1 = layers.Dense(self.x_channels)
        self.dense_2 = layers.Dense(self.x_channels, bias_initializer="ones")

    def call(self, inputs):
        x, w = inputs
        ys = tf.reshape(self.dense_1(w), (-1, 1, 1, self.x_channels))
        yb = tf.reshape(self.dense_2(w), (-1, 1, 1, self.x_channels))
        mean, variance = tf.nn.moments(x, [1, 2], keepdims=True)
        return ys * (x - mean) * tf.math.rsqrt(variance + 1e-7) + yb


# %%
def Mapping():
    z = layers.Input(shape=(z_dim,))
    w = z / tf.sqrt(tf.constant(float(z_dim)))
    for i in range(2):
        w = layers.LeakyReLU(0.2)(layers.Dense(z_dim)(w))
    return Model(z, w, name="mapping")


def Synthesis():
    w, noise = layers.Input(shape=(z_dim,)), layers.Input(shape=(8, 8, 1))
    x = layers.Dense(4 * 4 * 4)(w)
    x = layers.UpSampling2D((2, 2))(layers.Reshape((4, 4, 4))(x))
    x = EqualizedConv(4, 3)(x)
    x = AddNoise()([x, noise])
    x = layers.LeakyReLU(0.2)(x)
    x = AdaIN()([x, w])
    return Model([w, noise], EqualizedConv(3, 1, gain=1)(x), name="synthesis")


def minibatch_std(input_tensor, epsilon=1e-8):
    std = tf.math.reduce_std(input_tensor, axis=0, keepdims=True)
    average = tf.reduce_mean(std, axis=[1, 2, 3], keepdims=True)
    shape = tf.shape(input_tensor)
    return tf.concat([input_tensor, tf.tile(average, (shape[0], shape[1], shape[2], 1))], axis=-1)


class StyleGAN(keras.Model):
    def __init__(self, z_dim=4):
        super(StyleGAN, self).__init__()
        self.z_dim = z_dim
        self.g_mapping = Mapping()
        self.g_synthesis = Synthesis()
        self.discriminator = Sequential(
            [layers.Input((8, 8, 3)), EqualizedConv(4), layers.Lambda(minibatch_std), layers.Flatten(), layers.Dense(1)]
        )
        self.ma_mapping = keras.models.clone_model(self.g_mapping)
        self.ma_mapping.set_weights(self.g_mapping.get_weights())

    def compile(self, d_optimizer, g_optimizer, *args, **kwargs):
        super(StyleGAN, self).compile(*args, **kwargs)
        self.d_optimizer = d_optimizer
        self.g_optimizer = g_optimizer

    def call(self, inputs):
        z, noise = inputs
        return self.g_synthesis([self.g_mapping(z), noise])

    def train_step(self, real):
        n = tf.shape(real)[0]
        z, noise = tf.random.normal((n, self.z_dim)), tf.random.normal((n, 8, 8, 1))
        with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
            fake = self([z, noise])
            fake_pred, real_pred = self.discriminator(fake), self.discriminator(real)
            g_loss = -tf.reduce_mean(fake_pred)
            d_loss = tf.reduce_mean(fake_pred) - tf.reduce_mean(real_pred) + 0.001 * tf.reduce_mean(real_pred**2)
        g_vars = self.g_mapping.trainable_weights + self.g_synthesis.trainable_weights
        self.g_optimizer.apply_gradients(zip(g_tape.gradient(g_loss, g_vars), g_vars))
        d_vars = self.discriminator.trainable_weights
        self.d_optimizer.apply_gradients(zip(d_tape.gradient(d_loss, d_vars), d_vars))
        for ma, w in zip(self.ma_mapping.weights, self.g_mapping.weights):
            ma.assign(0.99 * ma + 0.01 * w)
        return {"d_loss": d_loss, "g_loss": g_loss}


opt_cfg = {"learning_rate": 1e-3, "beta_1": 0.0, "beta_2": 0.99, "epsilon": 1e-8}
style_gan = StyleGAN()
style_gan.compile(keras.optimizers.Adam(**opt_cfg), keras.optimizers.Adam(**opt_cfg))
style_gan.fit(images, epochs=1, verbose=0)
