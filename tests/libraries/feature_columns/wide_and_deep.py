# expected: refused: DenseFeatures is built with the shape of a dict of inputs, which says no dtypes
# needs: tf_keras
# environment: TF_USE_LEGACY_KERAS=1
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(x, y, verbose=0)
# %%
import numpy as np
import tensorflow as tf

x = {"age": np.array([20.0, 35.0, 50.0, 41.0]), "job": np.array(["nurse", "cook", "cook", "clerk"])}
y = np.array([0.0, 1.0, 1.0, 0.0])
age = tf.feature_column.numeric_column("age", normalizer_fn=None)
job = tf.feature_column.categorical_column_with_vocabulary_list("job", ["nurse", "cook"], num_oov_buckets=1)
columns = [age, tf.feature_column.bucketized_column(age, [30.0, 45.0]), tf.feature_column.embedding_column(job, 2)]


# %%
model = tf.keras.Sequential(
    [tf.keras.layers.DenseFeatures(columns), tf.keras.layers.Dense(4, activation="relu"), tf.keras.layers.Dense(1)]
)
model.compile("adam", "mse")
model.fit(x, y, verbose=0)
