# expected: whole
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(x, y, verbose=0)
# %%
import numpy as np
import keras
from keras import layers

x = keras.utils.pad_sequences([[1, 2, 3], [4, 5], [6]], maxlen=5)
y = np.array([0, 1, 0])
inputs = keras.Input(shape=(None,), dtype="int32")
z = layers.Embedding(10, 4)(inputs)
z = layers.Bidirectional(layers.LSTM(3, return_sequences=True))(z)
z = layers.Bidirectional(layers.LSTM(3))(z)
outputs = layers.Dense(1, activation="sigmoid")(z)
model = keras.Model(inputs, outputs)
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
model.fit(x, y, batch_size=3, epochs=1, validation_data=(x, y))
