# expected: refused: a pipeline of scikit-learn is no model
# needs: scikeras sklearn
# model: pipeline
# answer: pipeline.predict_proba(x)
# %%
import keras
import numpy as np
from scikeras.wrappers import KerasClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

rng = np.random.default_rng(0)
x = rng.random((8, 3)).astype("float32")
y = np.array(["no", "yes"] * 4)


def make_model(meta, hidden=4):
    return keras.Sequential(
        [keras.Input((meta["n_features_in_"],)), keras.layers.Dense(hidden, "relu"), keras.layers.Dense(1, "sigmoid")]
    )


# %%
pipeline = make_pipeline(
    StandardScaler(),
    KerasClassifier(make_model, hidden=5, loss="binary_crossentropy", optimizer="adam", epochs=2, verbose=0),
)
pipeline.fit(x, y)
