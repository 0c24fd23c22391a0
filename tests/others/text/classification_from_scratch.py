# expected: whole
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(x, y, verbose=0)
# random: dropout
# %%
import numpy as np
import tensorflow as tf
import keras
from keras import layers

max_features, embedding_dim, sequence_length = 20, 6, 24
x = np.random.default_rng(0).integers(0, max_features, (4, sequence_length))
y = np.array([0, 1, 1, 0])
inputs = keras.Input(shape=(None,), dtype="int64")
z = layers.Embedding(max_features, embedding_dim)(inputs)
z = layers.Dropout(0.5)(z)
z = layers.Conv1D(8, 3, padding="valid", activation="relu", strides=3)(z)
z = layers.Conv1D(8, 3, padding="valid", activation="relu", strides=3)(z)
z = layers.GlobalMaxPooling1D()(z)
z = layers.Dense(8, activation="relu")(z)
predictions = layers.Dense(1, activation="sigmoid", name="predictions")(z)
model = keras.Model(inputs, predictions)
model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])

# %%
model.fit(tf.data.Dataset.from_tensor_slices((x, y)).batch(2), epochs=1)
