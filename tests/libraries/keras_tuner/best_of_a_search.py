# expected: whole
# needs: keras_tuner
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(x, y, verbose=0)
# %%
import keras
import keras_tuner
import numpy as np

rng = np.random.default_rng(0)
x = rng.random((8, 3)).astype("float32")
y = rng.random((8, 1)).astype("float32")


class HyperNet(keras_tuner.HyperModel):
    def build(self, hp):
        model = keras.Sequential(
            [
                keras.Input((3,)),
                keras.layers.Dense(hp.Int("units", 4, 8, step=4), activation="relu"),
                keras.layers.Dense(1),
            ]
        )
        model.compile(keras.optimizers.Adam(hp.Choice("rate", [1e-2, 1e-3])), "mse")
        return model


# %%
tuner = keras_tuner.RandomSearch(HyperNet(), "val_loss", max_trials=2, seed=1, directory="search", project_name="net")
tuner.search(x, y, validation_data=(x, y), verbose=0)
model = tuner.get_best_models()[0]
model.fit(x, y, verbose=0)
