# expected: whole
# needs: gpflow
# model: model
# answer: model.predict_f(x)
# %%
import gpflow
import numpy as np
import tensorflow as tf

x = np.linspace(0, 1, 8)[:, None]
y = np.sin(6 * x)


# %%
model = gpflow.models.SVGP(
    gpflow.kernels.Matern52(), gpflow.likelihoods.Gaussian(), inducing_variable=x[::2].copy(), num_data=len(x)
)
gpflow.set_trainable(model.inducing_variable, False)
optimizer = tf.optimizers.Adam(0.01)
loss = model.training_loss_closure((x, y))
for _ in range(2):
    with tf.GradientTape() as tape:
        value = loss()
    optimizer.apply_gradients(zip(tape.gradient(value, model.trainable_variables), model.trainable_variables))
