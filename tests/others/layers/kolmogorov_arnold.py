# expected: whole
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(x, y, verbose=0)
# %%
import numpy as np
import keras
from keras import ops

rng = np.random.default_rng(0)
x, y = rng.uniform(-1, 1, (8, 2)).astype("float32"), rng.random((8, 1)).astype("float32")


class KANLinear(keras.layers.Layer):
    def __init__(self, units, grid_size=3, spline_order=2, grid_range=(-1, 1), base_activation=ops.silu):
        super().__init__()
        self.units = units
        self.grid_size = grid_size
        self.spline_order = spline_order
        self.grid_range = grid_range
        self.base_activation = base_activation
        h = (grid_range[1] - grid_range[0]) / grid_size
        self.grid = np.arange(-spline_order, grid_size + spline_order + 1, dtype="float32") * h + grid_range[0]

    def build(self, input_shape):
        n = input_shape[-1]
        self.base_weight = self.add_weight(shape=(n, self.units), initializer="he_uniform")
        self.spline_weight = self.add_weight(
            shape=(n, self.grid_size + self.spline_order, self.units),
            initializer=keras.initializers.RandomNormal(stddev=0.1),
        )
        self.scaler = self.add_weight(shape=(n, self.units), initializer="ones")

    def b_splines(self, x):
        x, g = ops.expand_dims(x, -1), self.grid
        bases = ops.cast(ops.logical_and(x >= g[:-1], x < g[1:]), "float32")
        for k in range(1, self.spline_order + 1):
            left = (x - g[: -(k + 1)]) / (g[k:-1] - g[: -(k + 1)]) * bases[..., :-1]
            right = (g[k + 1 :] - x) / (g[k + 1 :] - g[1:-k]) * bases[..., 1:]
            bases = left + right
        return bases

    def call(self, x):
        base = ops.matmul(self.base_activation(x), self.base_weight)
        weight = self.spline_weight * ops.expand_dims(self.scaler, 1)
        return base + ops.einsum("big,igo->bo", self.b_splines(x), weight)


# %%
class KAN(keras.Model):
    def __init__(self, layers_hidden):
        super().__init__()
        self.kan_layers = [KANLinear(n) for n in layers_hidden]

    def call(self, x):
        for layer in self.kan_layers:
            x = layer(x)
        return x


model = KAN([4, 1])
model.compile("adam", "mse")
model.fit(x, y, epochs=2)
