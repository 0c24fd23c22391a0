"""Samples that a real notebook holds: they are found by the save line, and a true loss still fails on them."""

from __future__ import annotations

import pytest

from tests.kernels import started

pytestmark = [
    pytest.mark.tensorflow,
    pytest.mark.outside,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # of jupyter_client 7.4.9, which Colab pins
]

DEFINE = """
%load_ext colab_save
import os, keras, numpy as np, tensorflow as tf
HERE = os.getpid()
class Degrees(keras.layers.Layer):
    "It accepts temperatures in Kelvin only, as the notebook has them."
    def call(self, inputs):
        tf.debugging.assert_greater(inputs, 200.0)
        return (inputs - 273.0) / 100.0
class Forgetful(Degrees):
    "It answers with another constant in another process."
    def call(self, inputs):
        return super().call(inputs) * (1.0 + (os.getpid() != HERE))
weather = np.linspace(250, 310, 30).reshape(10, 3).astype("float32")
def made(layer):
    return keras.Sequential([keras.Input((3,)), layer, keras.layers.Dense(1)])
"""

CELLS = (
    DEFINE,
    "model = made(Degrees()); model.compile('adam', 'mse')",
    "%%time\nhistory = model.fit(weather, weather[:, 0], verbose=0)",
    "%savemodel model warm",
    "forgetful = made(Forgetful()); forgetful(weather); None",
    "%savemodel forgetful --format keras",
    "import colab_save\nstr(colab_save.save_model(model, 'again'))",
)


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    with started(tmp_path_factory.mktemp("kernel")) as kernel:
        return [kernel.run(text) for text in CELLS]


def test_the_argument_of_fit_proves_the_model(cells):
    text = cells[3].shown["text/plain"]
    assert text.startswith("PASSED  warm@")
    assert "The sample was found in the notebook: weather in model.fit()." in text


def test_a_changed_constant_still_fails_on_it(cells):
    [error] = cells[5].errors
    assert "RoundTripError" == error["ename"]
    assert "outputs" in error["evalue"]


def test_save_model_finds_it_too(cells):
    assert "weather in model.fit()" in cells[6].shown["text/plain"]
