# expected: whole
# needs: autokeras
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(x, y, verbose=0)
# %%
import autokeras
import keras
import numpy as np

rng = np.random.default_rng(0)
x = rng.random((8, 3)).astype("float32")
y = rng.random((8, 1)).astype("float32")


# %%
inputs = autokeras.Input(shape=(3,))
hidden = autokeras.DenseBlock(num_layers=1, num_units=32, use_batchnorm=True, dropout=0.0)(
    autokeras.Normalization()(inputs)
)
search = autokeras.AutoModel(
    inputs, autokeras.RegressionHead()(hidden), max_trials=1, overwrite=True, directory="found"
)
search.fit(x, y, epochs=1, verbose=0, validation_data=(x, y))
model = search.export_model()
