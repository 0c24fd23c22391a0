"""What the figures were measured on: the machine, how busy it is, its system, and the versions of packages."""

from __future__ import annotations

import os
import platform
import re
from importlib import metadata
from pathlib import Path

PACKAGES = {"TensorFlow": "tensorflow", "Keras": "keras", "NumPy": "numpy", "IPython": "ipython"}


def describe_machine() -> dict[str, str]:
    """Return the machine in words, by subject."""
    import psutil

    memory = psutil.virtual_memory().total / 1e9
    return {
        "processor": processor(),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{memory:.0f} GB",
        "system": platform.system(),
        "load": f"{os.getloadavg()[0]:.1f}",
        "Python": platform.python_version(),
        **{name: metadata.version(package) for name, package in PACKAGES.items()},
    }


def processor() -> str:
    """Return the name of the processor."""
    known = Path("/proc/cpuinfo")
    found = re.search(r"^model name\s*: (.+)$", known.read_text(), re.MULTILINE) if known.exists() else None
    return found[1] if found else platform.processor() or platform.machine()
