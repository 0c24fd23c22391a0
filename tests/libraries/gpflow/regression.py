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
model = gpflow.models.GPR((x, y), kernel=gpflow.kernels.SquaredExponential() + gpflow.kernels.Linear())
gpflow.optimizers.Scipy().minimize(model.training_loss, model.trainable_variables, options={"maxiter": 5})
