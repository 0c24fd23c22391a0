# expected: whole
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(x, y, verbose=0)
# %%
import numpy as np
import keras
from keras import ops
from keras.optimizers import RMSprop

x, y = np.random.default_rng(0).random((4, 6)).astype("float32"), np.array([0, 1, 1, 0])


class GCRMSprop(RMSprop):
    def get_gradients(self, loss, params):
        return super().get_gradients(loss, params)

    def apply(self, grads, trainable_variables=None):
        centred = [
            g - ops.mean(g, axis=list(range(len(g.shape) - 1)), keepdims=True) if len(g.shape) > 1 else g for g in grads
        ]
        return super().apply(centred, trainable_variables)


optimizer = GCRMSprop(learning_rate=1e-4)
model = keras.Sequential(
    [keras.Input((6,)), keras.layers.Dense(4, activation="relu"), keras.layers.Dense(1, activation="sigmoid")]
)

# %%
model.compile(loss="binary_crossentropy", optimizer=optimizer, metrics=["accuracy"])
history = model.fit(x, y, epochs=1, verbose=1)
