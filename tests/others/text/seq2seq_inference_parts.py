# expected: whole
# model: decoder_model
# answer: decoder_model.predict([token, state, state], verbose=0)
# %%
import numpy as np
import keras

latent_dim = 4
rng = np.random.default_rng(0)
encoder_inputs = keras.Input(shape=(None, 5))
encoder_outputs, state_h_enc, state_c_enc = keras.layers.LSTM(latent_dim, return_state=True)(encoder_inputs)
decoder_inputs = keras.Input(shape=(None, 6))
decoder_lstm = keras.layers.LSTM(latent_dim, return_sequences=True, return_state=True)
decoder_outputs, _, _ = decoder_lstm(decoder_inputs, initial_state=[state_h_enc, state_c_enc])
model = keras.Model([encoder_inputs, decoder_inputs], keras.layers.Dense(6, activation="softmax")(decoder_outputs))
model.compile(optimizer="rmsprop", loss="categorical_crossentropy")
model.fit([rng.random((4, 3, 5)), rng.random((4, 4, 6))], rng.random((4, 4, 6)), epochs=1)

# %%
encoder_model = keras.Model(model.input[0], model.layers[2].output[1:])
decoder_inputs = model.input[1]
decoder_state_input_h = keras.Input(shape=(latent_dim,))
decoder_state_input_c = keras.Input(shape=(latent_dim,))
decoder_states_inputs = [decoder_state_input_h, decoder_state_input_c]
decoder_lstm = model.layers[3]
decoder_outputs, state_h_dec, state_c_dec = decoder_lstm(decoder_inputs, initial_state=decoder_states_inputs)
decoder_dense = model.layers[4]
decoder_outputs = decoder_dense(decoder_outputs)
decoder_model = keras.Model([decoder_inputs] + decoder_states_inputs, [decoder_outputs] + [state_h_dec, state_c_dec])
token, state = np.ones((2, 1, 6), "float32"), np.zeros((2, latent_dim), "float32")
