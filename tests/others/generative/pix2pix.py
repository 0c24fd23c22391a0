# expected: whole
# model: pix2pix
# answer: [pix2pix["generator"](inp), pix2pix["discriminator"]([inp, tar])]
# %%
import numpy as np
import tensorflow as tf

OUTPUT_CHANNELS, LAMBDA = 3, 100
rng = np.random.default_rng(0)
inp, tar = rng.random((1, 16, 16, 3)).astype("float32"), rng.random((1, 16, 16, 3)).astype("float32")


def downsample(filters, size, apply_batchnorm=True):
    initializer = tf.random_normal_initializer(0.0, 0.02)
    result = tf.keras.Sequential()
    result.add(tf.keras.layers.Conv2D(filters, size, 2, padding="same", kernel_initializer=initializer, use_bias=False))
    if apply_batchnorm:
        result.add(tf.keras.layers.BatchNormalization())
    result.add(tf.keras.layers.LeakyReLU())
    return result


def upsample(filters, size, apply_dropout=False):
    initializer = tf.random_normal_initializer(0.0, 0.02)
    result = tf.keras.Sequential()
    result.add(
        tf.keras.layers.Conv2DTranspose(
            filters, size, strides=2, padding="same", kernel_initializer=initializer, use_bias=False
        )
    )
    result.add(tf.keras.layers.BatchNormalization())
    if apply_dropout:
        result.add(tf.keras.layers.Dropout(0.5))
    result.add(tf.keras.layers.ReLU())
    return result


# %%
def Generator():
    inputs = tf.keras.layers.Input(shape=[16, 16, 3])
    down_stack = [downsample(4, 4, apply_batchnorm=False), downsample(6, 4), downsample(8, 4)]
    up_stack = [upsample(6, 4, apply_dropout=True), upsample(4, 4)]
    initializer = tf.random_normal_initializer(0.0, 0.02)
    last = tf.keras.layers.Conv2DTranspose(
        OUTPUT_CHANNELS, 4, strides=2, padding="same", kernel_initializer=initializer, activation="tanh"
    )
    x, skips = inputs, []
    for down in down_stack:
        x = down(x)
        skips.append(x)
    for up, skip in zip(up_stack, reversed(skips[:-1])):
        x = tf.keras.layers.Concatenate()([up(x), skip])
    return tf.keras.Model(inputs=inputs, outputs=last(x))


def Discriminator():
    initializer = tf.random_normal_initializer(0.0, 0.02)
    inp = tf.keras.layers.Input(shape=[16, 16, 3], name="input_image")
    tar = tf.keras.layers.Input(shape=[16, 16, 3], name="target_image")
    x = downsample(4, 4, False)(tf.keras.layers.concatenate([inp, tar]))
    x = tf.keras.layers.ZeroPadding2D()(downsample(6, 4)(x))
    last = tf.keras.layers.Conv2D(1, 4, strides=1, kernel_initializer=initializer)(x)
    return tf.keras.Model(inputs=[inp, tar], outputs=last)


# %%
loss_object = tf.keras.losses.BinaryCrossentropy(from_logits=True)
generator, discriminator = Generator(), Discriminator()
generator_optimizer = tf.keras.optimizers.Adam(2e-4, beta_1=0.5)
discriminator_optimizer = tf.keras.optimizers.Adam(2e-4, beta_1=0.5)


@tf.function
def train_step(input_image, target, step):
    with tf.GradientTape() as gen_tape, tf.GradientTape() as disc_tape:
        gen_output = generator(input_image, training=True)
        disc_real_output = discriminator([input_image, target], training=True)
        disc_generated_output = discriminator([input_image, gen_output], training=True)
        gan_loss = loss_object(tf.ones_like(disc_generated_output), disc_generated_output)
        gen_total_loss = gan_loss + LAMBDA * tf.reduce_mean(tf.abs(target - gen_output))
        disc_loss = loss_object(tf.ones_like(disc_real_output), disc_real_output)
        disc_loss += loss_object(tf.zeros_like(disc_generated_output), disc_generated_output)
    gen_grads = gen_tape.gradient(gen_total_loss, generator.trainable_variables)
    disc_grads = disc_tape.gradient(disc_loss, discriminator.trainable_variables)
    generator_optimizer.apply_gradients(zip(gen_grads, generator.trainable_variables))
    discriminator_optimizer.apply_gradients(zip(disc_grads, discriminator.trainable_variables))


for step in tf.range(2):
    train_step(inp, tar, step)
pix2pix = {"generator": generator, "discriminator": discriminator}
