# expected: whole
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(x, x, verbose=0)
# random: dropout
# %%
import numpy as np
import keras
from keras import layers

x = np.random.default_rng(0).random((4, 16, 1)).astype("float32")
model = keras.Sequential(
    [
        layers.Input(shape=(x.shape[1], x.shape[2])),
        layers.Conv1D(filters=4, kernel_size=7, padding="same", strides=2, activation="relu"),
        layers.Dropout(rate=0.2),
        layers.Conv1DTranspose(filters=4, kernel_size=7, padding="same", strides=2, activation="relu"),
        layers.Conv1DTranspose(filters=1, kernel_size=7, padding="same"),
    ]
)
model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.001), loss="mse")

# %%
history = model.fit(
    x,
    x,
    epochs=1,
    validation_split=0.1,
    callbacks=[keras.callbacks.EarlyStopping(monitor="val_loss", patience=5, mode="min")],
)
