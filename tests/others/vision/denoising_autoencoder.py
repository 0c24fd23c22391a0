# expected: whole
# model: autoencoder
# answer: autoencoder.predict(noisy, verbose=0)
# again: autoencoder.fit(x=noisy, y=clean, verbose=0)
# %%
import numpy as np
import keras
from keras import layers

clean = np.random.default_rng(0).random((4, 12, 12, 1)).astype("float32")
noisy = np.clip(clean + 0.1, 0, 1)
input = layers.Input(shape=(12, 12, 1))
x = layers.Conv2D(4, (3, 3), activation="relu", padding="same")(input)
x = layers.MaxPooling2D((2, 2), padding="same")(x)
x = layers.Conv2DTranspose(4, (3, 3), strides=2, activation="relu", padding="same")(x)
x = layers.Conv2D(1, (3, 3), activation="sigmoid", padding="same")(x)
autoencoder = keras.Model(input, x)
autoencoder.compile(optimizer="adam", loss="binary_crossentropy")
autoencoder.fit(x=clean, y=clean, epochs=1, batch_size=4, shuffle=True, validation_data=(clean, clean))

# %%
predictions = autoencoder.predict(clean)
autoencoder.fit(x=noisy, y=clean, epochs=1, batch_size=4)
