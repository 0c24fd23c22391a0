"""Probes of the machine: Python, where it runs, the system, memory and disk. Each returns a `Finding` for `doctor`."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from colab_save.memory import left_in_container
from colab_save.quantities import count_in_words, size_in_words
from colab_save.reports.diagnosis import Finding
from colab_save.stores.opening import is_usual
from colab_save.versions.caching import cache_base

PROC, DEV = Path("/proc"), Path("/dev")
"""Where Linux shows what it has."""

HOSTS = {
    "COLAB_RELEASE_TAG": "Colab",
    "KAGGLE_KERNEL_RUN_TYPE": "Kaggle",
    "BINDER_SERVICE_HOST": "Binder",
    "JUPYTERHUB_API_URL": "JupyterHub",
    "CODESPACES": "Codespaces",
    "DATABRICKS_RUNTIME_VERSION": "Databricks",
    "GITHUB_ACTIONS": "GitHub Actions",
    "PYCHARM_HOSTED": "PyCharm",
    "VSCODE_PID": "VS Code",
    "VSCODE_IPC_HOOK_CLI": "VS Code",
}
"""Where Python runs, by an environment variable that is set there."""

VARIABLES = re.compile(
    r"KERAS_\w+|TF_(USE|CPP|ENABLE|DISABLE|FORCE|GPU|XLA|DETERMINISTIC|NUM|CUDNN)_\w+|XLA_\w+|CUDA_VISIBLE_DEVICES"
    r"|XDG_(CONFIG|CACHE)_HOME|TMPDIR"
)
"""The environment variables that change what is done here, besides settings. Terraform's, which may be secret, also
begin with TF."""


def python() -> Finding:
    """Return the version of Python, and whose it is."""
    version, implementation = platform.python_version(), platform.python_implementation()
    kind = "virtual environment" if sys.prefix != sys.base_prefix else "no virtual environment"
    kind = "conda environment" if Path(sys.prefix, "conda-meta").is_dir() else kind
    fields = {"version": version, "implementation": implementation, "environment": kind}
    return Finding(f"{version} ({implementation}), {kind}", fields)


def environment() -> Finding:
    """Return where Python runs, such as Colab, and what runs it, such as a notebook."""
    hosts, frontend, release = list(dict.fromkeys(_hosts())), _frontend(), os.environ.get("COLAB_RELEASE_TAG", "")
    where = f" in {', '.join(hosts)}" if hosts else ""
    about = f" ({release})" if release else ""
    return Finding(f"{frontend}{where}{about}", {"frontend": frontend, "hosts": hosts, "release": release})


def _hosts() -> Iterator[str]:
    if os.environ.get("VERTEX_PRODUCT") == "COLAB_ENTERPRISE":
        yield "Colab Enterprise"
    elif is_usual("drive"):
        yield "Colab"
    yield from (host for variable, host in HOSTS.items() if variable in os.environ)
    if os.environ.get("TERM_PROGRAM") == "vscode":
        yield "VS Code"
    if Path("/.dockerenv").exists():
        yield "a container"


def _frontend() -> str:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None and hasattr(ipython, "get_ipython") else None
    if shell is not None:
        return "a notebook's kernel" if hasattr(shell, "kernel") else "IPython in a terminal"
    if hasattr(sys, "ps1"):
        return "Python's prompt"
    place = Path(sys.argv[0] if sys.argv else "")
    is_command = place.name == "colab-save" or place.parts[-2:] == ("colab_save", "__main__.py")
    started = " that a notebook's kernel has started" if "JPY_PARENT_PID" in os.environ else ""
    return f"{'a terminal command' if is_command else 'a script'}{started}"


def system() -> Finding:
    """Return the operating system and the number of processor cores that this process may use."""
    kernel = f"{platform.system()} {platform.release()} {platform.machine()}"
    distribution = ""
    with suppress(OSError):  # not Linux, or a bare container
        distribution = platform.freedesktop_os_release().get("PRETTY_NAME", "")
    libc = " ".join(filter(None, platform.libc_ver()))
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    fields = {"kernel": kernel, "distribution": distribution, "libc": libc, "cores": cores}
    return Finding(", ".join(filter(None, [distribution, kernel, libc, count_in_words(cores, "core")])), fields)


def accelerator() -> Finding:
    """Return the GPUs and TPUs that the system shows; no library and no program is asked."""
    models = []
    for file in sorted((PROC / "driver/nvidia/gpus").glob("*/information")):
        found = re.search(r"^Model:\s*(.+)$", file.read_text("utf-8"), re.MULTILINE)
        models.append(found[1].strip() if found else "NVIDIA GPU")
    models = models or ["NVIDIA GPU"] * len(list(DEV.glob("nvidia[0-9]*")))
    tpu = os.environ.get("TPU_ACCELERATOR_TYPE") or ("TPU" if any(DEV.glob("accel[0-9]*")) else "")
    devices = [*models, *filter(None, [f"TPU {tpu}".replace("TPU TPU", "TPU") if tpu else ""])]
    driver = ""
    with suppress(OSError):
        found = re.search(r"\b\d+\.\d+(\.\d+)?\b", (PROC / "driver/nvidia/version").read_text("utf-8"))
        driver = found[0] if found else ""
    about = f", driver {driver}" if driver else ""
    return Finding(f"{', '.join(devices) or 'none seen'}{about}", {"devices": devices, "driver": driver})


def memory() -> Finding:
    """Return the memory of the machine, what is available, and what the container has left."""
    import psutil

    found, left = psutil.virtual_memory(), left_in_container()
    left = None if left is None or left > found.total else left  # the first version of cgroups has a number for none
    limit = "" if left is None else f"; the container has {size_in_words(left)} left"
    shown = f"{size_in_words(found.total)}, {size_in_words(found.available)} available{limit}"
    return Finding(shown, {"total": found.total, "available": found.available, "left_in_container": left})


def disk() -> Finding:
    """Return the free space where models are staged and where the cache is."""
    places = {"stages": Path(tempfile.gettempdir()), "cache": cache_base()}
    free = {what: shutil.disk_usage(_nearest(place)).free for what, place in places.items()}
    shown = (f"{size_in_words(free[what])} free for {what} in {place}" for what, place in places.items())
    return Finding("; ".join(shown), {f"free_for_{what}": size for what, size in free.items()})


def working_folder() -> Finding:
    """Return the working folder and its free space."""
    folder = Path.cwd()
    free = shutil.disk_usage(folder).free
    return Finding(f"{folder}, {size_in_words(free)} free", {"folder": str(folder), "free": free})


def variables() -> Finding:
    """Return the environment variables that change what TensorFlow, Keras and colab_save do, besides settings."""
    found = {name: value for name, value in sorted(os.environ.items()) if VARIABLES.fullmatch(name)}
    return Finding(", ".join(f"{name}={value}" for name, value in found.items()) or "none", {"values": found})


def _nearest(place: Path) -> Path:
    """Return the nearest folder that exists."""
    return next(folder for folder in (place, *place.parents) if folder.is_dir())
