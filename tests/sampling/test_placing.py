"""Where layers compute: in a process of its own, whose CPU counts as two devices."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from colab_save.artifact.sample import Sample

pytestmark = pytest.mark.tensorflow

TWO_DEVICES = """
import json
import keras, numpy as np, tensorflow as tf
from colab_save.sampling.running import run_keras
from colab_save.sampling.sampling import take_sample

[device] = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(device, [tf.config.LogicalDeviceConfiguration() for _ in range(2)])


class Placed(keras.layers.Layer):
    '''It stays on the other device whatever it is asked, as an operation does that has no kernel for the CPU.'''

    def call(self, inputs):
        with tf.device("CPU:1"):
            return tf.identity(inputs * 2)


def of(*layers):
    return keras.Sequential([keras.Input((4,)), *layers, keras.layers.Dense(2)])


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense, self.inner = keras.layers.Dense(4), of(Placed(name="far"))

    def call(self, inputs):
        return self.inner(self.dense(inputs))


MODELS = {
    "nothing": of(keras.layers.Dense(3)),
    "a layer": of(Placed(name="far"), keras.layers.Dense(3)),
    "a layer of a model in it": of(of(Placed(name="far"))),
    "a layer of a subclassed model": Subclassed(),
    "the last layer": keras.Sequential([keras.Input((4,)), keras.layers.Dense(4), Placed(name="far")]),
}
for name, model in MODELS.items():
    model(np.ones((2, 4), "float32"))
    print(json.dumps([name, take_sample(model, None, run_keras).elsewhere]))
"""


@pytest.fixture(scope="module")
def elsewhere():
    """The noted devices by layer, of each model."""
    run = subprocess.run([sys.executable, "-c", TWO_DEVICES], capture_output=True, text=True, check=True)
    return dict(json.loads(line) for line in run.stdout.splitlines() if line.startswith("["))


@pytest.mark.parametrize(
    ("model", "layer"),
    [
        ("a layer", "far"),
        ("a layer of a model in it", "sequential/far"),
        ("a layer of a subclassed model", "inner/far"),
        ("the last layer", "far"),
    ],
)
def test_a_layer_that_stays_on_another_device_is_noted(elsewhere, model, layer):
    assert {layer: "CPU:1"} == elsewhere[model]


def test_nothing_is_noted_of_a_model_that_runs_where_it_is_asked_to(elsewhere):
    assert {} == elsewhere["nothing"]


def test_the_note_names_the_layers_and_the_device():
    sample = Sample(None, None, None, elsewhere=dict.fromkeys(("lstm", "gru", "a", "b"), "GPU:0"))
    told = (
        "Computed on GPU:0, since no CPU can compute it: lstm, gru, a and 1 more. A difference there may be rounding."
    )
    assert (told,) == sample.notes
