# expected: whole
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(x, y, verbose=0)
# %%
import numpy as np
import keras
from keras import layers

x, y = np.random.default_rng(0).random((4, 8, 8, 3)).astype("float32"), np.zeros((4, 1), "float32")
model = keras.Sequential(
    [
        keras.Input((8, 8, 3)),
        layers.SpectralNormalization(layers.Conv2D(4, 3)),
        layers.GroupNormalization(groups=2),
        layers.PReLU(shared_axes=[1, 2]),
        layers.DepthwiseConv2D(3),
        layers.GlobalAveragePooling2D(),
        layers.RMSNormalization(),
        layers.Dense(1),
    ]
)
model.compile("adam", "mse")
model.fit(x, y, epochs=1)
