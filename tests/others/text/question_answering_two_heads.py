# expected: whole
# model: model
# answer: model.predict([ids, types, mask], verbose=0)
# again: model.fit([ids, types, mask], [start, end], verbose=0)
# %%
import numpy as np
import keras
from keras import layers

max_len = 8
rng = np.random.default_rng(0)
ids, types, mask = rng.integers(0, 20, (3, max_len)), rng.integers(0, 2, (3, max_len)), np.ones((3, max_len), "int32")
start, end = np.array([0, 2, 1]), np.array([3, 4, 5])


def create_model():
    input_ids = layers.Input(shape=(max_len,), dtype="int32")
    token_type_ids = layers.Input(shape=(max_len,), dtype="int32")
    attention_mask = layers.Input(shape=(max_len,), dtype="int32")
    embedding = layers.Embedding(20, 4)(input_ids) + layers.Embedding(2, 4)(token_type_ids)
    embedding = embedding * keras.ops.expand_dims(keras.ops.cast(attention_mask, "float32"), -1)
    start_logits = layers.Dense(1, name="start_logit", use_bias=False)(embedding)
    start_logits = layers.Flatten()(start_logits)
    end_logits = layers.Dense(1, name="end_logit", use_bias=False)(embedding)
    end_logits = layers.Flatten()(end_logits)
    start_probs = layers.Activation(keras.activations.softmax)(start_logits)
    end_probs = layers.Activation(keras.activations.softmax)(end_logits)
    model = keras.Model(inputs=[input_ids, token_type_ids, attention_mask], outputs=[start_probs, end_probs])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=False)
    optimizer = keras.optimizers.Adam(learning_rate=5e-5)
    model.compile(optimizer=optimizer, loss=[loss, loss])
    return model


model = create_model()
model.fit([ids, types, mask], [start, end], epochs=1)
