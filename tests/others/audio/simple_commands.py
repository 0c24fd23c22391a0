# expected: whole
# model: export
# answer: export(waves)
# %%
import numpy as np
import tensorflow as tf
from tensorflow.keras import layers
from tensorflow.keras import models

waves = tf.constant(np.random.default_rng(0).random((2, 1024)), tf.float32)
label_names = np.array(["no", "yes"])


def get_spectrogram(waveform):
    spectrogram = tf.signal.stft(waveform, frame_length=255, frame_step=128)
    spectrogram = tf.abs(spectrogram)
    return spectrogram[..., tf.newaxis]


spectrograms = get_spectrogram(waves)
norm_layer = layers.Normalization()
norm_layer.adapt(data=spectrograms)
model = models.Sequential(
    [
        layers.Input(shape=spectrograms.shape[1:]),
        layers.Resizing(8, 8),
        norm_layer,
        layers.Conv2D(4, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Dropout(0.25),
        layers.Flatten(),
        layers.Dense(2),
    ]
)
model.compile(
    optimizer=tf.keras.optimizers.Adam(),
    loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
model.fit(spectrograms, np.array([0, 1]), epochs=1)


# %%
class ExportModel(tf.Module):
    def __init__(self, model):
        self.model = model
        self.__call__.get_concrete_function(x=tf.TensorSpec(shape=[None, 1024], dtype=tf.float32))

    @tf.function
    def __call__(self, x):
        x = get_spectrogram(x)
        result = self.model(x, training=False)
        class_ids = tf.argmax(result, axis=-1)
        class_names = tf.gather(label_names, class_ids)
        return {"predictions": result, "class_ids": class_ids, "class_names": class_names}


export = ExportModel(model)
export(waves)
