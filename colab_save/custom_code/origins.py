"""Where an object comes from: the user's code, or an installed package that can be imported again.

`gathering` copies the source of the former and imports the latter; `custom_objects` and the packages above separate
the user's objects from Keras's with it.
"""

from __future__ import annotations

import ast
import builtins
import functools
import importlib.metadata
import inspect
import re
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import FunctionType, ModuleType
from typing import TypeAlias

from colab_save.artifact.manifest import Manifest

STANDARD = frozenset(sys.stdlib_module_names) - {"__main__"}
"""The top-level modules of the standard library."""

Import: TypeAlias = ast.Import | ast.ImportFrom
"""An import statement."""

_INSTALLED = {"site-packages", "dist-packages"}

_TENSORFLOW_API = "tensorflow._api.v2"
"""The package of TensorFlow's public modules: ``tensorflow.nn`` is ``tensorflow._api.v2.nn`` (2.16 to 2.21)."""


def is_users_module(name: str | None) -> bool:
    """Return whether a module is the user's own: the notebook, a script, or a local file."""
    if name is None or name in ("__main__", "__mp_main__"):
        return True
    root = name.partition(".")[0]
    if root in STANDARD or root == "colab_save":
        return False
    module = sys.modules.get(name)
    file = getattr(module, "__file__", None)
    if file is None:
        return getattr(module, "__spec__", None) is None
    return not is_installed(file)


def _is_made_in_memory(name: str) -> bool:
    """Return whether a module was never imported, as those that `tf.load_op_library` makes, so that it cannot be."""
    module = sys.modules.get(name)
    spec = getattr(module, "__spec__", None)
    return spec is not None and spec.loader is None and spec.submodule_search_locations is None


@functools.cache
def is_installed(file: str) -> bool:
    """Return whether a file is in a folder into which pip installs, or of the standard library."""
    return bool(_INSTALLED & set(Path(file).parts)) or file.startswith(sysconfig.get_path("stdlib"))


def plain_function(value: object) -> FunctionType | None:
    """Return the function inside decorators, descriptors and `tf.function`; ``None`` when there is none.

    A decorator without `functools.wraps` leaves no ``__wrapped__``. Its function is then the one in the closure whose
    global name now refers to ``value``.
    """
    for attribute in ("fget", "__func__", "func"):
        if isinstance(value, (property, staticmethod, classmethod)) or type(value).__name__ == "cached_property":
            value = getattr(value, attribute, value)
    if isinstance(value, (type, ModuleType)):
        return None
    try:
        function = inspect.unwrap(value)  # type: ignore[arg-type]
    except ValueError:
        return None
    if not isinstance(function, FunctionType):
        return None
    for cell in cells(function).values():
        if isinstance(cell, FunctionType) and cell.__globals__.get(cell.__name__) is value:
            return cell
    return function


def cells(function: FunctionType) -> dict[str, object]:
    """Return the values in a closure by name; a cell that is still empty is left out."""
    found: dict[str, object] = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            found[name] = cell.cell_contents
        except ValueError:
            continue
    return found


def is_users_own(value: object) -> bool:
    """Return whether a class or function is the user's own."""
    if isinstance(value, type):
        return is_users_module(value.__module__)
    function = plain_function(value)
    return function is not None and is_users_module(function.__globals__.get("__name__"))


def is_builtin(value: object) -> bool:
    """Return whether an object is a Python builtin that its bare name reaches."""
    name = getattr(value, "__name__", None)
    return (
        isinstance(name, str) and getattr(value, "__module__", "") == "builtins" and vars(builtins).get(name) is value
    )


def imports_of(name: str, value: object, written: Iterable[Import]) -> list[str]:
    """Return import statements that bind ``name`` to ``value``; empty when there is none.

    The user's statements come first: they name public modules, and are the only trace of a constant that was
    imported. Each is used only if it yields the identical object.

    Args:
        name: The name to bind.
        value: The live value.
        written: The import statements in the user's code.
    """
    found = [text for node in written for text in _binding(name, value, node)]
    if found:
        return sorted(set(found))
    if isinstance(value, ModuleType):
        path = value.__name__
        importable = path in sys.modules and not is_users_module(path) and not _is_made_in_memory(path)
        return [f"import {path}" if path == name else f"import {path} as {name}"] if importable else []
    module = public_module(value)
    if module is None:
        return []
    attribute = attribute_of(value)
    return [f"from {module} import {attribute}" + (f" as {name}" if attribute != name else "")]


