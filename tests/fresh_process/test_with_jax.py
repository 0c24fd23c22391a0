"""The fresh process with Keras on JAX: a fork computes, on the CPU, and is as fresh as a new Python process."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys

import pytest

from colab_save.fresh_process.warm import warm_parent
from tests.fresh_process.conftest import Notebook, in_a_new_process

pytestmark = [
    pytest.mark.outside,
    pytest.mark.skipif(sys.platform != "linux", reason="forks are trusted on Linux only"),
    pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="JAX is not installed"),
]

COMPUTE = """
import jax, json, keras, numpy
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3), keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(numpy.ones((4, 2)), numpy.ones((4, 1)), verbose=0)
answer = model.predict(numpy.ones((1, 2)), verbose=0)
found = json.dumps([keras.backend.backend(), [device.platform for device in jax.devices()], answer.shape])
"""

PLANT = """
import jax, keras

@keras.saving.register_keras_serializable("planted")
class Planted(keras.layers.Layer):
    pass

keras.config.set_floatx("float64")
keras.random.normal((1,))
jax.config.update("jax_enable_x64", True)
keras.layers.Dense(1)(keras.ops.ones((1, 2)))
found = "planted"
"""

LOOK = """
import json, threading
import jax, keras
from jax._src import xla_bridge
from keras.src.backend.common.global_state import GLOBAL_STATE_TRACKER
found = json.dumps({
    "started": xla_bridge.backends_are_initialized(),
    "registered": sorted(keras.saving.get_custom_objects()),
    "floatx": keras.config.floatx(),
    "names": keras.layers.Dense(1).name,
    "x64": jax.config.jax_enable_x64,
    "threads": threading.active_count(),
    "state of Keras": sorted(vars(GLOBAL_STATE_TRACKER)),
    "devices": [str(device) for device in jax.devices()],
})
"""

IMPORT_AND_START = """
import json, sys
from colab_save.fresh_process.child import NOT_NEEDED, import_all, probe
from colab_save.fresh_process.surroundings import deciding
from colab_save.fresh_process.trust import reason_against_forking
before = deciding()
import_all()
found = {
    "loaded": sorted(set(NOT_NEEDED) & set(sys.modules)),
    "decides the same": before == deciding(),
    "reasons": [reason_against_forking()],
}
found["status"] = probe()
found["reasons"].append(reason_against_forking())
print(json.dumps(found))
"""


@pytest.fixture
def notebook(tmp_path, monkeypatch):
    """A notebook with Keras on JAX that has asked for a GPU or a TPU."""
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    monkeypatch.setenv("JAX_PLATFORMS", "cuda,tpu")
    monkeypatch.setenv("JAX_PLATFORM_NAME", "gpu")
    return Notebook(tmp_path)


def test_forks_compute_with_keras_on_jax_on_the_cpu(notebook):
    expected = ["jax", ["cpu"], [1, 1]]
    assert [expected] * 3 == [json.loads(notebook.run(COMPUTE, timeout=120.0)) for _ in range(3)]
    status = warm_parent.status(30.0)
    assert (True, "") == (status.is_ready, status.reason)


def test_a_fork_finds_nothing_that_an_earlier_one_did(notebook):
    expected = json.loads(notebook.run(LOOK, timeout=120.0))
    assert "planted" == notebook.run(PLANT)
    assert expected == json.loads(notebook.run(LOOK))


def test_keras_is_in_a_fork_as_in_a_new_process(notebook):
    assert json.loads(in_a_new_process(notebook, LOOK)) == json.loads(notebook.run(LOOK, timeout=120.0))


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    """What is so in a process that imports as a parent does, on a machine on which Keras was never used."""
    variables = {"KERAS_BACKEND": "jax", "KERAS_HOME": str(tmp_path_factory.mktemp("home"))}
    program = [sys.executable, "-c", IMPORT_AND_START]
    run = subprocess.run(program, capture_output=True, text=True, check=True, env={**os.environ, **variables})
    return json.loads(run.stdout)


def test_keras_on_jax_is_imported_lean(imported):
    assert ["jax", "scipy"] == imported["loaded"]


def test_nothing_decides_that_the_first_import_on_a_machine_changes(imported):
    assert imported["decides the same"]


def test_a_runtime_that_has_started_is_noticed(imported):
    """The one private name of JAX that forks stand on: it must move in no version without this test failing."""
    assert ["", "JAX has started its runtime while it was imported"] == imported["reasons"]


def test_the_probe_computes_on_jax(imported):
    assert 0 == imported["status"]
