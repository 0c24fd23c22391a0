# expected: whole
# model: vae
# answer: vae.decoder(codes)
# again: vae.fit(rows, verbose=0)
# random: sampling
# %%
import numpy as np
import tensorflow as tf
import tf_keras as keras
from tf_keras import layers

rows = np.random.default_rng(0).random((6, 10)).astype("float32")
codes = np.random.default_rng(1).random((2, 2)).astype("float32")


class Sampling(layers.Layer):
    def call(self, inputs):
        z_mean, z_log_var = inputs
        epsilon = keras.backend.random_normal(shape=tf.shape(z_mean))
        return z_mean + tf.exp(0.5 * z_log_var) * epsilon


class Encoder(layers.Layer):
    def __init__(self, latent_dim=2, intermediate_dim=8, name="encoder", **kwargs):
        super(Encoder, self).__init__(name=name, **kwargs)
        self.dense_proj = layers.Dense(intermediate_dim, activation="relu")
        self.dense_mean = layers.Dense(latent_dim)
        self.dense_log_var = layers.Dense(latent_dim)
        self.sampling = Sampling()

    def call(self, inputs):
        x = self.dense_proj(inputs)
        z_mean, z_log_var = self.dense_mean(x), self.dense_log_var(x)
        return z_mean, z_log_var, self.sampling((z_mean, z_log_var))


class VariationalAutoEncoder(keras.Model):
    def __init__(self, original_dim, latent_dim=2):
        super().__init__()
        self.original_dim = original_dim
        self.encoder = Encoder(latent_dim=latent_dim)
        self.decoder = keras.Sequential([layers.Dense(8, "relu"), layers.Dense(original_dim, "sigmoid")])
        self.loss_tracker = keras.metrics.Mean(name="loss")

    @property
    def metrics(self):
        return [self.loss_tracker]

    def call(self, inputs):
        z_mean, z_log_var, z = self.encoder(inputs)
        kl_loss = -0.5 * tf.reduce_mean(z_log_var - tf.square(z_mean) - tf.exp(z_log_var) + 1)
        self.add_loss(kl_loss)
        return self.decoder(z)

    def train_step(self, data):
        with tf.GradientTape() as tape:
            reconstructed = self(data, training=True)
            loss = tf.reduce_mean(tf.square(data - reconstructed)) + sum(self.losses)
        grads = tape.gradient(loss, self.trainable_weights)
        self.optimizer.apply_gradients(zip(grads, self.trainable_weights))
        self.loss_tracker.update_state(loss)
        return {"loss": self.loss_tracker.result()}


# %%
vae = VariationalAutoEncoder(10)
vae.compile(keras.optimizers.Adam(1e-3))
vae.fit(rows, epochs=2, batch_size=3, verbose=0)
