# expected: whole
# model: horsepower_model
# answer: horsepower_model.predict(horsepower, verbose=0)
# again: horsepower_model.fit(horsepower, mpg, verbose=0)
# %%
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

horsepower = np.random.default_rng(0).random((16,)) * 100
mpg = 40 - horsepower / 5
horsepower_normalizer = layers.Normalization(input_shape=[1], axis=None)
horsepower_normalizer.adapt(horsepower)
horsepower_model = tf.keras.Sequential([horsepower_normalizer, layers.Dense(units=1)])
horsepower_model.compile(optimizer=tf.keras.optimizers.Adam(learning_rate=0.1), loss="mean_absolute_error")

# %%
history = horsepower_model.fit(horsepower, mpg, epochs=1, verbose=0, validation_split=0.2)
