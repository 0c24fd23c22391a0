# expected: whole
# model: model
# answer: model.predict(frames, verbose=0)
# again: model.fit(frames, frames, verbose=0)
# %%
import numpy as np
import keras
from keras import layers

frames = np.random.default_rng(0).random((2, 3, 8, 8, 1)).astype("float32")
inp = layers.Input(shape=(None, *frames.shape[2:]))
x = layers.ConvLSTM2D(filters=2, kernel_size=(3, 3), padding="same", return_sequences=True, activation="relu")(inp)
x = layers.BatchNormalization()(x)
x = layers.ConvLSTM2D(filters=2, kernel_size=(1, 1), padding="same", return_sequences=True, activation="relu")(x)
x = layers.Conv3D(filters=1, kernel_size=(3, 3, 3), activation="sigmoid", padding="same")(x)
model = keras.models.Model(inp, x)
model.compile(loss=keras.losses.binary_crossentropy, optimizer=keras.optimizers.Adam())

# %%
early_stopping = keras.callbacks.EarlyStopping(monitor="val_loss", patience=10)
reduce_lr = keras.callbacks.ReduceLROnPlateau(monitor="val_loss", patience=5)
model.fit(frames, frames, epochs=1, validation_data=(frames, frames), callbacks=[early_stopping, reduce_lr])
