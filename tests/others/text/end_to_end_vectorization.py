# expected: whole
# model: end_to_end_model
# answer: end_to_end_model(raw)
# again: end_to_end_model.evaluate(raw, y, verbose=0)
# %%
import re
import string
import numpy as np
import tensorflow as tf
import keras
from keras import layers

raw = tf.constant(["A great<br />film, really!", "Awful; I left.", "great, GREAT fun"])
y = tf.constant([1.0, 0.0, 1.0])


def custom_standardization(input_data):
    lowercase = tf.strings.lower(input_data)
    stripped_html = tf.strings.regex_replace(lowercase, "<br />", " ")
    return tf.strings.regex_replace(stripped_html, f"[{re.escape(string.punctuation)}]", "")


max_features, sequence_length = 16, 6
vectorize_layer = keras.layers.TextVectorization(
    standardize=custom_standardization,
    max_tokens=max_features,
    output_mode="int",
    output_sequence_length=sequence_length,
)
vectorize_layer.adapt(tf.data.Dataset.from_tensor_slices(raw).batch(2))

# %%
inner = keras.Input(shape=(None,), dtype="int64")
x = layers.Embedding(max_features, 4)(inner)
x = layers.GlobalAveragePooling1D()(x)
model = keras.Model(inner, layers.Dense(1, activation="sigmoid")(x))
model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
model.fit(vectorize_layer(raw), y, epochs=1)

# %%
inputs = keras.Input(shape=(1,), dtype="string")
indices = vectorize_layer(inputs)
outputs = model(indices)
end_to_end_model = keras.Model(inputs, outputs)
end_to_end_model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
raw = tf.reshape(raw, (-1, 1))
end_to_end_model.evaluate(raw, y)
