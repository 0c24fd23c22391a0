"""The fresh process with the real Keras: a fork is as fresh as a new Python process."""

from __future__ import annotations

import json
import subprocess
import sys

import psutil
import pytest
from hypothesis import settings

from colab_save.fresh_process.warm import warm_parent
from tests.fresh_process.conftest import Notebook, in_a_new_process, wait_until

pytestmark = [
    pytest.mark.tensorflow,
    pytest.mark.skipif(sys.platform != "linux", reason="forks are trusted on Linux only"),
]

PLANT = """
import keras
import tensorflow as tf

@keras.saving.register_keras_serializable("planted")
class Planted(keras.layers.Layer):
    pass

keras.saving.get_custom_objects()["planted"] = Planted
keras.config.set_floatx("float64")
keras.config.set_image_data_format("channels_first")
keras.mixed_precision.set_global_policy("float16")
keras.utils.set_random_seed(7)
keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).predict(tf.zeros((1, 2)), verbose=0)
tf.config.run_functions_eagerly(True)
tf.config.experimental.enable_tensor_float_32_execution(False)
found = "planted"
"""

LOOK = """
import json, sys, threading
import keras
import tensorflow as tf
from keras.src.backend.common.global_state import GLOBAL_STATE_TRACKER
found = json.dumps({
    "registered": sorted(keras.saving.get_custom_objects()),
    "floatx": keras.config.floatx(),
    "image data format": keras.config.image_data_format(),
    "policy": keras.config.dtype_policy().name,
    "names": keras.layers.Dense(1).name,
    "eager": tf.config.functions_run_eagerly(),
    "tf32": tf.config.experimental.tensor_float_32_execution_enabled(),
    "threads": threading.active_count(),
    "state of Keras": sorted(vars(GLOBAL_STATE_TRACKER)),
    "devices": [device.name for device in tf.config.list_logical_devices()],
})
"""

MODULES = "import json, sys; found = json.dumps(sorted(sys.modules))"

PARENT = "import os; found = os.getppid()"

PREDICT = """
import keras
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(8), keras.layers.Dense(1)])
found = model(keras.ops.ones((1, 2))).shape
"""

DRAW = "import keras; found = keras.random.normal((1,), seed=keras.random.SeedGenerator()).numpy()[0]"

OF_THE_PARENT = {"colab_save", "fcntl", "psutil"}
"""What only the parent imports, and what both have from this package, more or less."""

START_RUNTIME = """
from colab_save.fresh_process.child import import_all
from colab_save.fresh_process.trust import reason_against_forking
import_all()
print(reason_against_forking())
import tensorflow as tf
tf.constant(1)
print(reason_against_forking())
"""


@pytest.fixture
def notebook(tmp_path):
    """A notebook whose fresh processes come from the parent that all tests share."""
    return Notebook(tmp_path)


def test_a_fork_finds_nothing_that_an_earlier_one_did_to_keras(notebook):
    expected = json.loads(notebook.run(LOOK, timeout=120.0))
    assert "planted" == notebook.run(PLANT)
    assert expected == json.loads(notebook.run(LOOK))


def test_keras_is_in_a_fork_as_in_a_new_process(notebook):
    assert json.loads(in_a_new_process(notebook, LOOK)) == json.loads(notebook.run(LOOK, timeout=120.0))


def test_a_fork_has_the_modules_of_a_new_process_and_no_others_but_its_parents_own(notebook):
    fork = set(json.loads(notebook.run(MODULES, timeout=120.0)))
    more = fork ^ set(json.loads(in_a_new_process(notebook, MODULES)))
    assert set() == {name for name in more if name.partition(".")[0] not in OF_THE_PARENT}


def test_two_forks_draw_different_numbers(notebook):
    assert notebook.run(DRAW, timeout=120.0) != notebook.run(DRAW)


def test_a_runtime_that_has_started_is_noticed():
    """The one private name of TensorFlow that forks stand on: it must move in no version without this test failing."""
    run = subprocess.run([sys.executable, "-c", START_RUNTIME], capture_output=True, text=True, check=True)
    assert ["", "TensorFlow has started its runtime while it was imported"] == run.stdout.splitlines()


def test_round_trips_leave_their_parent_as_it_was(runtime_folder, notebook):
    """40 trips, and 2,000 of them where 1,000 examples of each law are asked for; of a parent that nobody shares."""
    parent = int(notebook.run(PARENT, timeout=120.0))
    taken, before = state_of(parent), warm_parent.status(30.0).memory
    for _ in range(2 * settings.default.max_examples):
        assert "(1, 1)" == notebook.run(PREDICT)
    assert (parent, taken) == (int(notebook.run(PARENT)), state_of(parent))
    assert warm_parent.status(30.0).memory - before < 2**22


def state_of(pid):
    """What a process has taken: its descriptors, threads, and processes, zombies included."""
    process = psutil.Process(pid)
    wait_until(lambda: process.status() == psutil.STATUS_SLEEPING)  # else it has yet to close its last connection
    return process.num_fds(), process.num_threads(), process.children()
