"""The three examples that people paste, in a real kernel of a Colab that has Drive: each saved and loaded by one line.

A plain Keras model to a path without suffix, which Keras 3 refuses; the same as SavedModel with inference after
loading; a custom layer that is defined in a cell, with signatures.
"""

from __future__ import annotations

import pytest

from tests.fake_colab.fixtures import colab_at_content  # noqa: F401 - a fixture
from tests.kernels import started

# jupyter_client 7.4.9, which Colab pins, is older than its Python; our own code runs in the kernel's process.
pytestmark = [pytest.mark.tensorflow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

START = """
import google.colab
import numpy as np
import tensorflow as tf
from tensorflow import keras
%load_ext colab_save
x, y = np.random.rand(16, 4).astype("float32"), np.random.rand(16, 1)
model = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1)])
model.compile(optimizer="adam", loss="mse", metrics=["mae"])
model.fit(x, y, verbose=0)
"""

PLAIN = """
%savemodel model /content/drive/MyDrive/my_keras_model
loaded_model = %loadmodel /content/drive/MyDrive/my_keras_model
print("equal", np.allclose(model.predict(x, verbose=0), loaded_model.predict(x, verbose=0)))
print("goes on", bool(loaded_model.fit(x, y, verbose=0)))
"""

SAVED_MODEL = """
%savemodel model /content/drive/MyDrive/my_saved_model --format saved_model
loaded = %loadmodel /content/drive/MyDrive/my_saved_model
infer = loaded.signatures["serving_default"]
print("equal", np.allclose(model.predict(x, verbose=0), infer(tf.constant(x))["output_0"]))
print("equal", np.allclose(model.predict(x, verbose=0), loaded.predict(x)))
"""

CUSTOM = """
class MyDense(keras.layers.Layer):
    def __init__(self, units=2, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        self.w = self.add_weight(shape=(input_shape[-1], self.units), initializer="random_normal", name="w")

    def call(self, inputs):
        return tf.matmul(inputs, self.w)

    def get_config(self):
        return {**super().get_config(), "units": self.units}

custom = keras.Sequential([keras.Input((4,)), MyDense(3), keras.layers.Dense(1)])

@tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32, name="x")])
def score(x):
    return {"score": custom(x)}

%savemodel custom /content/drive/MyDrive/served --format saved_model --option signatures={'score': score}
served = %loadmodel /content/drive/MyDrive/served
print("equal", np.allclose(custom(x), served.signatures["score"](x=tf.constant(x))["score"]))
%savemodel custom cats
again = %loadmodel cats
print("equal", np.allclose(custom(x), again(x)))
"""


@pytest.fixture(scope="module")
def kernel(colab_at_content, tmp_path_factory):  # noqa: F811
    """A kernel in which the model of the examples has been trained."""
    with started(tmp_path_factory.mktemp("notebook"), colab_at_content.environment) as kernel:
        assert "ok" == kernel.run(START).status
        yield kernel


@pytest.mark.parametrize(
    ("example", "saves", "equals", "place"),
    [
        (PLAIN, 1, 1, "my_keras_model.keras"),
        (SAVED_MODEL, 1, 2, "my_saved_model/saved_model.pb"),
        (CUSTOM, 2, 2, "served/saved_model.pb"),
    ],
    ids=["plain", "saved_model", "custom layer"],
)
def test_the_example_is_saved_and_loaded_by_one_line_each(colab_at_content, kernel, example, saves, equals, place):  # noqa: F811
    told = kernel.run(example).text
    assert saves == told.count("saved, and proven by a fresh process"), told
    assert saves == told.count("loaded, and proven: equal to what was saved"), told
    assert (equals, 0) == (told.count("equal True"), told.count("equal False")), told
    assert (colab_at_content.mountpoint / "MyDrive" / place).is_file()
