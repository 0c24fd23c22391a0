# expected: whole
# model: cvae
# answer: cvae.decoder(zc)
# again: cvae.fit([x, c], x, verbose=0)
# random: sampling
# %%
import numpy as np
import keras
from keras.layers import Dense, Input, Lambda, Layer, concatenate
from keras.models import Model

n_x, n_y, n_z = 12, 3, 2
x = np.random.default_rng(0).random((6, n_x)).astype("float32")
c = np.eye(n_y)[[0, 1, 2, 0, 1, 2]].astype("float32")
zc = np.random.default_rng(1).random((2, n_z + n_y)).astype("float32")


def sample_z(args):
    mu, l_sigma = args
    eps = keras.random.normal(shape=(keras.ops.shape(mu)[0], n_z), mean=0.0, stddev=1.0)
    return mu + keras.ops.exp(l_sigma / 2) * eps


class KLPenalty(Layer):
    def call(self, inputs):
        mu, l_sigma = inputs
        kl = keras.ops.exp(l_sigma) + keras.ops.square(mu) - 1.0 - l_sigma
        self.add_loss(0.5 * keras.ops.mean(keras.ops.sum(kl, axis=1)))
        return mu


# %%
X = Input(shape=(n_x,))
label = Input(shape=(n_y,))
encoder_h = Dense(8, activation="relu")(concatenate([X, label]))
l_sigma = Dense(n_z, activation="linear")(encoder_h)
mu = KLPenalty()([Dense(n_z, activation="linear")(encoder_h), l_sigma])
z = Lambda(sample_z, output_shape=(n_z,))([mu, l_sigma])
d_in = Input(shape=(n_z + n_y,))
to_image = Model(d_in, Dense(n_x, activation="sigmoid")(Dense(8, activation="relu")(d_in)))
cvae = Model([X, label], to_image(concatenate([z, label])))
cvae.decoder = to_image
encoder = Model([X, label], mu)


def recon_loss(y_true, y_pred):
    return keras.ops.sum(keras.losses.binary_crossentropy(y_true, y_pred), axis=-1)


cvae.compile(optimizer="adam", loss=recon_loss)
cvae.fit([x, c], x, epochs=1, batch_size=3)
