"""What a fresh process takes over from the notebook: the environment, folders of packages, a folder to work in.

A warm parent is older than the save, and may serve several notebooks, so each fresh process is told these first. It
takes over nothing else; precision travels in the record of a job, and Keras's other settings do not, since the runtime
that loads the model tomorrow will not have them either.
"""

from __future__ import annotations

import importlib
import json
import os
import site
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

ON_CPU = {"CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu", "JAX_PLATFORM_NAME": "cpu", "KERAS_TORCH_DEVICE": "cpu"}
"""A fresh process runs on the CPU, since the notebook may hold all of the GPU's memory, or the TPU.

JAX must be told: it fails where there is a GPU that it may not see, takes the TPU where there is one, and looks for the
platform that the notebook may ask for (``xla_bridge.py``, ``cloud_tpu_init.py``, 0.7.2). Keras on PyTorch need not look
for a GPU then (``keras/src/backend/torch/core.py``, 3.15.1; 3.13.2 looks, and finds none).
"""

FEWER_LINES = {"TF_CPP_MIN_LOG_LEVEL": "2"}
"""Errors only, where the user has not asked for more."""


DECIDING = (
    *("HDF5_DISABLE_", "HDF5_USE_", "JAX_", "KERAS_", "LANG", "LC_", "LD_", "MKL_", "NPY_", "NUMPY_", "OMP_"),
    *("OPENBLAS_", "PROTOCOL_BUFFERS_", "PYTHON", "TF_", "XLA_"),
)
"""How the names of variables begin that Python, Keras and its backends read while they are imported; none that they set
then (``TF2_BEHAVIOR``, ``HDF5_PLUGIN_PATH``), since a notebook would have another parent from its import on."""


NOT_DECIDING = {*FEWER_LINES, *ON_CPU, "TF_FORCE_GPU_ALLOW_GROWTH"}
"""Names that begin so and decide nothing: of what a fresh process is told anyway, and of what Keras sets where its
backend is not TensorFlow."""


WRITTEN_BY_KERAS = {
    "floatx": "float32",
    "epsilon": 1e-07,
    "backend": "tensorflow",
    "image_data_format": "channels_last",
}
"""What the first import of Keras on a machine writes to ``keras.json``; it says the same as no file."""


LIMITS = ("RLIMIT_AS", "RLIMIT_CPU", "RLIMIT_DATA", "RLIMIT_FSIZE")
"""The limits of a process, and of all that it starts, that end a job (getrlimit(2))."""


OF_THE_USER = ("HOME", "LOGNAME", "PATH", "TMPDIR", "TZ", "USER", "XDG_")
"""How the names of variables begin that belong to the user and her machine, not to one notebook."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is around a fresh process.

    Attributes:
        environment: The notebook's environment variables, but for the folder for temporary files.
        packages: The folders on the notebook's ``sys.path`` that hold installed packages.
        folder: The working folder, also for temporary files; empty at first.
        answers: The folder in which the answers of all its jobs will be.
    """

    environment: Mapping[str, str]
    packages: tuple[str, ...]
    folder: str
    answers: str = ""

    @classmethod
    def of_notebook(cls, folder: str, answers: str = "") -> Self:
        """Return those of this process, with another folder to work in."""
        # A process that is ended leaves its temporary files.
        environment = {**environment_of_notebook(), "TMPDIR": folder}
        return cls(
            environment, tuple(path for path in sys.path if path and _holds_packages(Path(path))), folder, answers
        )

    def to_line(self) -> str:
        """Return them as one line of JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def from_line(cls, line: str) -> Self:
        """Read them from a line of JSON."""
        written = json.loads(line)
        return cls(written["environment"], tuple(written["packages"]), written["folder"], written["answers"])

    def enter(self) -> None:
        """Take them over in this process."""
        os.environ.clear()
        os.environ.update(self.environment)
        tempfile.tempdir = None  # TMPDIR is another one
        if hasattr(time, "tzset"):  # not on Windows
            time.tzset()
        sys.path += [path for path in self.packages if path not in sys.path]
        importlib.invalidate_caches()
        os.chdir(self.folder)


def _holds_packages(folder: Path) -> bool:
    """Return whether pip has installed something here; the user's own modules must come from the artifact."""
    return any(folder.glob("*.dist-info"))


def deciding() -> list[object]:
    """Return, as JSON, what a process must share with the notebook from its start to be of use for its jobs.

    That is Python, the variables that decide what an import does, the limits that a process inherits, and when packages
    were last installed, since a process that has imported Keras would still have the one from before.
    """
    variables = sorted(
        (name, value) for name, value in os.environ.items() if name.startswith(DECIDING) and name not in NOT_DECIDING
    )
    ages = [_age(path) for path in _places()]
    return [sys.executable, sys.prefix, variables, _limits(), ages, _keras_settings()]


def environment_of_notebook() -> dict[str, str]:
    """Return the environment of a process that serves this notebook only."""
    return {**FEWER_LINES, **os.environ, **ON_CPU}


def innocent_environment() -> dict[str, str]:
    """Return the environment of a process that will serve several notebooks: only what it must know from its start."""
    own = {name: value for name, value in os.environ.items() if name.startswith((*DECIDING, *OF_THE_USER))}
    return {**FEWER_LINES, **own, **ON_CPU}


def keras_backend() -> str:
    """Return the backend that Keras imports in this process (``keras/src/backend/config.py``)."""
    settings = json.loads(_keras_settings() or "{}")
    return str(os.environ.get("KERAS_BACKEND") or settings.get("backend", "tensorflow"))


def _limits() -> list[object]:
    try:
        import resource
    except ImportError:  # on Windows
        return []
    return [resource.getrlimit(getattr(resource, name)) for name in LIMITS]


def _places() -> Iterator[Path]:
    """Yield the folders of installed packages, and the files of this one."""
    yield from map(Path, (*site.getsitepackages(), site.getusersitepackages()))
    package = Path(__file__).parents[1]
    yield package
    yield from sorted(package.rglob("*.py"))


def _keras_settings() -> str:
    try:
        found = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras", "keras.json").read_text("utf-8")
        return "" if json.loads(found) == WRITTEN_BY_KERAS else found
    except (OSError, ValueError, RuntimeError):  # there is none, Keras cannot read it, or no home (RuntimeError)
        return ""


def _age(path: Path) -> list[object]:
    try:
        return [str(path), path.stat().st_mtime_ns]
    except OSError:  # there is none, or the package is in a zip
        return [str(path), 0]
