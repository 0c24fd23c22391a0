# expected: whole
# model: model
# answer: model.predict(rows, verbose=0)
# again: model.fit(rows, y, verbose=0)
# random: dropout
# %%
import numpy as np
import tensorflow as tf
import keras
from keras import layers

rng = np.random.default_rng(0)
rows = {
    "sex": rng.integers(0, 2, (8, 1)),
    "thal": np.array([["fixed"], ["normal"], ["reversible"], ["normal"]] * 2),
    "age": rng.random((8, 1)).astype("float32") * 80,
    "chol": rng.random((8, 1)).astype("float32") * 200,
}
rows["thal"] = tf.constant(rows["thal"])
y = rng.integers(0, 2, 8)
train_ds = tf.data.Dataset.from_tensor_slices((rows, y)).batch(4)


def encode_numerical_feature(feature, name, dataset):
    normalizer = layers.Normalization()
    feature_ds = dataset.map(lambda x, y: x[name])
    normalizer.adapt(feature_ds)
    return normalizer(feature)


def encode_categorical_feature(feature, name, dataset, is_string):
    lookup_class = layers.StringLookup if is_string else layers.IntegerLookup
    lookup = lookup_class(output_mode="binary") if is_string else lookup_class(output_mode="one_hot")
    feature_ds = dataset.map(lambda x, y: x[name])
    lookup.adapt(feature_ds)
    return lookup(feature)


# %%
sex = keras.Input(shape=(1,), name="sex", dtype="int64")
thal = keras.Input(shape=(1,), name="thal", dtype="string")
age = keras.Input(shape=(1,), name="age")
chol = keras.Input(shape=(1,), name="chol")
all_inputs = {"sex": sex, "thal": thal, "age": age, "chol": chol}
all_features = layers.concatenate(
    [
        encode_categorical_feature(sex, "sex", train_ds, False),
        encode_categorical_feature(thal, "thal", train_ds, True),
        encode_numerical_feature(age, "age", train_ds),
        encode_numerical_feature(chol, "chol", train_ds),
    ]
)
x = layers.Dense(8, activation="relu")(all_features)
x = layers.Dropout(0.5)(x)
output = layers.Dense(1, activation="sigmoid")(x)
model = keras.Model(all_inputs, output)
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
model.fit(train_ds, epochs=1, validation_data=train_ds)
