"""Models trained under a strategy that mirrors their variables, saved from inside and outside it, and loaded into it.

Logical devices must be set before TensorFlow starts, so each Keras has a process of its own; it prints what it found.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.tensorflow

PROGRAM = """
import dataclasses, json, sys
import numpy as np, tensorflow as tf

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
keras = __import__(sys.argv[1])

from colab_save import load_model, save_model
from colab_save.model.examining import examine
from colab_save.proof.comparing import compare

strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
x, y = np.random.rand(16, 4).astype("float32"), np.random.rand(16, 1).astype("float32")

def values(model):
    optimizer = model.optimizer.variables
    variables = [*model.variables, *(optimizer() if callable(optimizer) else optimizer)]
    return [np.asarray(tf.convert_to_tensor(item)) for item in variables]

def primary(variable):
    raw = getattr(variable, "_value", variable)
    return np.asarray(raw.values[0]) if raw.synchronization != tf.VariableSynchronization.ON_READ else None

def steps(model):
    return int(np.asarray(tf.convert_to_tensor(model.optimizer.iterations)))

def fit(model):
    model.fit(x, y, batch_size=4, verbose=0)

def equal(model, other):
    return all(np.array_equal(one, two) for one, two in zip(values(model), values(other), strict=True))

with strategy.scope():
    layers = keras.layers
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.BatchNormalization(), layers.Dense(1)])
    model.compile("adam", "mse", metrics=["mae"])
fit(model)
before = values(model)
outside = save_model(model, "outside")
with strategy.scope():
    inside = save_model(model, "inside")
    mirrored = load_model("outside")
plain = load_model("inside")
known, facts = [primary(item) for item in model.weights], examine(model)
found = {
    "formats": [report.manifest.payloads[0].format for report in (outside, inside)],
    "outcomes": [str(report.manifest.outcome.name) for report in (outside, inside)],
    "the live model is unchanged": all(map(np.array_equal, before, values(model))),
    "the primary replica": all(one is None or np.array_equal(one, two) for one, two in zip(known, values(model))),
    "loaded into the scope": equal(model, mirrored),
    "mirrored again": type(getattr(mirrored.weights[0], "_value", mirrored.weights[0])).__name__,
    "loaded outside": equal(model, plain),
    "steps": [steps(item) for item in (model, mirrored, plain)],
    "remarks": dict(facts.remarks),
}
for item in (mirrored, plain, model):
    fit(item)
found["steps after more training"] = [steps(item) for item in (model, mirrored, plain)]

slot = next(item for item in facts.optimizer if "kernel" in item.path or item.shape == (4, 3))
lost = dataclasses.replace(facts, optimizer=tuple(item for item in facts.optimizer if item is not slot))
found["a lost slot"] = [item.where for items in compare(facts, lost).values() for item in items] == [slot.path]
print(json.dumps(found))
"""


@pytest.fixture(scope="module", params=["keras", "tf_keras"])
def found(request, tmp_path_factory):
    if importlib.util.find_spec(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    folder = tmp_path_factory.mktemp("mirrored")
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1", "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, request.param],
        cwd=folder,
        env={**os.environ, **quiet},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert 0 == done.returncode, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_it_is_saved_whole_from_inside_and_outside_the_scope(found):
    assert (["keras"] * 2, ["PASSED"] * 2, {}) == (found["formats"], found["outcomes"], found["remarks"])


def test_what_is_saved_is_the_primary_replica(found):
    assert found["the primary replica"]


def test_it_is_loaded_into_the_scope_and_outside_it(found):
    assert found["loaded into the scope"]
    assert found["loaded outside"]


def test_what_is_loaded_into_the_scope_is_mirrored_again(found):
    assert "MirroredVariable" == found["mirrored again"]


def test_its_optimizer_goes_on_from_its_own_step(found):
    assert ([4] * 3, [8] * 3) == (found["steps"], found["steps after more training"])


def test_the_live_model_is_unchanged(found):
    assert found["the live model is unchanged"]


def test_a_lost_slot_of_its_optimizer_is_a_difference(found):
    assert found["a lost slot"]
