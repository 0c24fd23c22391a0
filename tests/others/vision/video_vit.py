# expected: whole
# model: model
# answer: model.predict(videos, verbose=0)
# again: model.fit(videos, labels, verbose=0)
# random: dropout
# %%
import numpy as np
import keras
from keras import layers, ops

INPUT_SHAPE, PATCH, DIM = (4, 8, 8, 1), (2, 4, 4), 6
videos = np.random.default_rng(0).random((2, *INPUT_SHAPE)).astype("float32")
labels = np.array([0, 1])


class TubeletEmbedding(layers.Layer):
    def __init__(self, embed_dim, patch_size, **kwargs):
        super().__init__(**kwargs)
        self.projection = layers.Conv3D(filters=embed_dim, kernel_size=patch_size, strides=patch_size, padding="VALID")
        self.flatten = layers.Reshape(target_shape=(-1, embed_dim))

    def call(self, videos):
        return self.flatten(self.projection(videos))


class PositionalEncoder(layers.Layer):
    def __init__(self, embed_dim, **kwargs):
        super().__init__(**kwargs)
        self.embed_dim = embed_dim

    def build(self, input_shape):
        _, num_tokens, _ = input_shape
        self.position_embedding = layers.Embedding(input_dim=num_tokens, output_dim=self.embed_dim)
        self.positions = ops.arange(0, num_tokens, 1)

    def call(self, encoded_tokens):
        return encoded_tokens + self.position_embedding(self.positions)


# %%
def create_vivit_classifier(tubelet_embedder, positional_encoder, num_heads=2, embed_dim=DIM):
    inputs = layers.Input(shape=INPUT_SHAPE)
    encoded_patches = positional_encoder(tubelet_embedder(inputs))
    x1 = layers.LayerNormalization(epsilon=1e-6)(encoded_patches)
    attention_output = layers.MultiHeadAttention(num_heads=num_heads, key_dim=embed_dim // num_heads, dropout=0.1)(
        x1, x1
    )
    x2 = layers.Add()([attention_output, encoded_patches])
    x3 = layers.LayerNormalization(epsilon=1e-6)(x2)
    x3 = keras.Sequential(
        [layers.Dense(units=embed_dim * 2, activation=keras.activations.gelu), layers.Dense(units=embed_dim)]
    )(x3)
    x = layers.Add()([x3, x2])
    x = layers.GlobalAvgPool1D()(layers.LayerNormalization(epsilon=1e-6)(x))
    return keras.Model(inputs=inputs, outputs=layers.Dense(units=2, activation="softmax")(x))


model = create_vivit_classifier(TubeletEmbedding(DIM, PATCH), PositionalEncoder(DIM))
model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=1e-4),
    loss="sparse_categorical_crossentropy",
    metrics=[
        keras.metrics.SparseCategoricalAccuracy(name="accuracy"),
        keras.metrics.SparseTopKCategoricalAccuracy(2, name="top-2-accuracy"),
    ],
)
_ = model.fit(videos, labels, epochs=1)
