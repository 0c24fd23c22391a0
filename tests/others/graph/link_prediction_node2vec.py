# expected: whole
# model: model
# answer: model.predict(pairs, verbose=0)
# again: model.fit(pairs, y, verbose=0)
# %%
import numpy as np
import keras
from keras import layers

rng = np.random.default_rng(0)
vocabulary = list(map(str, range(8)))
pairs = {"target": rng.integers(0, 8, 6), "context": rng.integers(0, 8, 6)}
y = rng.integers(0, 2, 6)


def create_model(vocabulary_size, embedding_dim):
    inputs = {
        "target": layers.Input(name="target", shape=(), dtype="int32"),
        "context": layers.Input(name="context", shape=(), dtype="int32"),
    }
    embed_item = layers.Embedding(
        input_dim=vocabulary_size,
        output_dim=embedding_dim,
        embeddings_initializer="he_normal",
        embeddings_regularizer=keras.regularizers.l2(1e-6),
        name="item_embeddings",
    )
    target_embeddings = embed_item(inputs["target"])
    context_embeddings = embed_item(inputs["context"])
    logits = layers.Dot(axes=1, normalize=False, name="dot_similarity")([target_embeddings, context_embeddings])
    return keras.Model(inputs=inputs, outputs=logits)


# %%
model = create_model(len(vocabulary), 3)
model.compile(optimizer=keras.optimizers.Adam(0.001), loss=keras.losses.BinaryCrossentropy(from_logits=True))
history = model.fit(pairs, y, epochs=1)
