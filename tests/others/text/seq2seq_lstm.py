# expected: whole
# model: model
# answer: model.predict([source, shifted], verbose=0)
# again: model.fit([source, shifted], target, verbose=0)
# %%
import numpy as np
import keras

num_encoder_tokens, num_decoder_tokens, latent_dim = 5, 6, 4
rng = np.random.default_rng(0)
source = rng.random((4, 3, num_encoder_tokens)).astype("float32")
shifted = rng.random((4, 4, num_decoder_tokens)).astype("float32")
target = keras.utils.to_categorical(rng.integers(0, num_decoder_tokens, (4, 4)), num_decoder_tokens)
encoder_inputs = keras.Input(shape=(None, num_encoder_tokens))
encoder = keras.layers.LSTM(latent_dim, return_state=True)
encoder_outputs, state_h, state_c = encoder(encoder_inputs)
encoder_states = [state_h, state_c]
decoder_inputs = keras.Input(shape=(None, num_decoder_tokens))
decoder_lstm = keras.layers.LSTM(latent_dim, return_sequences=True, return_state=True)
decoder_outputs, _, _ = decoder_lstm(decoder_inputs, initial_state=encoder_states)
decoder_dense = keras.layers.Dense(num_decoder_tokens, activation="softmax")
decoder_outputs = decoder_dense(decoder_outputs)
model = keras.Model([encoder_inputs, decoder_inputs], decoder_outputs)

# %%
model.compile(optimizer="rmsprop", loss="categorical_crossentropy", metrics=["accuracy"])
model.fit([source, shifted], target, batch_size=4, epochs=1, validation_split=0.2)
