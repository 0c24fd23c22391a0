"""What a report says of Python, the system, memory, disk and where all of it runs."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from colab_save import memory as limits
from colab_save.diagnosing import machine

VARIABLES = ("TERM_PROGRAM", "VERTEX_PRODUCT", "JPY_PARENT_PID", *machine.HOSTS)


@pytest.fixture(autouse=True)
def bare(monkeypatch, tmp_path):
    """A machine of which nothing is known yet: no variables, no /proc, no IPython."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name in ("PROC", "DEV"):
        monkeypatch.setattr(machine, name, tmp_path / name.lower())
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    monkeypatch.delattr(sys, "ps1", raising=False)
    monkeypatch.setattr(limits, "CONTAINER", tmp_path / "cgroup")
    return tmp_path


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


# --- where Python runs ---


@pytest.mark.parametrize(("variable", "host"), machine.HOSTS.items())
def test_a_host_is_known_by_its_variable(monkeypatch, variable, host):
    monkeypatch.setenv(variable, "something")
    assert host in machine.environment().fields["hosts"]


@pytest.mark.parametrize(
    ("variables", "host"),
    [
        ({"COLAB_RELEASE_TAG": "release", "VERTEX_PRODUCT": "COLAB_ENTERPRISE"}, "Colab Enterprise"),
        ({"TERM_PROGRAM": "vscode"}, "VS Code"),
    ],
)
def test_a_host_is_known_by_the_value_of_a_variable(monkeypatch, variables, host):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert host in machine.environment().fields["hosts"]


def test_colab_is_known_by_its_kernel_too(colab):
    assert "Colab" in machine.environment().fields["hosts"]


def test_hosts_are_told_once_and_with_colabs_release(monkeypatch, colab):
    monkeypatch.setenv("COLAB_RELEASE_TAG", "release-1")
    found = machine.environment()
    assert 1 == found.fields["hosts"].count("Colab")
    assert found.text.endswith(" (release-1)")


@pytest.mark.parametrize(
    ("shell", "frontend"),
    [(SimpleNamespace(kernel=1), "a notebook's kernel"), (SimpleNamespace(), "IPython in a terminal")],
)
def test_what_runs_ipython_is_the_frontend(monkeypatch, shell, frontend):
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    assert frontend == machine.environment().fields["frontend"]


@pytest.mark.parametrize("ipython", [SimpleNamespace(get_ipython=lambda: None), SimpleNamespace(), None])
def test_ipython_that_only_was_imported_is_no_frontend(monkeypatch, ipython):
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setattr(sys, "argv", ["/srv/train.py"])
    assert "a script" == machine.environment().fields["frontend"]


@pytest.mark.parametrize("command", ["/usr/bin/colab-save", "/x/colab_save/__main__.py"])
def test_the_terminal_command_is_known(monkeypatch, command):
    monkeypatch.setattr(sys, "argv", [command, "doctor"])
    assert "a terminal command" == machine.environment().fields["frontend"]


def test_a_command_of_a_cell_is_known(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["colab-save"])
    monkeypatch.setenv("JPY_PARENT_PID", "7")
    assert "a terminal command that a notebook's kernel has started" == machine.environment().fields["frontend"]


def test_pythons_prompt_is_known(monkeypatch):
    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)
    assert "Python's prompt" == machine.environment().fields["frontend"]


@pytest.mark.parametrize(
    ("name", "is_shown"),
    [
        *(("KERAS_BACKEND", True), ("TF_USE_LEGACY_KERAS", True), ("XLA_FLAGS", True), ("COLAB_SAVE_KEEP", False)),
        *(("TF_VAR_password", False), ("TF_TOKEN_app", False), ("TF_CONFIG", False), ("PATH", False)),
    ],
)
def test_variables_that_change_what_is_done_are_shown_and_no_others(monkeypatch, name, is_shown):
    monkeypatch.setenv(name, "value")
    assert is_shown == (f"{name}=value" in machine.variables().text)


# --- hardware ---

GPU = "Model: \t\t NVIDIA H200\nIRQ:   \t\t 131\nGPU UUID: \t GPU-1234\n"


def test_without_an_accelerator_none_is_seen():
    assert "none seen" == machine.accelerator().text


def test_gpus_are_told_by_their_model_and_driver_and_without_their_number(bare):
    for number in ("0000:00:04.0", "0000:00:05.0"):
        write(bare / "proc" / "driver/nvidia/gpus" / number / "information", GPU)
    write(bare / "proc" / "driver/nvidia/version", "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue\n")
    assert "NVIDIA H200, NVIDIA H200, driver 550.54.15" == machine.accelerator().text


def test_a_gpu_that_only_has_a_device_is_seen(bare):
    for name in ("nvidia0", "nvidiactl"):
        write(bare / "dev" / name, "")
    assert "NVIDIA GPU" == machine.accelerator().text


def test_a_tpu_is_seen_by_its_variable_or_its_device(bare, monkeypatch):
    write(bare / "dev" / "accel0", "")
    assert "TPU" == machine.accelerator().text
    monkeypatch.setenv("TPU_ACCELERATOR_TYPE", "v5e-1")
    assert "TPU v5e-1" == machine.accelerator().text


@pytest.fixture
def container(bare, monkeypatch):
    """A machine with 13 GB of memory, and a container of which 1 GB is in use, with a limit."""
    monkeypatch.setattr("psutil.virtual_memory", lambda: SimpleNamespace(total=13 * 10**9, available=10 * 10**9))

    def limited(limit):
        for name, content in {"memory.max": limit, "memory.current": "1000000000", "memory.stat": "x 1"}.items():
            write(bare / "cgroup" / name, content)

    return limited


def test_memory_is_that_of_the_machine(container):
    assert "13.0 GB, 10.0 GB available" == machine.memory().text


def test_memory_is_also_that_of_the_container(container):
    container("5000000000")
    assert "13.0 GB, 10.0 GB available; the container has 4.0 GB left" == machine.memory().text


@pytest.mark.parametrize("limit", ["max", "9223372036854771712"])
def test_a_container_without_a_limit_is_not_told(container, limit):
    container(limit)
    assert machine.memory().fields["left_in_container"] is None


def test_the_disk_is_told_where_stages_and_the_cache_are_also_before_there_is_one():
    assert {"free_for_stages", "free_for_cache"} == machine.disk().fields.keys()
