"""Custom code as a whole: captured from live objects, run again from its file, compared with what is live.

Running is the caller's decision: nothing here asks whether a file is trusted.
"""

from __future__ import annotations

import ast
import linecache
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from colab_save.custom_code.captured import TABLE, CustomCode
from colab_save.custom_code.definitions import module_text
from colab_save.custom_code.gathering import Gathering
from colab_save.custom_code.origins import requirements_of
from colab_save.custom_code.sources import normal
from colab_save.errors import CustomCodeError, DamagedFileError
from colab_save.wording import first_line


def capture(objects: Iterable[object], namespace: Mapping[str, object], extra_names: Iterable[str] = ()) -> CustomCode:
    """Capture the source of custom objects, with the imports, constants and helpers that it uses.

    Args:
        objects: Live classes and functions, see `find_custom_objects`; those of installed packages are imported.
        namespace: The notebook's variables, for names that an object's own module does not have.
        extra_names: Names of the namespace to add.
    """
    gathering = Gathering(namespace)
    table: dict[str, str] = {}
    live: dict[str, object] = {}
    for value in objects:
        try:
            name = gathering.refer(value)
        except CustomCodeError as error:
            gathering.miss(getattr(value, "__name__", repr(value)), error)
            continue
        for key in _keys(value, name):
            table[key], live[key] = name, value
    for name in extra_names:
        if name in namespace:
            gathering.add(name, namespace[name], gathering.library.imports_around(None))
    gathering.finish()
    known = gathering.definitions.keys() | gathering.imports.keys()
    table = {key: name for key, name in table.items() if name.partition(".")[0] in known}
    missing = tuple(gathering.missing.values())
    if not known:
        return CustomCode(missing=missing)
    statements = sorted(text for found in gathering.imports.values() for text in found)
    requirements = requirements_of(statements)
    source = module_text(statements, gathering.definitions, table, requirements, missing)
    return CustomCode(source, requirements, missing, {key: live[key] for key in table})


def _keys(value: object, name: str) -> Iterator[str]:
    """Give the names under which Keras looks an object up: its plain name, and its registered one if it has one.

    A class is looked up by its registered name and a function by the name in its config, which is the registered
    one too (``_retrieve_class_or_fn`` in ``keras/src/saving/serialization_lib.py``, 3.13 and 3.15); what is not
    registered counts as registered under its plain name there.
    """
    plain = getattr(value, "__name__", name)
    yield name if plain == "<lambda>" else plain
    for package in ("keras", "tf_keras"):
        saving = getattr(sys.modules.get(package), "saving", None)
        registered = plain if saving is None else saving.get_registered_name(value)
        if registered != plain:
            yield registered


def load_custom_code(path: Path, module_name: str) -> dict[str, Any]:
    """Run a captured file as a fresh module, and give the custom objects by the names that Keras looks up.

    What the session itself has registered with Keras stays registered: live classes come first.

    Args:
        path: The file.
        module_name: The private name of the module in `sys.modules`; a module of that name is replaced.

    Raises:
        DamagedFileError: It is no Python, or has no table of custom objects.
        CustomCodeError: Running it failed.
    """
    try:
        text = path.read_text("utf-8")
        code = compile(text, str(path), "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        raise _damaged(path, first_line(error)) from error
    module = ModuleType(module_name)
    module.__file__ = str(path)
    linecache.cache[str(path)] = (len(text), None, text.splitlines(keepends=True), str(path))
    sys.modules[module_name] = module
    try:
        with _registrations_kept():
            exec(code, vars(module))  # noqa: S102 - the caller has decided that the file is trusted
    except Exception as error:  # the user's own code may raise anything
        del sys.modules[module_name]
        raise CustomCodeError(
            f"The custom code {path.name} fails: {first_line(error)}.",
            "Define its classes in the notebook before loading, or run it by hand to see where it fails.",
        ) from error
    table = vars(module).get(TABLE)
    if not isinstance(table, dict):
        raise _damaged(path, f"it has no {TABLE}")
    return dict(table)


def _damaged(path: Path, reason: str) -> DamagedFileError:
    return DamagedFileError(
        f"{path.name} is no captured custom code: {reason}.", "Save the model again, or define its classes yourself."
    )


@contextmanager
def _registrations_kept() -> Iterator[None]:
    """Put back what was registered with Keras before, where the code registers the same name again."""
    loaded = [sys.modules[name] for name in ("keras", "tf_keras") if name in sys.modules]
    registries = [module.saving.get_custom_objects() for module in loaded]
    before = [dict(registry) for registry in registries]
    try:
        yield
    finally:
        for registry, kept in zip(registries, before, strict=True):
            registry.update(kept)


def compare_source(captured: Path, live: Mapping[str, object]) -> list[str]:
    """Name the definitions of a captured file that the live objects of the same names define otherwise.

    Helpers, constants and closures count too; layout and comments do not. An object whose live source cannot be
    seen is named as well, since nothing is known about it.

    Args:
        captured: The file.
        live: The notebook's variables.

    Raises:
        DamagedFileError: The file is no captured custom code.
    """
    try:
        tree = ast.parse(captured.read_text("utf-8"))
    except (SyntaxError, ValueError) as error:
        raise _damaged(captured, first_line(error)) from error
    saved = _statements(tree)
    objects = {name: live[name] for name in saved if name in live and callable(live[name])}
    code = capture(objects.values(), live)
    found = _statements(ast.parse(code.source))
    unseen = [name for name in objects if name not in found]
    return sorted({*unseen, *(name for name in found if found[name] != saved.get(name))})


def _statements(tree: ast.Module) -> dict[str, list[str]]:
    """Give the statements of a captured file by the name that they define."""
    found: dict[str, list[str]] = {}
    for node in tree.body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            found.setdefault(node.name, []).append(normal(node))
        elif isinstance(node, ast.Assign):
            name = ast.unparse(node.targets[0]).partition(".")[0]
            found.setdefault(name, []).append(normal(node))
    found.pop(TABLE, None)
    return found
