# expected: whole
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(x, y, verbose=0)
# %%
import numpy as np
import keras
from keras import layers


class CharacterTable:
    def __init__(self, chars):
        self.chars = sorted(set(chars))
        self.char_indices = {c: i for i, c in enumerate(self.chars)}

    def encode(self, C, num_rows):
        x = np.zeros((num_rows, len(self.chars)))
        for i, c in enumerate(C):
            x[i, self.char_indices[c]] = 1
        return x


ctable = CharacterTable("0123456789+ ")
x = np.stack([ctable.encode("1+2  ", 5), ctable.encode("12+30", 5)])
y = np.stack([ctable.encode("3 ", 2), ctable.encode("42", 2)])

# %%
model = keras.Sequential()
model.add(layers.Input((5, 12)))
model.add(layers.LSTM(8))
model.add(layers.RepeatVector(2))
for _ in range(1):
    model.add(layers.LSTM(8, return_sequences=True))
model.add(layers.Dense(12, activation="softmax"))
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
model.fit(x, y, batch_size=2, epochs=1, validation_data=(x, y))
