# expected: whole
# model: model
# answer: model.predict(ffts, verbose=0)
# again: model.fit(ffts, labels, verbose=0)
# %%
import numpy as np
import tensorflow as tf
import keras

SAMPLING_RATE = 64
audios = np.random.default_rng(0).random((4, SAMPLING_RATE, 1)).astype("float32")
labels = np.array([0, 1, 2, 0])


def audio_to_fft(audio):
    audio = tf.squeeze(audio, axis=-1)
    fft = tf.signal.fft(tf.cast(tf.complex(real=audio, imag=tf.zeros_like(audio)), tf.complex64))
    fft = tf.expand_dims(fft, axis=-1)
    return tf.math.abs(fft[:, : (audio.shape[1] // 2), :])


def residual_block(x, filters, conv_num=3, activation="relu"):
    s = keras.layers.Conv1D(filters, 1, padding="same")(x)
    for i in range(conv_num - 1):
        x = keras.layers.Conv1D(filters, 3, padding="same")(x)
        x = keras.layers.Activation(activation)(x)
    x = keras.layers.Conv1D(filters, 3, padding="same")(x)
    x = keras.layers.Add()([x, s])
    x = keras.layers.Activation(activation)(x)
    return keras.layers.MaxPool1D(pool_size=2, strides=2)(x)


# %%
def build_model(input_shape, num_classes):
    inputs = keras.layers.Input(shape=input_shape, name="input")
    x = residual_block(inputs, 4, 2)
    x = residual_block(x, 4, 2)
    x = keras.layers.AveragePooling1D(pool_size=3, strides=3)(x)
    x = keras.layers.Flatten()(x)
    x = keras.layers.Dense(8, activation="relu")(x)
    outputs = keras.layers.Dense(num_classes, activation="softmax", name="output")(x)
    return keras.models.Model(inputs=inputs, outputs=outputs)


ffts = audio_to_fft(audios)
model = build_model((SAMPLING_RATE // 2, 1), 3)
model.compile(optimizer="Adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
mdlcheckpoint_cb = keras.callbacks.ModelCheckpoint("model.keras", monitor="val_accuracy", save_best_only=True)
model.fit(ffts, labels, epochs=1, validation_data=(ffts, labels), callbacks=[mdlcheckpoint_cb])
