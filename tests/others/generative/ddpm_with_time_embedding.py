# expected: whole
# model: ddpm
# answer: ddpm.network([images, times])
# again: ddpm.fit(images, verbose=0)
# random: noise
# %%
import math

import numpy as np
import tensorflow as tf
import keras
from keras import layers

total_timesteps = 10
images = np.random.default_rng(0).random((4, 8, 8, 1)).astype("float32")
times = np.array([0, 3, 5, 9])


class GaussianDiffusion:
    def __init__(self, beta_start=1e-4, beta_end=0.02, timesteps=10, clip_min=-1.0, clip_max=1.0):
        self.num_timesteps, self.clip_min, self.clip_max = int(timesteps), clip_min, clip_max
        self.betas = betas = np.linspace(beta_start, beta_end, timesteps, dtype=np.float64)
        alphas_cumprod = np.cumprod(1.0 - betas, axis=0)
        self.sqrt_alphas_cumprod = tf.constant(np.sqrt(alphas_cumprod), dtype=tf.float32)
        self.sqrt_one_minus_alphas_cumprod = tf.constant(np.sqrt(1.0 - alphas_cumprod), dtype=tf.float32)

    def _extract(self, a, t, x_shape):
        return tf.reshape(tf.gather(a, t), [x_shape[0], 1, 1, 1])

    def q_sample(self, x_start, t, noise):
        shape = tf.shape(x_start)
        return (
            self._extract(self.sqrt_alphas_cumprod, t, shape) * x_start
            + self._extract(self.sqrt_one_minus_alphas_cumprod, t, shape) * noise
        )


# %%
def kernel_init(scale):
    scale = max(scale, 1e-10)
    return keras.initializers.VarianceScaling(scale, mode="fan_avg", distribution="uniform")


class TimeEmbedding(layers.Layer):
    def __init__(self, dim, **kwargs):
        super().__init__(**kwargs)
        self.dim = dim
        self.half_dim = dim // 2
        self.emb = math.log(10000) / (self.half_dim - 1)
        self.emb = tf.exp(tf.range(self.half_dim, dtype=tf.float32) * -self.emb)

    def call(self, inputs):
        inputs = tf.cast(inputs, dtype=tf.float32)
        emb = inputs[:, None] * self.emb[None, :]
        return tf.concat([tf.sin(emb), tf.cos(emb)], axis=-1)


class AttentionBlock(layers.Layer):
    def __init__(self, units, groups=2, **kwargs):
        self.units = units
        self.groups = groups
        super().__init__(**kwargs)
        self.norm = layers.GroupNormalization(groups=groups)
        self.query = layers.Dense(units, kernel_initializer=kernel_init(1.0))
        self.key = layers.Dense(units, kernel_initializer=kernel_init(1.0))
        self.value = layers.Dense(units, kernel_initializer=kernel_init(1.0))
        self.proj = layers.Dense(units, kernel_initializer=kernel_init(0.0))

    def call(self, inputs):
        shape = tf.shape(inputs)
        x = self.norm(inputs)
        q, k, v = self.query(x), self.key(x), self.value(x)
        scores = tf.einsum("bhwc, bHWc->bhwHW", q, k) * tf.cast(self.units, tf.float32) ** (-0.5)
        scores = tf.reshape(scores, [shape[0], shape[1], shape[2], shape[1] * shape[2]])
        scores = tf.reshape(tf.nn.softmax(scores, -1), [shape[0], shape[1], shape[2], shape[1], shape[2]])
        return inputs + self.proj(tf.einsum("bhwHW,bHWc->bhwc", scores, v))


def ResidualBlock(width, groups=2, activation_fn=keras.activations.swish):
    def apply(inputs):
        x, t = inputs
        residual = x if x.shape[3] == width else layers.Conv2D(width, 1, kernel_initializer=kernel_init(1.0))(x)
        temb = layers.Dense(width, kernel_initializer=kernel_init(1.0))(activation_fn(t))[:, None, None, :]
        x = activation_fn(layers.GroupNormalization(groups=groups)(x))
        x = layers.Conv2D(width, 3, padding="same", kernel_initializer=kernel_init(1.0))(x)
        x = layers.Add()([x, temb])
        x = activation_fn(layers.GroupNormalization(groups=groups)(x))
        return layers.Add()([layers.Conv2D(width, 3, padding="same", kernel_initializer=kernel_init(0.0))(x), residual])

    return apply


def build_model():
    image_input = layers.Input(shape=(8, 8, 1), name="image_input")
    time_input = keras.Input(shape=(), dtype="int64", name="time_input")
    x = layers.Conv2D(4, (3, 3), padding="same")(image_input)
    temb = layers.Dense(8, activation="swish")(TimeEmbedding(dim=8)(time_input))
    skip = x = ResidualBlock(4)([x, temb])
    x = layers.Conv2D(4, 3, strides=2, padding="same")(x)
    x = AttentionBlock(4)(ResidualBlock(4)([x, temb]))
    x = layers.Concatenate()([layers.UpSampling2D(2, interpolation="nearest")(x), skip])
    x = ResidualBlock(4)([x, temb])
    return keras.Model([image_input, time_input], layers.Conv2D(1, 3, padding="same")(x), name="unet")


# %%
class DiffusionModel(keras.Model):
    def __init__(self, network, ema_network, timesteps, gdf_util, ema=0.999):
        super().__init__()
        self.network = network
        self.ema_network = ema_network
        self.timesteps = timesteps
        self.gdf_util = gdf_util
        self.ema = ema

    def train_step(self, images):
        batch_size = tf.shape(images)[0]
        t = tf.random.uniform(minval=0, maxval=self.timesteps, shape=(batch_size,), dtype=tf.int64)
        with tf.GradientTape() as tape:
            noise = tf.random.normal(shape=tf.shape(images), dtype=images.dtype)
            images_t = self.gdf_util.q_sample(images, t, noise)
            loss = self.compute_loss(y=noise, y_pred=self.network([images_t, t], training=True))
        gradients = tape.gradient(loss, self.network.trainable_weights)
        self.optimizer.apply_gradients(zip(gradients, self.network.trainable_weights))
        for weight, ema_weight in zip(self.network.weights, self.ema_network.weights):
            ema_weight.assign(self.ema * ema_weight + (1 - self.ema) * weight)
        return {"loss": loss}


unet, ema_unet = build_model(), build_model()
ema_unet.set_weights(unet.get_weights())
ddpm = DiffusionModel(unet, ema_unet, total_timesteps, GaussianDiffusion(timesteps=total_timesteps))
ddpm.compile(loss=keras.losses.MeanSquaredError(), optimizer=keras.optimizers.Adam(learning_rate=2e-4))
ddpm.fit(images, epochs=1)
