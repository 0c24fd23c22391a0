# expected: whole
# model: flow
# answer: flow(x)
# again: flow.fit(x, verbose=0)
# %%
import numpy as np
import tensorflow as tf
import keras

D = 3
x = np.random.default_rng(0).normal(size=(8, D)).astype("float32")


class MaskedDense(keras.layers.Layer):
    def __init__(self, units, mask, activation=None):
        super().__init__()
        self.units = units
        self.mask = mask
        self.activation = keras.activations.get(activation)

    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], self.units), initializer="glorot_normal", name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, x):
        return self.activation(tf.matmul(x, self.kernel * self.mask) + self.bias)


def made_masks(d, hidden, seed):
    m_in, m_h = np.arange(1, d + 1), np.random.RandomState(seed).randint(1, d, hidden)
    first = (m_in[:, None] <= m_h[None, :]).astype("float32")
    last = (m_h[:, None] < m_in[None, :]).astype("float32")
    return first, np.tile(last, (1, 2))


class MADE(keras.layers.Layer):
    def __init__(self, hidden=8, seed=0):
        super().__init__()
        first, last = made_masks(D, hidden, seed)
        self.net = keras.Sequential([MaskedDense(hidden, first, "relu"), MaskedDense(2 * D, last)])

    def call(self, x):
        mu, log_s = tf.split(self.net(x), 2, axis=-1)
        log_s = tf.tanh(log_s)
        return (x - mu) * tf.exp(-log_s), -tf.reduce_sum(log_s, -1)


# %%
class MAF(keras.Model):
    def __init__(self, n_layers):
        super().__init__()
        self.bijectors = [MADE(seed=i) for i in range(n_layers)]
        self.loss_tracker = keras.metrics.Mean(name="loss")
        self.base = lambda z: -0.5 * tf.reduce_sum(z**2, -1) - 0.5 * D * np.log(2 * np.pi)

    @property
    def metrics(self):
        return [self.loss_tracker]

    def call(self, x):
        total = 0.0
        for bijector in self.bijectors:
            x, log_det = bijector(x)
            total += log_det
            x = tf.reverse(x, [1])
        return self.base(x) + total

    def train_step(self, data):
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(self(data))
        g = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(g, self.trainable_variables))
        self.loss_tracker.update_state(loss)
        return {"loss": self.loss_tracker.result()}


flow = MAF(2)
flow.compile(optimizer=keras.optimizers.Adam(learning_rate=0.01))
flow.fit(x, batch_size=4, epochs=1)
