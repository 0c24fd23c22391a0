# expected: whole
# model: siren
# answer: siren.predict(grid, verbose=0)
# again: siren.fit(grid, field, verbose=0)
# %%
import numpy as np
import tensorflow as tf
import keras
from keras import layers

grid = np.stack(np.meshgrid(np.linspace(-1, 1, 6), np.linspace(-1, 1, 6)), -1).reshape(-1, 2).astype("float32")
field = np.sin(3 * grid[:, :1]) * grid[:, 1:]

# %%
siren = keras.Sequential(
    [
        keras.Input((2,)),
        layers.Dense(8, activation=tf.sin, kernel_initializer=keras.initializers.RandomUniform(-0.5, 0.5)),
        layers.Dense(8, activation=tf.nn.silu),
        layers.Dense(8, activation=keras.ops.sin),
        layers.Dense(8, activation=tf.math.erf),
        layers.Dense(1),
    ]
)
siren.compile(optimizer=keras.optimizers.Adam(1e-3), loss="mse")
siren.fit(grid, field, epochs=1, verbose=0)
