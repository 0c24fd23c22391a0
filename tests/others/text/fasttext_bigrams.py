# expected: whole
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(x, y, verbose=0)
# %%
import numpy as np
from keras.layers import Dense, Embedding, GlobalAveragePooling1D
from keras.models import Sequential
from keras.utils import pad_sequences


def create_ngram_set(input_list, ngram_value=2):
    return set(zip(*[input_list[i:] for i in range(ngram_value)]))


def add_ngram(sequences, token_indice, ngram_range=2):
    new_sequences = []
    for input_list in sequences:
        new_list = input_list[:]
        for ngram_value in range(2, ngram_range + 1):
            for i in range(len(new_list) - ngram_value + 1):
                ngram = tuple(new_list[i : i + ngram_value])
                if ngram in token_indice:
                    new_list.append(token_indice[ngram])
        new_sequences.append(new_list)
    return new_sequences


ngram_range, max_features, maxlen, embedding_dims = 2, 20, 10, 4
x = [[1, 5, 3, 9], [4, 5, 3], [7, 8, 2, 2, 1], [1, 5]]
y = np.array([0, 1, 1, 0])

# %%
ngram_set = set()
for input_list in x:
    ngram_set.update(create_ngram_set(input_list))
start_index = max_features + 1
token_indice = {v: k + start_index for k, v in enumerate(sorted(ngram_set))}
indice_token = {token_indice[k]: k for k in token_indice}
max_features = max(indice_token.keys()) + 1
x = pad_sequences(add_ngram(x, token_indice, ngram_range), maxlen=maxlen)
model = Sequential()
model.add(Embedding(max_features, embedding_dims))
model.add(GlobalAveragePooling1D())
model.add(Dense(1, activation="sigmoid"))
model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
model.fit(x, y, batch_size=2, epochs=1, validation_data=(x, y))
