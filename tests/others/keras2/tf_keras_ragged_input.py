# expected: whole
# model: model
# answer: model.predict({"words": words, "bag": bag}, verbose=0)
# again: model.fit({"words": words, "bag": bag}, y, verbose=0)
# %%
import numpy as np
import tf_keras
import tensorflow as tf

words = tf.ragged.constant([[1, 2, 3], [4], [5, 6], [2, 2, 2, 1]], dtype=tf.int64)
bag = np.eye(5, dtype="float32")[[0, 3, 1, 4]]
y = np.array([0.0, 1.0, 1.0, 0.0])

# %%
ragged_input = tf_keras.Input(shape=(None,), dtype=tf.int64, ragged=True, name="words")
bag_input = tf_keras.Input(shape=(5,), name="bag")
x = tf_keras.layers.Embedding(8, 4)(ragged_input)
x = tf_keras.layers.Lambda(lambda r: tf.reduce_mean(r, axis=1))(x)
x = tf_keras.layers.Concatenate()([x, tf_keras.layers.Dense(3, activation="relu")(bag_input)])
model = tf_keras.Model(inputs={"words": ragged_input, "bag": bag_input}, outputs=tf_keras.layers.Dense(1)(x))
model.compile(optimizer="adam", loss=tf_keras.losses.BinaryCrossentropy(from_logits=True))
model.fit({"words": words, "bag": bag}, y, epochs=1, verbose=0)
