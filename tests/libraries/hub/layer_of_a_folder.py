# expected: whole
# needs: tensorflow_hub tf_keras
# environment: TF_USE_LEGACY_KERAS=1
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(x, y, verbose=0)
# %%
import numpy as np
import tensorflow as tf
import tensorflow_hub as hub


class Embedder(tf.Module):
    def __init__(self):
        self.table = tf.Variable(tf.random.stateless_normal([10, 4], seed=[1, 2]))

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def __call__(self, texts):
        return tf.gather(self.table, tf.strings.to_hash_bucket_fast(texts, 10))


tf.saved_model.save(Embedder(), "embedder")
x = tf.constant(["a good film", "a bad one", "fine"])
y = np.array([1.0, 0.0, 1.0])


# %%
model = tf.keras.Sequential(
    [
        hub.KerasLayer("embedder", input_shape=[], dtype=tf.string, trainable=False),
        tf.keras.layers.Dense(4, activation="relu"),
        tf.keras.layers.Dense(1),
    ]
)
model.compile("adam", tf.keras.losses.BinaryCrossentropy(from_logits=True), metrics=["accuracy"])
model.fit(x, y, verbose=0)
