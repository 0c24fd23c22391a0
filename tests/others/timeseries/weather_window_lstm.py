# expected: whole
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(dataset, verbose=0)
# %%
import numpy as np
import keras

series = np.random.default_rng(0).random((40, 3)).astype("float32")
dataset = keras.preprocessing.timeseries_dataset_from_array(series[:-5], series[5:, 0], sequence_length=6, batch_size=8)
for batch in dataset.take(1):
    x, targets = batch
inputs = keras.layers.Input(shape=(x.shape[1], x.shape[2]))
lstm_out = keras.layers.LSTM(4)(inputs)
outputs = keras.layers.Dense(1)(lstm_out)
model = keras.Model(inputs=inputs, outputs=outputs)
model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.01), loss="mse")

# %%
modelckpt_callback = keras.callbacks.ModelCheckpoint(
    monitor="val_loss", filepath="model_checkpoint.weights.h5", verbose=1, save_weights_only=True, save_best_only=True
)
history = model.fit(dataset, epochs=1, validation_data=dataset, callbacks=[modelckpt_callback])
