# expected: whole
# older: 3.15 partial: Keras cannot open its own file of a TextVectorization that computes tf_idf
# model: model_for_inference
# answer: model_for_inference.predict(texts, verbose=0)
# %%
import numpy as np
import tensorflow as tf
import keras
from keras import layers

texts = tf.constant(["graph networks are fun", "vision models see", "graph vision"])
lookup = layers.StringLookup(output_mode="multi_hot")
lookup.adapt(tf.ragged.constant([["cs.LG", "cs.CV"], ["cs.LG"], ["stat.ML"]]))
text_vectorizer = layers.TextVectorization(max_tokens=20, ngrams=2, output_mode="tf_idf")
text_vectorizer.adapt(texts)
labels = np.array(lookup(tf.constant([["cs.LG"], ["cs.CV"], ["stat.ML"]])))


def make_model():
    return keras.Sequential(
        [layers.Dense(8, activation="relu"), layers.Dense(lookup.vocabulary_size(), activation="sigmoid")]
    )


shallow_mlp_model = make_model()
shallow_mlp_model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["binary_accuracy"])
history = shallow_mlp_model.fit(text_vectorizer(texts), labels, epochs=1)

# %%
model_for_inference = keras.Sequential([text_vectorizer, shallow_mlp_model])
predicted = model_for_inference.predict(texts)
