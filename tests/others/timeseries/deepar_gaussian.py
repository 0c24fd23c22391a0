# expected: whole
# model: model
# answer: model(x)
# again: model.fit(x, y, verbose=0)
# %%
import numpy as np
import tensorflow as tf
from tensorflow.keras.layers import LSTM, Dense, Input, Layer
from tensorflow.keras.models import Model

rng = np.random.default_rng(0)
x, y = rng.random((4, 6, 2)).astype("float32"), rng.random((4, 6, 1)).astype("float32")


class GaussianLayer(Layer):
    def __init__(self, output_dim, **kwargs):
        self.output_dim = output_dim
        self.kernel_1, self.kernel_2, self.bias_1, self.bias_2 = [], [], [], []
        super(GaussianLayer, self).__init__(**kwargs)

    def build(self, input_shape):
        n_weight_rows = input_shape[2]
        init = tf.keras.initializers.GlorotNormal()
        shape = (n_weight_rows, self.output_dim)
        self.kernel_1 = self.add_weight(name="kernel_1", shape=shape, initializer=init, trainable=True)
        self.kernel_2 = self.add_weight(name="kernel_2", shape=shape, initializer=init, trainable=True)
        self.bias_1 = self.add_weight(name="bias_1", shape=(self.output_dim,), initializer="zeros", trainable=True)
        self.bias_2 = self.add_weight(name="bias_2", shape=(self.output_dim,), initializer="zeros", trainable=True)
        super(GaussianLayer, self).build(input_shape)

    def call(self, x):
        output_mu = tf.matmul(x, self.kernel_1) + self.bias_1
        output_sig_pos = tf.math.log(1 + tf.exp(tf.matmul(x, self.kernel_2) + self.bias_2)) + 1e-06
        return [output_mu, output_sig_pos]


def gaussian_sample(mu, sigma):
    return np.random.normal(loc=mu, scale=np.sqrt(sigma), size=mu.shape)


# %%
class DeepAR(Model):
    def __init__(self, units, sigma_floor=1e-3):
        super().__init__()
        self.lstm = LSTM(units, return_sequences=True)
        self.out = GaussianLayer(1, name="main_output")
        self.sigma_floor = tf.Variable(sigma_floor, trainable=False)
        self.dense = Dense(units, activation="relu")

    def call(self, x):
        return self.out(self.dense(self.lstm(x)))

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            mu, sigma = self(x, training=True)
            sigma = tf.maximum(sigma, self.sigma_floor)
            loss = tf.reduce_mean(0.5 * tf.math.log(sigma) + 0.5 * tf.square(y - mu) / sigma)
        self.optimizer.apply_gradients(zip(tape.gradient(loss, self.trainable_variables), self.trainable_variables))
        return {"nll": loss}


model = DeepAR(4)
model.compile(optimizer="adam")
model.fit(x, y, epochs=2, verbose=0)
mu, sigma = model(x)
gaussian_sample(mu.numpy(), sigma.numpy())
