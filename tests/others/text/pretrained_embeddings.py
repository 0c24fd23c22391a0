# expected: whole
# model: string_model
# answer: string_model.predict(texts)
# %%
import numpy as np
import keras
from keras import layers
import tensorflow as tf

samples = ["the cat sat here", "a dog ran far", "the dog sat"]
vectorizer = layers.TextVectorization(max_tokens=20, output_sequence_length=6)
vectorizer.adapt(tf.data.Dataset.from_tensor_slices(samples).batch(2))
voc = vectorizer.get_vocabulary()
word_index = dict(zip(voc, range(len(voc))))
embedding_matrix = np.random.default_rng(0).random((len(voc) + 2, 4))

# %%
embedding_layer = layers.Embedding(len(voc) + 2, 4, trainable=False)
embedding_layer.build((1,))
embedding_layer.set_weights([embedding_matrix])
int_sequences_input = keras.Input(shape=(None,), dtype="int32")
x = embedding_layer(int_sequences_input)
x = layers.Conv1D(4, 2, activation="relu")(x)
x = layers.GlobalMaxPooling1D()(x)
preds = layers.Dense(3, activation="softmax")(x)
model = keras.Model(int_sequences_input, preds)
model.compile(loss="sparse_categorical_crossentropy", optimizer="rmsprop", metrics=["acc"])
x_train = vectorizer(np.array([[s] for s in samples])).numpy()
model.fit(x_train, np.array([0, 1, 2]), epochs=1)

# %%
string_input = keras.Input(shape=(1,), dtype="string")
x = vectorizer(string_input)
preds = model(x)
string_model = keras.Model(string_input, preds)
texts = tf.constant([["the cat ran"], ["a dog"]])
probabilities = string_model(texts)
