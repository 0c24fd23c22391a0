# expected: whole
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(x, y.reshape(-1, 1), verbose=0)
# %%
import numpy as np
import keras
from keras import ops

x, y = np.random.default_rng(0).random((6, 4)).astype("float32"), np.arange(6) % 3


class CategoricalTruePositives(keras.metrics.Metric):
    def __init__(self, name="categorical_true_positives", **kwargs):
        super().__init__(name=name, **kwargs)
        self.true_positives = self.add_variable(shape=(), name="ctp", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_pred = ops.reshape(ops.argmax(y_pred, axis=1), (-1, 1))
        values = ops.cast(y_true, "int32") == ops.cast(y_pred, "int32")
        self.true_positives.assign_add(ops.sum(ops.cast(values, "float32")))

    def result(self):
        return self.true_positives.value

    def reset_state(self):
        self.true_positives.assign(0.0)


class WeightedBinaryCrossEntropy(keras.losses.Loss):
    def __init__(self, pos_weight, name="weighted"):
        super().__init__(name=name)
        self.pos_weight = pos_weight

    def call(self, y_true, y_pred):
        return keras.losses.sparse_categorical_crossentropy(y_true, y_pred) * self.pos_weight


# %%
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
model.compile(
    optimizer=keras.optimizers.RMSprop(1e-3), loss=WeightedBinaryCrossEntropy(0.5), metrics=[CategoricalTruePositives()]
)
model.fit(x, y.reshape(-1, 1), epochs=1)
