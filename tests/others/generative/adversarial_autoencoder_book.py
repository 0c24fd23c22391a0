# expected: whole
# model: gan
# answer: gan.predict(noise, verbose=0)
# %%
import numpy as np
import tensorflow as tf

codings_size = 4
rng = np.random.default_rng(0)
X_train = rng.random((8, 8, 8)).astype("float32")
noise = rng.random((3, codings_size)).astype("float32")
Dense = tf.keras.layers.Dense
generator = tf.keras.Sequential(
    [
        Dense(8, activation="relu", kernel_initializer="he_normal"),
        Dense(8 * 8, activation="sigmoid"),
        tf.keras.layers.Reshape([8, 8]),
    ]
)
discriminator = tf.keras.Sequential(
    [
        tf.keras.layers.Flatten(),
        Dense(8, activation="relu", kernel_initializer="he_normal"),
        Dense(1, activation="sigmoid"),
    ]
)
gan = tf.keras.Sequential([generator, discriminator])
discriminator.compile(loss="binary_crossentropy", optimizer="rmsprop")
discriminator.trainable = False
gan.compile(loss="binary_crossentropy", optimizer="rmsprop")
dataset = tf.data.Dataset.from_tensor_slices(X_train).shuffle(1000).batch(4, drop_remainder=True).prefetch(1)


# %%
def train_gan(gan, dataset, batch_size, codings_size, n_epochs):
    generator, discriminator = gan.layers
    for epoch in range(n_epochs):
        for X_batch in dataset:
            noise = tf.random.normal(shape=[batch_size, codings_size])
            generated_images = generator(noise)
            X_fake_and_real = tf.concat([generated_images, X_batch], axis=0)
            y1 = tf.constant([[0.0]] * batch_size + [[1.0]] * batch_size)
            discriminator.train_on_batch(X_fake_and_real, y1)
            noise = tf.random.normal(shape=[batch_size, codings_size])
            y2 = tf.constant([[1.0]] * batch_size)
            gan.train_on_batch(noise, y2)


train_gan(gan, dataset, 4, codings_size, n_epochs=1)
