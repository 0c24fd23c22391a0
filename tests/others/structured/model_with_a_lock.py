# expected: whole
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(x, y, verbose=0)
# %%
import threading
from dataclasses import dataclass

import keras
import numpy as np

x = np.random.default_rng(0).random((8, 4)).astype("float32")
y = np.ones((8, 2), "float32")


@dataclass
class Sizes:
    hidden: int
    scale: float = 2.0


class Counted(keras.Model):
    def __init__(self, sizes, outputs, scales):
        super().__init__()
        self.lock = threading.Lock()
        self.calls = 0
        self.hidden = keras.layers.Dense(sizes.hidden, activation="relu")
        self.top = keras.layers.Dense(outputs)
        self.scales = scales * sizes.scale

    def call(self, inputs):
        with self.lock:
            self.calls += 1
        return self.top(self.hidden(inputs)) * self.scales


# %%
model = Counted(Sizes(6), 2, scales=np.array([1.0, 3.0], "float32"))
model.compile("adam", "mse")
model.fit(x, y, verbose=0)
