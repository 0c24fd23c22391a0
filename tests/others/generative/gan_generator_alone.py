# expected: whole
# model: generator
# answer: generator.predict(noise, verbose=0)
# %%
import numpy as np
import tensorflow as tf
import keras
from keras import layers

latent_dim = 4
noise = np.random.default_rng(1).random((2, latent_dim)).astype("float32")
real = np.random.default_rng(0).random((4, 8, 8, 1)).astype("float32")


def conv_block(x, filters, activation, kernel_size=(3, 3), strides=(1, 1), padding="same", use_bias=True, use_bn=False):
    x = layers.Conv2D(filters, kernel_size, strides=strides, padding=padding, use_bias=use_bias)(x)
    if use_bn:
        x = layers.BatchNormalization()(x)
    return activation(x)


def get_discriminator_model():
    img_input = layers.Input(shape=(8, 8, 1))
    x = layers.ZeroPadding2D((2, 2))(img_input)
    x = conv_block(x, 4, kernel_size=(5, 5), strides=(2, 2), activation=layers.LeakyReLU(0.2))
    x = layers.Dropout(0.3)(layers.Flatten()(x))
    return keras.models.Model(img_input, layers.Dense(1)(x), name="discriminator")


def get_generator_model():
    noise = layers.Input(shape=(latent_dim,))
    x = layers.Dense(4 * 4 * 4, use_bias=False)(noise)
    x = layers.BatchNormalization()(x)
    x = layers.LeakyReLU(0.2)(x)
    x = layers.UpSampling2D((2, 2))(layers.Reshape((4, 4, 4))(x))
    x = conv_block(x, 1, layers.Activation("tanh"), use_bias=False, use_bn=True)
    return keras.models.Model(noise, x, name="generator")


d_model, generator = get_discriminator_model(), get_generator_model()


# %%
class WGAN(keras.Model):
    def __init__(self, discriminator, generator, latent_dim, discriminator_extra_steps=1, gp_weight=10.0):
        super().__init__()
        self.discriminator = discriminator
        self.generator = generator
        self.latent_dim = latent_dim
        self.d_steps = discriminator_extra_steps
        self.gp_weight = gp_weight

    def compile(self, d_optimizer, g_optimizer, d_loss_fn, g_loss_fn):
        super().compile()
        self.d_optimizer, self.g_optimizer = d_optimizer, g_optimizer
        self.d_loss_fn, self.g_loss_fn = d_loss_fn, g_loss_fn

    def train_step(self, real_images):
        batch_size = tf.shape(real_images)[0]
        for _ in range(self.d_steps):
            z = tf.random.normal(shape=(batch_size, self.latent_dim))
            with tf.GradientTape() as tape:
                fake_images = self.generator(z, training=True)
                d_loss = self.d_loss_fn(self.discriminator(real_images), self.discriminator(fake_images))
            self.d_optimizer.apply_gradients(
                zip(
                    tape.gradient(d_loss, self.discriminator.trainable_variables),
                    self.discriminator.trainable_variables,
                )
            )
        with tf.GradientTape() as tape:
            g_loss = self.g_loss_fn(self.discriminator(self.generator(z, training=True), training=True))
        self.g_optimizer.apply_gradients(
            zip(tape.gradient(g_loss, self.generator.trainable_variables), self.generator.trainable_variables)
        )
        return {"d_loss": d_loss, "g_loss": g_loss}


wgan = WGAN(discriminator=d_model, generator=generator, latent_dim=latent_dim)
wgan.compile(
    d_optimizer=keras.optimizers.Adam(0.0002, beta_1=0.5, beta_2=0.9),
    g_optimizer=keras.optimizers.Adam(0.0002, beta_1=0.5, beta_2=0.9),
    g_loss_fn=lambda fake: -tf.reduce_mean(fake),
    d_loss_fn=lambda real, fake: tf.reduce_mean(fake) - tf.reduce_mean(real),
)
wgan.fit(real, batch_size=4, epochs=1)
