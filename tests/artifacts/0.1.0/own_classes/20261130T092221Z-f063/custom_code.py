"""The custom code of a Keras model, captured by colab_save when the model was saved.

To open the model without colab_save, beside this file:
    keras.saving.load_model('model.keras', custom_objects=custom_code.CUSTOM_OBJECTS)

It imports: keras==3.13.2
"""

from __future__ import annotations

import keras

HALF = 0.5


def halved(inputs):
    return inputs * HALF


class Scale(keras.layers.Layer):
    """A weight and an argument of its own, and a helper."""

    def __init__(self, factor=1.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def build(self, shape):
        self.gain = self.add_weight(name="gain", shape=(shape[-1],), initializer="ones")

    def call(self, inputs):
        return halved(inputs) * self.gain * self.factor

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


class Classifier(keras.Model):
    """Subclassed, with a list, an argument and a layer of the notebook."""

    def __init__(self, units=3, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.blocks = [keras.layers.Dense(units, activation="relu"), Scale(3.0)]
        self.head = keras.layers.Dense(2)

    def call(self, inputs, training=False):
        for block in self.blocks:
            inputs = block(inputs)
        return self.head(inputs)

    def get_config(self):
        return {**super().get_config(), "units": self.units}


def distance(y_true, y_pred):
    return keras.ops.mean(keras.ops.abs(y_true - y_pred), axis=-1)


CUSTOM_OBJECTS = {
    'Classifier': Classifier,
    'Scale': Scale,
    'distance': distance,
}