def _binding(name: str, value: object, node: Import) -> Iterator[str]:
    """Write the part of an import that binds a name, if it yields the identical value."""
    if isinstance(node, ast.Import):
        for item in node.names:
            bound = item.asname or item.name.partition(".")[0]
            target = sys.modules.get(item.name if item.asname else bound)
            if bound == name and _is_same(target, value) and not is_users_module(item.name):
                yield f"import {item.name}" + (f" as {name}" if item.asname else "")
    elif node.module and not node.level and not is_users_module(node.module):
        for item in node.names:
            attribute = name if item.name == "*" else item.name
            if (item.asname or attribute) == name and _is_same(_member(node.module, attribute), value):
                yield f"from {node.module} import {attribute}" + (f" as {name}" if attribute != name else "")


def _member(module: str, attribute: str) -> object:
    return getattr(sys.modules.get(module), attribute, None) or sys.modules.get(f"{module}.{attribute}")


def _is_same(target: object, value: object) -> bool:
    """Compare by identity; a lazy proxy (``tf.keras``) and its module are the same when their file is."""
    if target is None or target is value:
        return target is not None
    if not isinstance(target, ModuleType) or not isinstance(value, ModuleType):
        return False
    return getattr(target, "__file__", None) == getattr(value, "__file__", value)


def attribute_of(value: object) -> str:
    """Return the name that an object has in its own module."""
    return str(getattr(value, "__qualname__", None) or getattr(value, "__name__", ""))


def is_path_of(path: str, value: object) -> bool:
    """Return whether a dotted path reaches a value once its module is imported.

    A package may delete the attribute by which it holds a module of its own, as TF-MOT's does.
    """
    root, *names = path.split(".")
    found: object = sys.modules.get(root)
    for name in names:
        found = getattr(found, name, None)
    return _is_same(found, value)


def public_module(value: object) -> str | None:
    """Return the most public loaded module of an object's package that holds the object under its own name.

    An object that does not tell its package (the functions of NumPy 2.1), or that was made in memory (an operation of a
    library of TensorFlow's), is looked for in all packages.
    """
    attribute, home = attribute_of(value), getattr(value, "__module__", None)
    if home is not None and _is_made_in_memory(str(home)):
        home = None
    if not attribute.isidentifier() or (home is not None and is_users_module(str(home))):
        return None
    root = "" if home is None else str(home).partition(".")[0]
    inside = [n for n in list(sys.modules) if not root or n == root or n.startswith(f"{root}.")]
    inside = [n for n in inside if not is_users_module(n) and not _is_made_in_memory(n)]
    public = sorted((n for n in inside if not re.search(r"(^|\.)_", n)), key=lambda n: (n.count("."), len(n), n))
    if root == "tensorflow":  # whose private modules are no attributes of it, as its public ones are
        api = [n for n in inside if n.startswith(_TENSORFLOW_API) and ".compat." not in n]
        found = (n for n in sorted(api, key=len) if getattr(sys.modules[n], attribute, None) is value)
        if name := next(found, ""):
            return f"tensorflow{name.removeprefix(_TENSORFLOW_API)}"
    for name in [*public, str(home)]:
        module = sys.modules.get(name)
        if isinstance(module, ModuleType) and vars(module).get(attribute) is value:
            return name
    return None


def requirements_of(statements: Iterable[str]) -> dict[str, str]:
    """Return the installed distributions that import statements need, with their versions."""
    roots = {re.split(r"[ .]", text)[1] for text in statements}
    found: dict[str, str] = {}
    for root in sorted(roots - STANDARD - {"colab_save", "__future__"}):
        for distribution in _distributions(root):
            found[distribution] = importlib.metadata.version(distribution)
    return found


@functools.cache
def _distributions(root: str) -> list[str]:
    """Return the distributions of a package; the full map is slow and read only where the names differ."""
    try:
        return [importlib.metadata.metadata(root)["Name"]]
    except importlib.metadata.PackageNotFoundError:
        return sorted(set(importlib.metadata.packages_distributions().get(root, [])))


def packages_of(manifest: Manifest | None) -> frozenset[str]:
    """Return the import names of the installed packages whose classes a trusted artifact may use."""
    needed = {name.lower() for name in manifest.requirements} if manifest is not None else set()
    installed = importlib.metadata.packages_distributions() if needed else {}
    return frozenset(top for top, owners in installed.items() if needed & {owner.lower() for owner in owners})
