# expected: whole
# model: titanic_model
# answer: titanic_model.predict(features, verbose=0)
# again: titanic_model.fit(features, labels, verbose=0)
# %%
import numpy as np
import tensorflow as tf
from tensorflow.keras import layers

features = {
    "sex": np.array(["male", "female", "female", "male"]),
    "age": np.array([22.0, 38.0, 26.0, 35.0]),
    "fare": np.array([7.25, 71.28, 7.92, 8.05]),
    "class": np.array(["Third", "First", "Third", "Second"]),
}
labels = np.array([0, 1, 1, 0])
inputs = {}
for name, column in features.items():
    dtype = tf.string if column.dtype.kind in "UO" else tf.float32
    inputs[name] = tf.keras.Input(shape=(1,), name=name, dtype=dtype)
titanic_features, features = features, {name: tf.constant(value[:, None]) for name, value in features.items()}
numeric_inputs = {name: input for name, input in inputs.items() if input.dtype in ("float32", tf.float32)}

# %%
x = layers.Concatenate()(list(numeric_inputs.values()))
norm = layers.Normalization()
norm.adapt(np.concatenate([features[name] for name in numeric_inputs], axis=1))
all_numeric_inputs = norm(x)
preprocessed_inputs = [all_numeric_inputs]
for name, input in inputs.items():
    if name in numeric_inputs:
        continue
    lookup = layers.StringLookup(vocabulary=np.unique(titanic_features[name]))
    one_hot = layers.CategoryEncoding(num_tokens=lookup.vocabulary_size())
    preprocessed_inputs.append(one_hot(lookup(input)))
preprocessed = layers.Concatenate()(preprocessed_inputs)
titanic_preprocessing = tf.keras.Model(inputs, preprocessed)


def build_titanic(preprocessing_head, inputs):
    body = tf.keras.Sequential([layers.Dense(8, activation="relu"), layers.Dense(1)])
    preprocessed_inputs = preprocessing_head(inputs)
    result = body(preprocessed_inputs)
    model = tf.keras.Model(inputs, result)
    model.compile(loss=tf.keras.losses.BinaryCrossentropy(from_logits=True), optimizer=tf.keras.optimizers.Adam())
    return model


titanic_model = build_titanic(titanic_preprocessing, inputs)
titanic_model.fit(x=features, y=labels, epochs=2)
