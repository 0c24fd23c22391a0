# expected: whole
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(x, y, verbose=0)
# random: dropout
# %%
import numpy as np
import keras
from keras import layers
from keras import ops

x, y = np.random.default_rng(0).random((4, 6)).astype("float32"), np.arange(4) % 3


class Antirectifier(layers.Layer):
    def __init__(self, initializer="he_normal", **kwargs):
        super().__init__(**kwargs)
        self.initializer = keras.initializers.get(initializer)

    def build(self, input_shape):
        output_dim = input_shape[-1]
        self.kernel = self.add_weight(
            shape=(output_dim * 2, output_dim), initializer=self.initializer, name="kernel", trainable=True
        )

    def call(self, inputs):
        inputs -= ops.mean(inputs, axis=-1, keepdims=True)
        pos = ops.relu(inputs)
        neg = ops.relu(-inputs)
        concatenated = ops.concatenate([pos, neg], axis=-1)
        return ops.matmul(concatenated, self.kernel)

    def get_config(self):
        base_config = super().get_config()
        config = {"initializer": keras.initializers.serialize(self.initializer)}
        return dict(list(base_config.items()) + list(config.items()))


# %%
model = keras.Sequential(
    [
        keras.Input(shape=(6,)),
        layers.Dense(6),
        Antirectifier(),
        layers.Dense(6),
        Antirectifier(),
        layers.Dropout(0.5),
        layers.Dense(3),
    ]
)
model.compile(
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    optimizer=keras.optimizers.RMSprop(),
    metrics=["sparse_categorical_accuracy"],
)
model.fit(x, y, batch_size=4, epochs=1)
