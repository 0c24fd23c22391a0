# expected: whole
# needs: hgq
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(x, y, verbose=0)
# %%
import keras
import numpy as np
from hgq.config import LayerConfigScope, QuantizerConfigScope
from hgq.layers import QDense

rng = np.random.default_rng(0)
x = rng.random((8, 3)).astype("float32")
y = rng.random((8, 1)).astype("float32")


# %%
with QuantizerConfigScope(place="all", default_q_type="kbi"), LayerConfigScope(enable_ebops=True, beta0=1e-5):
    model = keras.Sequential([keras.Input((3,)), QDense(4, activation="relu"), QDense(1)])
model.compile("adam", "mse")
model.fit(x, y, verbose=0)
