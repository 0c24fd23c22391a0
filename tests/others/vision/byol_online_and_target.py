# expected: whole
# model: byol
# answer: byol(images)
# again: byol.fit(images, verbose=0)
# random: augmentation
# %%
import numpy as np
import tensorflow as tf
import keras

images = np.random.default_rng(0).random((4, 8, 8, 3)).astype("float32")


def backbone(name):
    return keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            keras.layers.Conv2D(4, 3, strides=2, use_bias=False),
            keras.layers.BatchNormalization(),
            keras.layers.ReLU(),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(6),
        ],
        name=name,
    )


def byol_loss(p, z):
    p = tf.math.l2_normalize(p, axis=1)
    z = tf.math.l2_normalize(z, axis=1)
    return 2 - 2 * tf.reduce_mean(tf.reduce_sum(p * z, axis=1))


# %%
class BYOL(keras.Model):
    def __init__(self):
        super().__init__()
        self.f_online = backbone("online")
        self.q_online = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(6)])
        self.f_target = backbone("target")
        self.f_target.set_weights(self.f_online.get_weights())
        self.f_target.trainable = False
        self.augment = keras.Sequential([keras.layers.RandomFlip("horizontal"), keras.layers.RandomContrast(0.3)])
        self.beta = 0.99

    def call(self, x):
        return self.q_online(self.f_online(x))

    def train_step(self, x):
        v1, v2 = self.augment(x, training=True), self.augment(x, training=True)
        z1, z2 = self.f_target(v1, training=True), self.f_target(v2, training=True)
        with tf.GradientTape() as tape:
            p1 = self.q_online(self.f_online(v1, training=True))
            p2 = self.q_online(self.f_online(v2, training=True))
            loss = byol_loss(p1, tf.stop_gradient(z2)) + byol_loss(p2, tf.stop_gradient(z1))
        variables = self.f_online.trainable_variables + self.q_online.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
        for a, b in zip(self.f_target.weights, self.f_online.weights):
            a.assign(self.beta * a + (1 - self.beta) * b)
        return {"loss": loss}


byol = BYOL()
byol.compile(optimizer=keras.optimizers.Adam(1e-3))
byol.fit(images, epochs=1)
