# expected: whole
# model: ensemble
# answer: ensemble.predict(x, verbose=0)
# again: ensemble.fit(x, y, verbose=0)
# %%
import numpy as np
import keras
from keras import layers

x = np.random.default_rng(0).random((8, 5))
y = np.arange(8) % 2
models = []
for seed in range(3):
    keras.utils.set_random_seed(seed)
    m = keras.Sequential([layers.Input((5,)), layers.Dense(4, "relu"), layers.Dense(1, "sigmoid")])
    m.compile("adam", "binary_crossentropy")
    m.fit(x, y, epochs=1, verbose=0)
    m.trainable = seed > 0
    models.append(m)

# %%
inp = keras.Input((5,))
ensemble = keras.Model(inp, layers.Average()([m(inp) for m in models]), name="my_ensemble.v1")
ensemble.compile(optimizer="nadam", loss="bce", metrics=["AUC"])
ensemble.fit(x, y, epochs=1, verbose=0)
