"""The warm process in a notebook: it starts when TensorFlow appears, and nothing of it stays."""

from __future__ import annotations

import os
import sys

import pytest

from tests.fresh_process.conftest import is_alive, wait_until
from tests.kernels import started

pytestmark = [
    pytest.mark.tensorflow,
    pytest.mark.outside,
    pytest.mark.skipif(sys.platform != "linux", reason="forks are trusted on Linux only"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # jupyter_client 7.4.9 on Python 3.13
]

STATUS = """
import time
from colab_save.fresh_process.warm import warm_parent
end = time.monotonic() + 60
while not warm_parent.status().is_ready and time.monotonic() < end:
    time.sleep(0.1)
print(warm_parent.status(30.0).pid)
"""

RUNNING = """
import threading
from colab_save.fresh_process.warm import warm_parent
for thread in threading.enumerate():
    if thread.name == "colab_save early start":
        thread.join()
print(warm_parent.status().is_running)
"""

SLOW_MACHINE = """
import time
from colab_save.fresh_process import warm
warm.available_memory = lambda: time.sleep(1) or 1 << 40
"""

NET = "net = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])"


@pytest.fixture
def runtime(tmp_path_factory):
    """The folder of the sockets."""
    return tmp_path_factory.mktemp("r")


@pytest.fixture
def kernel(tmp_path, runtime):
    """A kernel whose warm process, if any, is its own."""
    with started(tmp_path, {**os.environ, "XDG_RUNTIME_DIR": str(runtime)}) as kernel:
        yield kernel


def test_a_notebook_that_imports_keras_has_a_warm_process_before_its_first_save(kernel):
    kernel.run("%load_ext colab_save")
    kernel.run("import keras")
    early = kernel.run(STATUS).printed
    kernel.run(NET)
    kernel.run("%savemodel net")
    assert early == kernel.run(STATUS).printed != "None\n"


def test_nothing_starts_without_tensorflow(kernel):
    kernel.run("%load_ext colab_save")
    kernel.run("import numpy")
    assert "False\n" == kernel.run(RUNNING).printed


def test_unloading_the_extension_ends_it(kernel):
    kernel.run("%load_ext colab_save\nimport keras")
    pid = int(kernel.run(STATUS).printed)
    kernel.run("%unload_ext colab_save")
    wait_until(lambda: not is_alive(pid))


def test_unloading_the_extension_ends_one_that_is_just_being_started(kernel, runtime):
    kernel.run_all([SLOW_MACHINE, "%load_ext colab_save", "import keras", "%unload_ext colab_save"])
    kernel.run(RUNNING)
    wait_until(lambda: not list(runtime.iterdir()), seconds=120)


@pytest.mark.parametrize("times", [1, 2])
def test_a_cell_after_unloading_starts_none(kernel, times):
    kernel.run("import colab_save\n" + "colab_save.load_ipython_extension(get_ipython())\n" * (times - 1))
    kernel.run("%load_ext colab_save")
    kernel.run("%unload_ext colab_save")
    kernel.run("import keras")
    assert "False\n" == kernel.run(RUNNING).printed


def test_a_kernel_that_is_killed_leaves_nothing(tmp_path, runtime):
    with started(tmp_path, {**os.environ, "XDG_RUNTIME_DIR": str(runtime)}) as kernel:
        kernel.run("%load_ext colab_save\nimport keras")
        pid = int(kernel.run(STATUS).printed)
        kernel.client.execute("import os; os.kill(os.getpid(), 9)")
        wait_until(lambda: not is_alive(pid))
    wait_until(lambda: not list(runtime.iterdir()))
