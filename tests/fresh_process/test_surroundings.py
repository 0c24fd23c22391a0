"""What a process must share with the notebook from its start."""

from __future__ import annotations

import subprocess
import sys

import pytest

from colab_save.fresh_process.surroundings import (
    ON_CPU,
    deciding,
    environment_of_notebook,
    innocent_environment,
    keras_backend,
)

IMPORT = """
from colab_save.fresh_process.surroundings import deciding
before = deciding()
import keras, tensorflow, tf_keras
print(before == deciding())
"""


@pytest.mark.parametrize(
    "name", ["HDF5_USE_FILE_LOCKING", "KERAS_BACKEND", "LC_ALL", "NPY_PROMOTION_STATE", "PYTHONPATH", "TF_ENABLE_X"]
)
def test_a_variable_that_is_read_once_decides(name, monkeypatch):
    before = deciding()
    monkeypatch.setenv(name, "another")
    assert before != deciding()


@pytest.mark.parametrize("name", ["TF_CPP_MIN_LOG_LEVEL", "JPY_SESSION_NAME", "TZ", *ON_CPU])
def test_a_variable_that_a_fork_takes_over_decides_nothing(name, monkeypatch):
    before = deciding()
    monkeypatch.setenv(name, "another")
    assert before == deciding()


@pytest.mark.parametrize("environment", [environment_of_notebook, innocent_environment])
def test_a_fresh_process_is_on_the_cpu_whatever_the_notebook_uses(environment, monkeypatch):
    for name in ON_CPU:
        monkeypatch.setenv(name, "cuda,tpu")
    assert ON_CPU == {name: value for name, value in environment().items() if name in ON_CPU}


@pytest.mark.parametrize(
    ("variable", "settings", "backend"),
    [
        ("", None, "tensorflow"),
        ("jax", None, "jax"),
        ("", '{"backend": "torch"}', "torch"),
        ("jax", '{"backend": "torch"}', "jax"),
        ("", '{"floatx": "float64"}', "tensorflow"),
        ("", "no settings", "tensorflow"),
    ],
)
def test_the_backend_is_that_of_the_environment_or_else_of_the_settings(
    variable, settings, backend, tmp_path, monkeypatch
):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("KERAS_BACKEND", variable)
    if settings is not None:
        (tmp_path / "keras.json").write_text(settings)
    assert backend == keras_backend()


@pytest.mark.skipif(sys.platform == "win32", reason="it has no such limits")
def test_a_limit_of_the_notebook_decides():
    import resource

    before, (soft, hard) = deciding(), resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (10**6, hard))
    limited = deciding()
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))
    assert before != limited


def test_settings_of_keras_decide(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    before = deciding()
    (tmp_path / "keras.json").write_text('{"floatx": "float16"}')
    assert before != deciding()


@pytest.mark.tensorflow
def test_nothing_decides_that_the_first_import_on_a_machine_changes(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    run = subprocess.run([sys.executable, "-c", IMPORT], capture_output=True, text=True, check=True)
    assert [True, "True"] == [(tmp_path / "keras.json").exists(), run.stdout.strip()]
