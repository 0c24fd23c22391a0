# expected: whole
# model: model
# answer: model.predict(x_test, verbose=0)
# again: model.fit(x_train, y_train, batch_size=32, verbose=0)
# random: dropout
# %%
import numpy as np
import keras
from keras import layers

# %%
num_classes = 10
input_shape = (12, 12, 1)
rng = np.random.default_rng(0)
x_train = rng.random((32, *input_shape)).astype("float32")
y_train = keras.utils.to_categorical(rng.integers(0, num_classes, 32), num_classes)
x_test = rng.random((4, *input_shape)).astype("float32")

# %%
model = keras.Sequential(
    [
        keras.Input(shape=input_shape),
        layers.Conv2D(4, kernel_size=(3, 3), activation="relu"),
        layers.MaxPooling2D(pool_size=(2, 2)),
        layers.Conv2D(8, kernel_size=(3, 3), activation="relu"),
        layers.Flatten(),
        layers.Dropout(0.5),
        layers.Dense(num_classes, activation="softmax"),
    ]
)
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
model.fit(x_train, y_train, batch_size=32, epochs=1, validation_split=0.1)
