# expected: whole
# model: vqvae
# answer: vqvae.predict(images, verbose=0)
# again: vqvae.fit(images, images, verbose=0)
# %%
import numpy as np
import tensorflow as tf
import keras
from keras import layers

images = np.random.default_rng(0).random((4, 8, 8, 1)).astype("float32")


class VectorQuantizer(layers.Layer):
    def __init__(self, num_embeddings, embedding_dim, beta=0.25, **kwargs):
        super().__init__(**kwargs)
        self.embedding_dim = embedding_dim
        self.num_embeddings = num_embeddings
        self.beta = beta
        w_init = tf.random_uniform_initializer()
        self.embeddings = self.add_weight(
            name="embeddings_vqvae",
            shape=(self.embedding_dim, self.num_embeddings),
            initializer="random_uniform",
            trainable=True,
        )

    def call(self, x):
        input_shape = tf.shape(x)
        flattened = tf.reshape(x, [-1, self.embedding_dim])
        encoding_indices = self.get_code_indices(flattened)
        encodings = tf.one_hot(encoding_indices, self.num_embeddings)
        quantized = tf.matmul(encodings, self.embeddings, transpose_b=True)
        quantized = tf.reshape(quantized, input_shape)
        commitment_loss = tf.reduce_mean((tf.stop_gradient(quantized) - x) ** 2)
        codebook_loss = tf.reduce_mean((quantized - tf.stop_gradient(x)) ** 2)
        self.add_loss(self.beta * commitment_loss + codebook_loss)
        return x + tf.stop_gradient(quantized - x)

    def get_code_indices(self, flattened_inputs):
        similarity = tf.matmul(flattened_inputs, self.embeddings)
        distances = (
            tf.reduce_sum(flattened_inputs**2, axis=1, keepdims=True)
            + tf.reduce_sum(self.embeddings**2, axis=0)
            - 2 * similarity
        )
        return tf.argmin(distances, axis=1)


# %%
def get_vqvae(latent_dim=4, num_embeddings=6):
    encoder_inputs = keras.Input(shape=(8, 8, 1))
    x = layers.Conv2D(4, 3, activation="relu", strides=2, padding="same")(encoder_inputs)
    encoder = keras.Model(encoder_inputs, layers.Conv2D(latent_dim, 1, padding="same")(x), name="encoder")
    latent_inputs = keras.Input(shape=encoder.output.shape[1:])
    x = layers.Conv2DTranspose(4, 3, activation="relu", strides=2, padding="same")(latent_inputs)
    decoder = keras.Model(latent_inputs, layers.Conv2DTranspose(1, 3, padding="same")(x), name="decoder")
    vq_layer = VectorQuantizer(num_embeddings, latent_dim, name="vector_quantizer")
    inputs = keras.Input(shape=(8, 8, 1))
    return keras.Model(inputs, decoder(vq_layer(encoder(inputs))), name="vq_vae")


vqvae = get_vqvae()
vqvae.compile(optimizer=keras.optimizers.Adam(), loss="mse")
vqvae.fit(images, images, epochs=1)
