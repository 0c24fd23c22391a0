# expected: whole
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(x, y, verbose=0)
# %%
import numpy as np
import keras

rng = np.random.default_rng(0)
x, y = rng.random((4, 6)).astype("float32"), rng.random((4, 2)).astype("float32")


class LoraLayer(keras.layers.Layer):
    def __init__(self, original_layer, rank=2, alpha=4, trainable=False, **kwargs):
        original_layer_config = original_layer.get_config()
        name = original_layer_config["name"]
        kwargs.pop("name", None)
        super().__init__(name=name, trainable=trainable, **kwargs)
        self.rank = rank
        self.alpha = alpha
        self._scale = alpha / rank
        self.original_layer = original_layer
        self.original_layer.trainable = False
        self.A = keras.layers.Dense(units=rank, use_bias=False, name="lora_A")
        self.B = keras.layers.Dense(
            units=original_layer.units, use_bias=False, kernel_initializer="zeros", name="lora_B"
        )

    def call(self, inputs):
        return self.original_layer(inputs) + self.B(self.A(inputs)) * self._scale


# %%
dense = keras.layers.Dense(4, activation="relu", name="query")
inputs = keras.Input((6,))
model = keras.Model(inputs, keras.layers.Dense(2)(LoraLayer(dense, trainable=True)(inputs)))
model.compile("adam", "mse")
model.fit(x, y, epochs=1)
