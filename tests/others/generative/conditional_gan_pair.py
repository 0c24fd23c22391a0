# expected: whole
# model: gan
# answer: gan["generator"](noise)
# %%
import numpy as np
import tensorflow as tf
import keras
from keras import layers

noise = np.random.default_rng(1).random((2, 6)).astype("float32")
generator = keras.Sequential(
    [keras.Input((6,)), layers.Dense(16, activation="relu"), layers.Reshape((4, 4, 1))], name="generator"
)
discriminator = keras.Sequential([keras.Input((4, 4, 1)), layers.Flatten(), layers.Dense(1)], name="discriminator")
generator_optimizer, discriminator_optimizer = keras.optimizers.Adam(1e-4), keras.optimizers.Adam(1e-4)
generator.optimizer = generator_optimizer
cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)


# %%
@tf.function
def train_step(images):
    with tf.GradientTape() as gen_tape, tf.GradientTape() as disc_tape:
        generated_images = generator(tf.random.normal([2, 6]), training=True)
        real_output = discriminator(images, training=True)
        fake_output = discriminator(generated_images, training=True)
        gen_loss = cross_entropy(tf.ones_like(fake_output), fake_output)
        disc_loss = cross_entropy(tf.ones_like(real_output), real_output) + cross_entropy(
            tf.zeros_like(fake_output), fake_output
        )
    generator_optimizer.apply_gradients(
        zip(gen_tape.gradient(gen_loss, generator.trainable_variables), generator.trainable_variables)
    )
    discriminator_optimizer.apply_gradients(
        zip(disc_tape.gradient(disc_loss, discriminator.trainable_variables), discriminator.trainable_variables)
    )


train_step(tf.random.normal([2, 4, 4, 1]))
gan = {"generator": generator, "discriminator": discriminator}
