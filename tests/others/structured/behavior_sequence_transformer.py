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
from keras.layers import StringLookup

MOVIES = ["movie_1", "movie_2", "movie_3", "movie_4"]
rng = np.random.default_rng(0)
rows = {
    "user_id": tf.constant([["u1"], ["u2"], ["u1"], ["u3"]]),
    "sequence_movie_ids": tf.constant(rng.choice(MOVIES, (4, 3))),
    "target_movie_id": tf.constant(rng.choice(MOVIES, (4, 1))),
    "sequence_ratings": rng.random((4, 3)).astype("float32"),
}
y = rng.random(4).astype("float32")


def create_model():
    inputs = {
        "user_id": keras.Input(name="user_id", shape=(1,), dtype="string"),
        "sequence_movie_ids": keras.Input(name="sequence_movie_ids", shape=(3,), dtype="string"),
        "target_movie_id": keras.Input(name="target_movie_id", shape=(1,), dtype="string"),
        "sequence_ratings": keras.Input(name="sequence_ratings", shape=(3,), dtype=tf.float32),
    }
    movie_index_lookup = StringLookup(vocabulary=MOVIES, mask_token=None, num_oov_indices=0, name="movie_index_lookup")
    movie_embedding_encoder = layers.Embedding(input_dim=len(MOVIES), output_dim=4, name="movie_embedding")
    user = layers.Embedding(4, 2, name="user_embedding")(
        StringLookup(vocabulary=["u1", "u2", "u3"], name="user_lookup")(inputs["user_id"])
    )
    encoded_target = movie_embedding_encoder(movie_index_lookup(inputs["target_movie_id"]))
    encoded_sequence = movie_embedding_encoder(movie_index_lookup(inputs["sequence_movie_ids"]))
    positions = keras.ops.arange(start=0, stop=3, step=1)
    encoded_positions = layers.Embedding(input_dim=3, output_dim=4, name="position_embedding")(positions)
    ratings = keras.ops.expand_dims(inputs["sequence_ratings"], -1)
    sequence = layers.Multiply()([(encoded_sequence + encoded_positions), ratings])
    transformer_features = layers.Concatenate(axis=1)([sequence, encoded_target])
    attention_output = layers.MultiHeadAttention(num_heads=2, key_dim=4, dropout=0.1)(
        transformer_features, transformer_features
    )
    x = layers.Add()([transformer_features, layers.Dropout(0.1)(attention_output)])
    x = layers.LayerNormalization()(layers.LeakyReLU()(x))
    features = layers.concatenate([layers.Flatten()(x), layers.Flatten()(user)])
    return keras.Model(inputs=inputs, outputs=layers.Dense(units=1)(features))


model = create_model()

# %%
model.compile(
    optimizer=keras.optimizers.Adagrad(learning_rate=0.01),
    loss=keras.losses.MeanSquaredError(),
    metrics=[keras.metrics.MeanAbsoluteError()],
)
model.fit(tf.data.Dataset.from_tensor_slices((rows, y)).batch(4), epochs=1)
