# expected: whole
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(x, y, verbose=0)
# random: dropout
# %%
import numpy as np
import tf_keras as keras
from tf_keras import layers

x = np.random.default_rng(0).random((4, 8, 8, 1)).astype("float32")
y = keras.utils.to_categorical([0, 1, 2, 0], 3)
model = keras.Sequential(
    [
        keras.Input(shape=(8, 8, 1)),
        layers.Conv2D(4, kernel_size=(3, 3), activation="relu"),
        layers.BatchNormalization(),
        layers.Flatten(),
        layers.Dropout(0.5),
        layers.Dense(3, activation="softmax"),
    ]
)
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
model.fit(x, y, epochs=1)
