# expected: whole
# model: model
# answer: model.predict(rows, verbose=0)
# %%
import numpy as np
import tensorflow as tf
import keras
from keras import layers

rows = {
    "age": np.array([[20.0], [35.0], [50.0]], "float32"),
    "city": tf.constant([["Rome"], ["Oslo"], ["Lima"]]),
    "zip": np.array([[101], [202], [303]], "int64"),
    "text": tf.constant([["good stay"], ["bad food"], ["good food"]]),
}
buckets = layers.Discretization(num_bins=3)
buckets.adapt(rows["age"])
cities = layers.StringLookup(output_mode="one_hot")
cities.adapt(rows["city"])
hashed = layers.Hashing(num_bins=4, salt=7, output_mode="one_hot")
crossed = layers.HashedCrossing(num_bins=5, output_mode="one_hot")
numbers = layers.IntegerLookup(vocabulary=[101, 202], output_mode="multi_hot")
words = layers.TextVectorization(output_mode="count", ngrams=(1, 2))
words.adapt(rows["text"])

# %%
inputs = {name: keras.Input((1,), name=name, dtype=value.dtype) for name, value in rows.items()}
features = [
    layers.CategoryEncoding(num_tokens=3, output_mode="one_hot")(buckets(inputs["age"])),
    cities(inputs["city"]),
    hashed(inputs["zip"]),
    crossed((inputs["city"], inputs["zip"])),
    numbers(inputs["zip"]),
    words(inputs["text"]),
]
model = keras.Model(
    inputs, layers.Dense(1)(layers.concatenate([layers.Flatten()(keras.ops.cast(f, "float32")) for f in features]))
)
_ = model.predict(rows)
