# expected: whole
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(x, y, verbose=0)
# random: half precision
# %%
import numpy as np
import keras
from keras import layers

keras.mixed_precision.set_global_policy("mixed_float16")
x, y = np.random.default_rng(0).random((4, 6)).astype("float32"), np.array([0, 1, 1, 0])
inputs = keras.Input(shape=(6,), name="digits")
z = layers.Dense(8, activation="relu", name="dense_1")(inputs)
z = layers.Dense(2, name="dense_logits")(z)
outputs = layers.Activation("softmax", dtype="float32", name="predictions")(z)
model = keras.Model(inputs=inputs, outputs=outputs)

# %%
model.compile(loss="sparse_categorical_crossentropy", optimizer=keras.optimizers.RMSprop(), metrics=["accuracy"])
model.fit(x, y, epochs=1)
