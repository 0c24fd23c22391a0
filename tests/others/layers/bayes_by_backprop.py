# expected: whole
# model: model
# answer: model.layers[0].kernel_mu
# again: model.fit(x, y, verbose=0)
# random: sampled weights
# %%
import warnings

import numpy as np
import tensorflow as tf
from tensorflow.keras import backend as K
from tensorflow.keras import activations, initializers
from tensorflow.keras.layers import Input, Layer
from tensorflow.keras.models import Model

x = np.linspace(-0.5, 0.5, 8).reshape(-1, 1).astype("float32")
y = 10 * np.sin(2 * np.pi * x)
noise = 1.0
prior_params = {"prior_sigma_1": 1.5, "prior_sigma_2": 0.1, "prior_pi": 0.5}


class DenseVariational(Layer):
    def __init__(self, units, kl_weight, activation=None, prior_sigma_1=1.5, prior_sigma_2=0.1, prior_pi=0.5, **kwargs):
        self.units = units
        self.kl_weight = kl_weight
        self.activation = activations.get(activation)
        self.prior_sigma_1 = prior_sigma_1
        self.prior_sigma_2 = prior_sigma_2
        self.prior_pi_1 = prior_pi
        self.prior_pi_2 = 1.0 - prior_pi
        self.init_sigma = np.sqrt(self.prior_pi_1 * prior_sigma_1**2 + self.prior_pi_2 * prior_sigma_2**2)
        super().__init__(**kwargs)

    def compute_output_shape(self, input_shape):
        return input_shape[0], self.units

    def build(self, input_shape):
        init = initializers.RandomNormal(stddev=float(self.init_sigma))
        shape = (input_shape[1], self.units)
        self.kernel_mu = self.add_weight(name="kernel_mu", shape=shape, initializer=init, trainable=True)
        self.bias_mu = self.add_weight(name="bias_mu", shape=(self.units,), initializer=init, trainable=True)
        zeros = initializers.Constant(0.0)
        self.kernel_rho = self.add_weight(name="kernel_rho", shape=shape, initializer=zeros, trainable=True)
        self.bias_rho = self.add_weight(name="bias_rho", shape=(self.units,), initializer=zeros, trainable=True)
        super().build(input_shape)

    def call(self, inputs, **kwargs):
        kernel_sigma = tf.math.softplus(self.kernel_rho)
        kernel = self.kernel_mu + kernel_sigma * tf.random.normal(self.kernel_mu.shape)
        bias_sigma = tf.math.softplus(self.bias_rho)
        bias = self.bias_mu + bias_sigma * tf.random.normal(self.bias_mu.shape)
        self.add_loss(self.kl_loss(kernel, self.kernel_mu, kernel_sigma) + self.kl_loss(bias, self.bias_mu, bias_sigma))
        return self.activation(tf.matmul(inputs, kernel) + bias)

    def kl_loss(self, w, mu, sigma):
        log_q = -0.5 * ((w - mu) / sigma) ** 2 - tf.math.log(sigma)
        return self.kl_weight * tf.reduce_sum(log_q - self.log_prior_prob(w))

    def log_prior_prob(self, w):
        normal = lambda s: tf.exp(-0.5 * (w / s) ** 2) / (s * np.sqrt(2 * np.pi))
        comp_1, comp_2 = normal(self.prior_sigma_1), normal(self.prior_sigma_2)
        return tf.math.log(self.prior_pi_1 * comp_1 + self.prior_pi_2 * comp_2 + K.epsilon())


def neg_log_likelihood(y_obs, y_pred, sigma=noise):
    return tf.reduce_sum(0.5 * ((y_obs - y_pred) / sigma) ** 2 + np.log(sigma * np.sqrt(2 * np.pi)))


# %%
warnings.filterwarnings("ignore")
kl_weight = 1.0 / (len(x) / 4)
x_in = Input(shape=(1,))
h = DenseVariational(4, kl_weight, **prior_params, activation="relu")(x_in)
x_out = DenseVariational(1, kl_weight, **prior_params)(h)
model = Model(x_in, x_out)
model = tf.keras.Sequential(model.layers[1:])
model.compile(loss=neg_log_likelihood, optimizer=tf.keras.optimizers.Adam(learning_rate=0.08), metrics=["mse"])
model.fit(x, y, batch_size=4, epochs=1, verbose=0)
