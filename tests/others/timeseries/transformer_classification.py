# expected: whole
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(x, y, verbose=0)
# random: dropout
# %%
import numpy as np
import keras
from keras import layers

x = np.random.default_rng(0).random((8, 12, 1)).astype("float32")
y = np.random.default_rng(1).integers(0, 2, 8)


def transformer_encoder(inputs, head_size, num_heads, ff_dim, dropout=0):
    x = layers.MultiHeadAttention(key_dim=head_size, num_heads=num_heads, dropout=dropout)(inputs, inputs)
    x = layers.Dropout(dropout)(x)
    x = layers.LayerNormalization(epsilon=1e-6)(x)
    res = x + inputs
    x = layers.Conv1D(filters=ff_dim, kernel_size=1, activation="relu")(res)
    x = layers.Dropout(dropout)(x)
    x = layers.Conv1D(filters=inputs.shape[-1], kernel_size=1)(x)
    x = layers.LayerNormalization(epsilon=1e-6)(x)
    return x + res


inputs = keras.Input(shape=(12, 1))
z = inputs
for _ in range(2):
    z = transformer_encoder(z, 4, 2, 4, 0.25)
z = layers.GlobalAveragePooling1D(data_format="channels_last")(z)
model = keras.Model(inputs, layers.Dense(2, activation="softmax")(z))

# %%
model.compile(
    loss="sparse_categorical_crossentropy",
    optimizer=keras.optimizers.Adam(learning_rate=1e-4),
    metrics=["sparse_categorical_accuracy"],
)
model.fit(x, y, validation_split=0.2, epochs=1)
