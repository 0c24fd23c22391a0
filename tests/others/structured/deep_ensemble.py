# expected: whole
# model: ensemble
# answer: [member.predict(x, verbose=0) for member in ensemble]
# again: ensemble[1].fit(x, y, verbose=0)
# %%
import numpy as np
import tensorflow as tf
from tensorflow.keras import layers

M, epsilon = 3, 0.01
rng = np.random.default_rng(0)
x, y = rng.normal(size=(8, 2)).astype("float32"), rng.normal(size=(8, 1)).astype("float32")


class GaussianLayer(layers.Layer):
    def __init__(self, output_dim=1, **kwargs):
        self.output_dim = output_dim
        super(GaussianLayer, self).__init__(**kwargs)

    def build(self, input_shape):
        init = tf.keras.initializers.GlorotNormal()
        self.kernel_1 = self.add_weight(name="kernel_1", shape=(input_shape[-1], self.output_dim), initializer=init)
        self.kernel_2 = self.add_weight(name="kernel_2", shape=(input_shape[-1], self.output_dim), initializer=init)
        self.bias_1 = self.add_weight(name="bias_1", shape=(self.output_dim,), initializer=init)
        self.bias_2 = self.add_weight(name="bias_2", shape=(self.output_dim,), initializer=init)

    def call(self, x):
        output_mu = tf.matmul(x, self.kernel_1) + self.bias_1
        output_sig = tf.math.log(1 + tf.exp(tf.matmul(x, self.kernel_2) + self.bias_2)) + 1e-06
        return tf.concat([output_mu, output_sig], -1)


def gaussian_nll(y_true, y_pred):
    mu, sigma = y_pred[:, :1], y_pred[:, 1:]
    return tf.reduce_mean(0.5 * tf.math.log(sigma) + 0.5 * tf.math.divide((y_true - mu) ** 2, sigma)) + 1e-6


# %%
def get_model(seed):
    tf.keras.utils.set_random_seed(seed)
    inputs = layers.Input((2,))
    h = layers.Dense(6, activation="relu")(inputs)
    model = tf.keras.Model(inputs, GaussianLayer(1, name="main_output")(h), name=f"member_{seed}")
    model.compile(loss=gaussian_nll, optimizer=tf.keras.optimizers.Adam(1e-2))
    return model


ensemble = []
for i in range(M):
    member = get_model(i)
    with tf.GradientTape() as tape:
        xt = tf.convert_to_tensor(x)
        tape.watch(xt)
        loss = gaussian_nll(y, member(xt))
    adversarial = x + epsilon * np.sign(tape.gradient(loss, xt))
    member.fit(np.concatenate([x, adversarial]), np.concatenate([y, y]), epochs=1, verbose=0)
    ensemble.append(member)
