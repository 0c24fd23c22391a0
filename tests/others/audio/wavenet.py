# expected: whole
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(x, x, verbose=0)
# %%
import numpy as np
import keras
from keras import layers

x = np.random.default_rng(0).random((2, 32, 1)).astype("float32")


def gated(x, dilation):
    tanh = layers.Conv1D(4, 2, dilation_rate=dilation, padding="causal", activation="tanh")(x)
    sigm = layers.Conv1D(4, 2, dilation_rate=dilation, padding="causal", activation="sigmoid")(x)
    z = layers.Multiply()([tanh, sigm])
    skip = layers.Conv1D(4, 1)(z)
    return layers.Add()([skip, x]), skip


inputs = keras.Input((None, 1))
z = layers.Conv1D(4, 2, padding="causal")(inputs)
skips = []
for dilation in (1, 2, 4):
    z, skip = gated(z, dilation)
    skips.append(skip)
z = layers.Activation("relu")(layers.Add()(skips))
model = keras.Model(inputs, layers.Conv1D(1, 1)(z))

# %%
model.compile(optimizer=keras.optimizers.Adam(1e-3, clipnorm=1.0), loss=keras.losses.Huber())
model.fit(x, x, epochs=1)
