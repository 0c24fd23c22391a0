# expected: whole
# model: nmt
# answer: nmt.predict([enc, dec], verbose=0)
# again: nmt.fit([enc, dec], tgt, verbose=0)
# %%
import numpy as np
import tensorflow as tf
from tensorflow.keras.layers import (
    Input,
    LSTM,
    Dense,
    Embedding,
    Attention,
    Concatenate,
    TimeDistributed,
    Bidirectional,
    Dot,
    Activation,
)
from tensorflow.keras.models import Model

rng = np.random.default_rng(0)
enc, dec, tgt = (rng.integers(1, 20, (6, 7)) for _ in range(3))
# %%
encoder_inputs = Input(shape=(None,))
enc_emb = Embedding(20, 8, mask_zero=True)(encoder_inputs)
encoder_outputs, fh, fc, bh, bc = Bidirectional(LSTM(4, return_sequences=True, return_state=True))(enc_emb)
state_h, state_c = Concatenate()([fh, bh]), Concatenate()([fc, bc])
decoder_inputs = Input(shape=(None,))
dec_emb = Embedding(20, 8, mask_zero=True)(decoder_inputs)
decoder_outputs, _, _ = LSTM(8, return_sequences=True, return_state=True)(dec_emb, initial_state=[state_h, state_c])
score = Dot(axes=[2, 2])([decoder_outputs, encoder_outputs])
context = Dot(axes=[2, 1])([Activation("softmax", name="attention")(score), encoder_outputs])
out = TimeDistributed(Dense(20, activation="softmax"))(Concatenate()([context, decoder_outputs]))
nmt = Model([encoder_inputs, decoder_inputs], out)
nmt.compile(optimizer="rmsprop", loss="sparse_categorical_crossentropy")
nmt.fit([enc, dec], tgt, epochs=1)
