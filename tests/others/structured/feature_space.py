# expected: whole
# model: inference_model
# answer: inference_model.predict(rows, verbose=0)
# %%
import numpy as np
import tensorflow as tf
import keras
from keras.utils import FeatureSpace

rng = np.random.default_rng(0)
rows = {
    "sex": rng.integers(0, 2, (8, 1)),
    "thal": tf.constant([["fixed"], ["normal"], ["reversible"], ["normal"]] * 2),
    "age": (rng.random((8, 1)) * 80).astype("float32"),
}
dataset = tf.data.Dataset.from_tensor_slices((rows, rng.integers(0, 2, (8, 1)))).batch(4)
feature_space = FeatureSpace(
    features={"sex": "integer_categorical", "thal": "string_categorical", "age": "float_discretized"},
    crosses=[FeatureSpace.cross(feature_names=("sex", "age"), crossing_dim=8)],
    output_mode="concat",
)
feature_space.adapt(dataset.map(lambda x, _: x))

# %%
dict_inputs = feature_space.get_inputs()
encoded_features = feature_space.get_encoded_features()
x = keras.layers.Dense(8, activation="relu")(encoded_features)
predictions = keras.layers.Dense(1, activation="sigmoid")(x)
training_model = keras.Model(inputs=encoded_features, outputs=predictions)
training_model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
inference_model = keras.Model(inputs=dict_inputs, outputs=predictions)
training_model.fit(dataset.map(lambda x, y: (feature_space(x), y)), epochs=1)
