# expected: partial: the quantizers of the package are found in its own scope of custom objects only
# needs: tensorflow_model_optimization tf_keras
# environment: TF_USE_LEGACY_KERAS=1
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(x, y, verbose=0)
# %%
import numpy as np
import tensorflow as tf
import tensorflow_model_optimization as tfmot

x = np.random.default_rng(0).random((4, 8, 8, 1)).astype("float32")
y = np.array([0, 1, 2, 0])
base = tf.keras.Sequential(
    [
        tf.keras.layers.InputLayer(input_shape=(8, 8, 1)),
        tf.keras.layers.Conv2D(4, 3, activation="relu"),
        tf.keras.layers.Flatten(),
        tf.keras.layers.Dense(3),
    ]
)


# %%
model = tfmot.quantization.keras.quantize_model(base)
model.compile("adam", tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
model.fit(x, y, verbose=0)
