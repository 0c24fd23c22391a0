# expected: whole
# model: tabtransformer_model
# answer: tabtransformer_model.predict(rows, verbose=0)
# again: tabtransformer_model.fit(rows, y, sample_weight=weights, verbose=0)
# random: dropout
# %%
import numpy as np
import tensorflow as tf
import keras
from keras import layers, ops

CATEGORICAL = {"work": ["private", "state"], "race": ["x", "y", "z"]}
rng = np.random.default_rng(0)
rows = {"age": rng.random((6, 1)).astype("float32")}
rows |= {name: tf.constant(rng.choice(words, (6, 1))) for name, words in CATEGORICAL.items()}
y, weights = rng.integers(0, 2, 6), rng.random(6).astype("float32")
embedding_dims, num_heads = 4, 2


def create_mlp(hidden_units, dropout_rate, activation, normalization_layer, name=None):
    mlp_layers = []
    for units in hidden_units:
        mlp_layers.append(normalization_layer())
        mlp_layers.append(layers.Dense(units, activation=activation))
        mlp_layers.append(layers.Dropout(dropout_rate))
    return keras.Sequential(mlp_layers, name=name)


# %%
inputs = {"age": layers.Input(name="age", shape=(1,))}
inputs |= {name: layers.Input(name=name, shape=(1,), dtype="string") for name in CATEGORICAL}
encoded = []
for name, vocabulary in CATEGORICAL.items():
    lookup = layers.StringLookup(vocabulary=vocabulary, mask_token=None, num_oov_indices=0, output_mode="int")
    encoded.append(layers.Embedding(len(vocabulary), embedding_dims)(layers.Reshape(())(lookup(inputs[name]))))
encoded_categorical_features = ops.stack(encoded, axis=1)
column_embedding = layers.Embedding(input_dim=2, output_dim=embedding_dims)
encoded_categorical_features = encoded_categorical_features + column_embedding(ops.arange(start=0, stop=2, step=1))
for block_idx in range(2):
    attention_output = layers.MultiHeadAttention(
        num_heads=num_heads, key_dim=embedding_dims, dropout=0.2, name=f"multihead_attention_{block_idx}"
    )(encoded_categorical_features, encoded_categorical_features)
    x = layers.Add(name=f"skip_connection1_{block_idx}")([attention_output, encoded_categorical_features])
    x = layers.LayerNormalization(name=f"layer_norm1_{block_idx}", epsilon=1e-6)(x)
    feedforward_output = create_mlp(
        hidden_units=[embedding_dims],
        dropout_rate=0.2,
        activation=keras.activations.gelu,
        normalization_layer=lambda: layers.LayerNormalization(epsilon=1e-6),
        name=f"feedforward_{block_idx}",
    )(x)
    x = layers.Add(name=f"skip_connection2_{block_idx}")([feedforward_output, x])
    encoded_categorical_features = x
features = layers.Flatten()(encoded_categorical_features)
features = layers.concatenate([features, layers.LayerNormalization(epsilon=1e-6)(inputs["age"])])
features = create_mlp([4], 0.2, keras.activations.selu, layers.BatchNormalization, name="MLP")(features)
outputs = layers.Dense(units=1, activation="sigmoid", name="sigmoid")(features)
tabtransformer_model = keras.Model(inputs=inputs, outputs=outputs)

# %%
tabtransformer_model.compile(
    optimizer=keras.optimizers.AdamW(learning_rate=0.001, weight_decay=0.0001),
    loss=keras.losses.BinaryCrossentropy(),
    metrics=[keras.metrics.BinaryAccuracy(name="accuracy")],
)
tabtransformer_model.fit(rows, y, sample_weight=weights, epochs=1)
