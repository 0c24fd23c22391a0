# expected: whole
# model: moco
# answer: moco(x)
# again: moco.fit(x, verbose=0)
# random: augmentation
# %%
import numpy as np
import tensorflow as tf
from tensorflow import keras

x = np.random.default_rng(0).random((4, 8, 8, 3)).astype("float32")
CONFIG = dict(dim=4, queue_size=8, momentum=0.99, temperature=0.2)


def base_encoder(dim):
    return keras.Sequential(
        [
            keras.layers.Input((8, 8, 3)),
            keras.layers.Conv2D(4, 3, 2, activation="relu"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(dim),
            keras.layers.Lambda(lambda t: tf.math.l2_normalize(t, axis=1)),
        ]
    )


class MoCo(keras.Model):
    def __init__(self, config):
        super().__init__()
        self.cfg = config
        self.encoder_q = base_encoder(config["dim"])
        self.encoder_k = base_encoder(config["dim"])
        self.encoder_k.set_weights(self.encoder_q.get_weights())
        self.encoder_k.trainable = False
        queue = tf.math.l2_normalize(tf.random.normal([config["queue_size"], config["dim"]]), axis=1)
        self.queue = tf.Variable(queue, trainable=False, name="queue")
        self.pointer = tf.Variable(0, trainable=False, dtype=tf.int64, name="pointer")
        self.augment = keras.layers.RandomFlip()

    def call(self, x):
        return self.encoder_q(x)

    def train_step(self, x):
        k = self.encoder_k(self.augment(x, training=True))
        with tf.GradientTape() as tape:
            q = self.encoder_q(self.augment(x, training=True))
            l_pos = tf.reduce_sum(q * k, axis=1, keepdims=True)
            l_neg = tf.matmul(q, self.queue, transpose_b=True)
            logits = tf.concat([l_pos, l_neg], axis=1) / self.cfg["temperature"]
            zeros = tf.zeros(tf.shape(x)[0], tf.int64)
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(zeros, logits))
        variables = self.encoder_q.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
        m = self.cfg["momentum"]
        for k_w, q_w in zip(self.encoder_k.weights, self.encoder_q.weights):
            k_w.assign(m * k_w + (1 - m) * q_w)
        n = tf.cast(tf.shape(k)[0], tf.int64)
        rows = (self.pointer + tf.range(n)) % self.cfg["queue_size"]
        self.queue.scatter_nd_update(rows[:, None], k)
        self.pointer.assign((self.pointer + n) % self.cfg["queue_size"])
        return {"loss": loss}


# %%
moco = MoCo(CONFIG)
moco.compile(keras.optimizers.SGD(0.03, momentum=0.9))
moco.fit(x, epochs=2)
