# expected: whole
# model: protonet
# answer: protonet(support, query)
# %%
import numpy as np
import tensorflow as tf
from tensorflow.keras.layers import BatchNormalization, Conv2D, Flatten, MaxPool2D, ReLU

n_way, n_shot, n_query = 3, 2, 2
rng = np.random.default_rng(0)
support = tf.constant(rng.random((n_way, n_shot, 8, 8, 1)), tf.float32)
query = tf.constant(rng.random((n_way, n_query, 8, 8, 1)), tf.float32)


def calc_euclidian_dists(x, y):
    n, m = x.shape[0], y.shape[0]
    x = tf.tile(tf.expand_dims(x, 1), [1, m, 1])
    y = tf.tile(tf.expand_dims(y, 0), [n, 1, 1])
    return tf.reduce_mean(tf.math.pow(x - y, 2), 2)


class Prototypical(tf.keras.Model):
    def __init__(self, w, h, c):
        super(Prototypical, self).__init__()
        self.w, self.h, self.c = w, h, c
        blocks = []
        for _ in range(2):
            blocks += [Conv2D(4, 3, padding="same"), BatchNormalization(), ReLU(), MaxPool2D((2, 2))]
        self.encoder = tf.keras.Sequential([*blocks, Flatten()])

    def call(self, support, query):
        n_class, n_support = support.shape[0], support.shape[1]
        n_query = query.shape[1]
        cat = tf.concat(
            [
                tf.reshape(support, [n_class * n_support, self.w, self.h, self.c]),
                tf.reshape(query, [n_class * n_query, self.w, self.h, self.c]),
            ],
            axis=0,
        )
        z = self.encoder(cat)
        z_prototypes = tf.reshape(z[: n_class * n_support], [n_class, n_support, z.shape[-1]])
        z_prototypes = tf.math.reduce_mean(z_prototypes, axis=1)
        dists = calc_euclidian_dists(z[n_class * n_support :], z_prototypes)
        log_p_y = tf.reshape(tf.nn.log_softmax(-dists, axis=-1), [n_class, n_query, -1])
        target = tf.tile(tf.reshape(tf.range(n_class), [n_class, 1]), [1, n_query])
        y_onehot = tf.one_hot(target, n_class)
        loss = -tf.reduce_mean(tf.reduce_sum(y_onehot * log_p_y, axis=-1))
        eq = tf.cast(tf.equal(tf.argmax(log_p_y, axis=-1, output_type=tf.int32), target), tf.float32)
        return loss, tf.reduce_mean(eq)


# %%
protonet = Prototypical(8, 8, 1)
optimizer = tf.keras.optimizers.Adam(0.001)


@tf.function
def train_step(support, query):
    with tf.GradientTape() as tape:
        loss, acc = protonet(support, query)
    gradients = tape.gradient(loss, protonet.trainable_variables)
    optimizer.apply_gradients(zip(gradients, protonet.trainable_variables))
    return loss, acc


for episode in range(2):
    train_step(support, query)
