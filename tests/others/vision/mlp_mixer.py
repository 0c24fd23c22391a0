# expected: whole
# model: mixer
# answer: mixer.predict(x, verbose=0)
# again: mixer.fit(x, y, verbose=0)
# random: dropout
# %%
import numpy as np
import keras
from keras import layers

x = np.random.default_rng(0).random((4, 9, 6)).astype("float32")
y = np.array([0, 1, 2, 0])


class MLPMixerLayer(layers.Layer):
    def __init__(self, num_patches, hidden_units, dropout_rate, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.mlp1 = keras.Sequential(
            [
                layers.Dense(units=num_patches, activation="gelu"),
                layers.Dense(units=num_patches),
                layers.Dropout(rate=dropout_rate),
            ]
        )
        self.mlp2 = keras.Sequential(
            [
                layers.Dense(units=num_patches, activation="gelu"),
                layers.Dense(units=hidden_units),
                layers.Dropout(rate=dropout_rate),
            ]
        )
        self.normalize = layers.LayerNormalization(epsilon=1e-6)

    def build(self, input_shape):
        return super().build(input_shape)

    def call(self, inputs):
        x = self.normalize(inputs)
        x_channels = keras.ops.transpose(x, axes=(0, 2, 1))
        mlp1_outputs = self.mlp1(x_channels)
        mlp1_outputs = keras.ops.transpose(mlp1_outputs, axes=(0, 2, 1))
        x = mlp1_outputs + inputs
        x_patches = self.normalize(x)
        mlp2_outputs = self.mlp2(x_patches)
        return x + mlp2_outputs


# %%
blocks = keras.Sequential([MLPMixerLayer(9, 6, 0.2) for _ in range(2)])
inputs = layers.Input(shape=(9, 6))
features = layers.GlobalAveragePooling1D()(blocks(inputs))
mixer = keras.Model(inputs=inputs, outputs=layers.Dense(3)(features))
mixer.compile(
    optimizer=keras.optimizers.AdamW(learning_rate=0.005, weight_decay=0.0001),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=[keras.metrics.SparseCategoricalAccuracy(name="acc")],
)
mixer.fit(x, y, epochs=1)
