# expected: whole
# model: model
# answer: model.predict(tokens, verbose=0)
# again: model.fit(tokens, y, verbose=0)
# %%
import numpy as np
import keras
from keras import layers

tokens = keras.utils.pad_sequences([[1, 2, 3], [4, 5], [6]], maxlen=4, padding="post")
y = np.zeros((3, 1))
inputs = keras.Input((None,), dtype="int32")
x = layers.Embedding(8, 4, mask_zero=True)(inputs)
x = layers.Masking()(x)
attended = layers.GroupQueryAttention(head_dim=2, num_query_heads=4, num_key_value_heads=2)(x, x, use_causal_mask=True)
x = layers.Attention(use_scale=True, score_mode="dot")([x, attended])
x = layers.GRU(3)(layers.AdditiveAttention()([x, x]))
model = keras.Model(inputs, layers.Dense(1)(x))
model.compile("adam", "mse")
model.fit(tokens, y, epochs=1)
