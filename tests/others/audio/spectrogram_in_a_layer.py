# expected: whole
# model: model
# answer: model.predict(waves, verbose=0)
# again: model.fit(waves, labels, verbose=0)
# %%
import numpy as np
import tensorflow as tf
import keras

waves = np.random.default_rng(0).random((4, 512)).astype("float32")
labels = np.array([0, 1, 1, 0])


class LogMelSpectrogram(keras.layers.Layer):
    def __init__(self, sample_rate, fft_size, hop_size, n_mels, **kwargs):
        super().__init__(**kwargs)
        self.sample_rate = sample_rate
        self.fft_size = fft_size
        self.hop_size = hop_size
        self.n_mels = n_mels
        self.mel_filterbank = tf.signal.linear_to_mel_weight_matrix(
            num_mel_bins=n_mels,
            num_spectrogram_bins=fft_size // 2 + 1,
            sample_rate=sample_rate,
            lower_edge_hertz=0.0,
            upper_edge_hertz=sample_rate / 2,
        )

    def call(self, waveforms):
        spectrograms = tf.abs(tf.signal.stft(waveforms, self.fft_size, self.hop_size, pad_end=False))
        mel = tf.matmul(tf.square(spectrograms), self.mel_filterbank)
        return tf.expand_dims(tf.math.log(mel + 1e-6), 3)

    def get_config(self):
        config = {
            "sample_rate": self.sample_rate,
            "fft_size": self.fft_size,
            "hop_size": self.hop_size,
            "n_mels": self.n_mels,
        }
        config.update(super().get_config())
        return config


# %%
def ConvModel(n_classes, sample_rate=1000):
    inputs = keras.Input(shape=(512,))
    x = LogMelSpectrogram(sample_rate, 64, 32, 8)(inputs)
    x = keras.layers.LayerNormalization(axis=2, name="batch_norm")(x)
    x = keras.layers.Conv2D(4, 3, activation="relu", padding="same", name="conv2d")(x)
    x = keras.layers.GlobalMaxPooling2D()(x)
    return keras.Model(inputs, keras.layers.Dense(n_classes, activation="softmax", name="softmax")(x))


model = ConvModel(2)
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(waves, labels, epochs=1)
