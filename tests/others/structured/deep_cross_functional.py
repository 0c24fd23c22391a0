# expected: whole
# model: model
# answer: model.predict([numbers, ids], verbose=0)
# again: model.fit([numbers, ids], y, verbose=0)
# %%
import numpy as np
import keras
from keras import layers

rng = np.random.default_rng(0)
numbers, ids, y = rng.random((6, 3)).astype("float32"), rng.integers(0, 5, (6, 1)), rng.random((6, 1))


class Cross(layers.Layer):
    def __init__(self, projection_dim=None, diag_scale=0.0, **kwargs):
        super().__init__(**kwargs)
        self.projection_dim = projection_dim
        self.diag_scale = diag_scale

    def build(self, input_shape):
        x0_shape, x_shape = input_shape
        if self.projection_dim is not None:
            self._dense_u = layers.Dense(self.projection_dim, use_bias=False)
        self._dense_v = layers.Dense(x_shape[-1])

    def call(self, inputs):
        x0, x = inputs
        u = self._dense_u(x) if self.projection_dim is not None else x
        return x0 * (self._dense_v(u) + self.diag_scale * x) + x

    def get_config(self):
        return {**super().get_config(), "projection_dim": self.projection_dim, "diag_scale": self.diag_scale}


# %%
number, identity = keras.Input((3,)), keras.Input((1,), dtype="int64")
x0 = layers.Concatenate()([number, layers.Flatten()(layers.Embedding(5, 2)(identity))])
cross = x0
for _ in range(2):
    cross = Cross(projection_dim=2)([x0, cross])
deep = layers.Dense(4, activation="relu")(x0)
model = keras.Model([number, identity], layers.Dense(1)(layers.concatenate([cross, deep])))
model.compile(optimizer=keras.optimizers.Ftrl(0.01), loss="mse", metrics=[keras.metrics.RootMeanSquaredError()])
model.fit([numbers, ids], y, epochs=1)
