# expected: whole
# model: nerf_model
# answer: nerf_model.predict(rays, verbose=0)
# again: nerf_model.fit(rays, colours, verbose=0)
# %%
import numpy as np
import tensorflow as tf
import keras
from keras import layers

NUM_SAMPLES, POS_ENCODE_DIMS, H, W = 4, 2, 3, 3
num_pos = H * W * NUM_SAMPLES
rng = np.random.default_rng(0)
rays = rng.random((2, num_pos, 2 * 3 * POS_ENCODE_DIMS + 3)).astype("float32")
colours = rng.random((2, num_pos, 4)).astype("float32")


def get_nerf_model(num_layers, num_pos):
    inputs = keras.Input(shape=(num_pos, 2 * 3 * POS_ENCODE_DIMS + 3))
    x = inputs
    for i in range(num_layers):
        x = layers.Dense(units=8, activation="relu")(x)
        if i % 4 == 0 and i > 0:
            x = layers.concatenate([x, inputs], axis=-1)
    outputs = layers.Dense(units=4)(x)
    return keras.Model(inputs=inputs, outputs=outputs)


# %%
nerf_model = get_nerf_model(num_layers=6, num_pos=num_pos)
nerf_model.compile(optimizer=keras.optimizers.Adam(), loss=keras.losses.MeanSquaredError())
nerf_model.fit(tf.data.Dataset.from_tensor_slices((rays, colours)).batch(2), epochs=1)
