"""The owner of a module: Keras, the user, or someone else, whose modules a config must not name.

`config` asks for the module of each object in a config. Modules are only searched for, never imported.
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
    """Who a module belongs to."""

    KERAS = "keras"
    USER = "user"
    OTHER = "other"


def owner_of(module: str, allowed: frozenset[str]) -> Owner:
    """Return who a module belongs to.

    The standard library and installed packages (``os``, ``subprocess``, ``pip``) belong to others: a config that names
    them tries to call their functions. A module that is not installed cannot be called, and a module beside the
    notebook belongs to the user.

    Args:
        module: The dotted name in a config; empty for none.
        allowed: The installed packages that may be named.
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
    """Return the namespace of a Keras module (``layers``, ``utils``), whatever the layout of its version."""
    parts = [part for part in module.split(".")[1:] if part not in _LAYOUT and part not in {"python", "tensorflow"}]
    return parts[0] if parts else ""


def _is_installed(module: str) -> bool:
    """Return whether a module is in a folder of installed packages, without importing it.

    The first package of this name that is more than a folder decides: a folder of the user may have the same name as an
    installed one, such as ``tests``, which tf2onnx (1.17) installs.
    """
    spec: importlib.machinery.ModuleSpec | None
    name, *below = module.split(".")
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):  # ValueError: it was imported without a spec, as tests and shells do
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
