"""Whose a module is: Keras's, the user's own, or somebody else's that a config has no business to name.

`config` asks it for each object of a config. Nothing is imported here; a module is only looked for.
"""

from __future__ import annotations

import enum
import importlib.machinery
import importlib.util
import sys
from pathlib import PurePath

_KERAS = ("keras", "tf_keras", "tensorflow.keras", "tensorflow.python.keras")
_LAYOUT = {"src", "api", "_v1", "_v2", "_tf_keras", "keras", "_legacy", "legacy", "engine"}
_SITES = {"site-packages", "dist-packages"}


class Owner(enum.Enum):
    """Who defined a module."""

    KERAS = "keras"
    USER = "user"
    OTHER = "other"


def owner_of(module: str, allowed: frozenset[str]) -> Owner:
    """Say whose a module is.

    The standard library and installed packages are others' (``os``, ``subprocess``, ``pip``): a config that names
    them wants their functions called. What is not installed cannot be called, and what lies beside the notebook is
    the user's own.

    Args:
        module: The dotted name in a config; empty for none.
        allowed: Installed packages that may be named.
    """
    if module in {"", "__main__"}:
        return Owner.USER
    if any(module == name or module.startswith(f"{name}.") for name in _KERAS):
        return Owner.KERAS
    if not all(part.isidentifier() for part in module.split(".")):
        return Owner.OTHER
    top = module.partition(".")[0]
    if top in allowed or module in allowed:
        return Owner.USER
    return Owner.OTHER if top in sys.stdlib_module_names or _is_installed(module) else Owner.USER


def namespace_of(module: str) -> str:
    """Give the part of Keras that a module of it belongs to (``layers``, ``utils``), wherever the version keeps it."""
    parts = [part for part in module.split(".")[1:] if part not in _LAYOUT and part not in {"python", "tensorflow"}]
    return parts[0] if parts else ""


def _is_installed(module: str) -> bool:
    """Look for a module where installers put them; finding it does not import it.

    The first package of its name that is no mere folder decides: a folder of the user's own may share its name with one
    that somebody has installed, as tf2onnx (1.17) installs one named ``tests``.
    """
    spec: importlib.machinery.ModuleSpec | None
    name, *below = module.split(".")
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):  # ValueError: already imported without a spec, as a test or a shell does
        return False
    if spec is None:
        return False
    for part in below:
        name = f"{name}.{part}"
        is_folder = spec.origin is None and spec.submodule_search_locations
        found = importlib.machinery.PathFinder.find_spec(name, spec.submodule_search_locations) if is_folder else None
        if found is None:
            break
        spec = found
    places = [spec.origin or "", *(spec.submodule_search_locations or ())]
    return any(_SITES & set(PurePath(place).parts) for place in places)
