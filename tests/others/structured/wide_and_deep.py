# expected: whole
# model: wide_and_deep_model
# answer: wide_and_deep_model.predict(rows, verbose=0)
# again: wide_and_deep_model.fit(rows, y, verbose=0)
# random: dropout
# %%
import numpy as np
import tensorflow as tf
import keras
from keras import layers

NUMERIC = ["elevation", "slope"]
CATEGORICAL = {"soil": ["sand", "clay", "peat"], "area": ["a", "b"]}
rng = np.random.default_rng(0)
rows = {name: rng.random((6, 1)).astype("float32") for name in NUMERIC}
rows |= {name: tf.constant(rng.choice(words, (6, 1))) for name, words in CATEGORICAL.items()}
y = rng.integers(0, 3, 6)


def create_model_inputs():
    inputs = {}
    for feature_name in [*NUMERIC, *CATEGORICAL]:
        dtype = "float32" if feature_name in NUMERIC else "string"
        inputs[feature_name] = layers.Input(name=feature_name, shape=(1,), dtype=dtype)
    return inputs


def encode_inputs(inputs, use_embedding=False):
    encoded_features = []
    for feature_name in inputs:
        if feature_name in CATEGORICAL:
            vocabulary = CATEGORICAL[feature_name]
            lookup = layers.StringLookup(
                vocabulary=vocabulary,
                mask_token=None,
                num_oov_indices=0,
                output_mode="int" if use_embedding else "multi_hot",
            )
            if use_embedding:
                encoded_feature = lookup(inputs[feature_name])
                encoded_feature = layers.Reshape((2,))(layers.Embedding(len(vocabulary), 2)(encoded_feature))
            else:
                encoded_feature = lookup(inputs[feature_name])
        else:
            encoded_feature = inputs[feature_name]
        encoded_features.append(encoded_feature)
    return layers.concatenate(encoded_features)


# %%
def create_wide_and_deep_model():
    inputs = create_model_inputs()
    wide = layers.BatchNormalization()(encode_inputs(inputs))
    deep = encode_inputs(inputs, use_embedding=True)
    for units in [8, 8]:
        deep = layers.Dense(units)(deep)
        deep = layers.BatchNormalization()(deep)
        deep = layers.ReLU()(deep)
        deep = layers.Dropout(0.1)(deep)
    merged = layers.concatenate([wide, deep])
    return keras.Model(inputs=inputs, outputs=layers.Dense(units=3, activation="softmax")(merged))


wide_and_deep_model = create_wide_and_deep_model()
wide_and_deep_model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=0.001),
    loss=keras.losses.SparseCategoricalCrossentropy(),
    metrics=[keras.metrics.SparseCategoricalAccuracy()],
)
wide_and_deep_model.fit(tf.data.Dataset.from_tensor_slices((rows, y)).batch(3), epochs=1)
