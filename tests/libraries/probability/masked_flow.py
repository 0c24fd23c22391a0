# expected: whole
# needs: tensorflow_probability tf_keras
# model: flow
# answer: flow.log_prob(x)
# %%
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp
import tf_keras

tfd, tfb = tfp.distributions, tfp.bijectors
x = np.random.default_rng(0).random((8, 2)).astype("float32")


# %%
flow = tfd.TransformedDistribution(
    distribution=tfd.MultivariateNormalDiag(loc=tf.zeros(2)),
    bijector=tfb.MaskedAutoregressiveFlow(tfb.AutoregressiveNetwork(params=2, hidden_units=[8], activation="relu")),
)
optimizer = tf_keras.optimizers.Adam(1e-2)
for _ in range(2):
    with tf.GradientTape() as tape:
        loss = -tf.reduce_mean(flow.log_prob(x))
    optimizer.apply_gradients(zip(tape.gradient(loss, flow.trainable_variables), flow.trainable_variables))
