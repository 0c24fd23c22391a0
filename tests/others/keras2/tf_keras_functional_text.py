# expected: whole
# model: model
# answer: model.predict(texts, verbose=0)
# again: model.fit(texts, y, verbose=0)
# %%
import numpy as np
import tensorflow as tf
import tf_keras

texts = tf.constant([["the cat sat"], ["a dog ran"]])
y = np.array([0.0, 1.0])
encoder = tf_keras.layers.TextVectorization(max_tokens=20)
encoder.adapt(texts)
model = tf_keras.Sequential(
    [
        tf_keras.Input((1,), dtype=tf.string),
        encoder,
        tf_keras.layers.Embedding(input_dim=len(encoder.get_vocabulary()), output_dim=4, mask_zero=True),
        tf_keras.layers.Bidirectional(tf_keras.layers.LSTM(4)),
        tf_keras.layers.Dense(1),
    ]
)

# %%
model.compile(
    loss=tf_keras.losses.BinaryCrossentropy(from_logits=True),
    optimizer=tf_keras.optimizers.Adam(1e-4),
    metrics=["accuracy"],
)
model.fit(texts, y, epochs=1)
