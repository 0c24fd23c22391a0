"""Run captured custom code from its file, and return the custom objects that it defines.

The fresh process and ``loading/custom_objects.py`` call it. They have decided that the file may run; nothing here
checks whether it is trusted.
"""

from __future__ import annotations

import linecache
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from colab_save.custom_code.captured import TABLE, damaged
from colab_save.errors import CustomCodeError
from colab_save.wording import first_line

CODE_MODULE = "colab_save_custom_code"
"""The name under which captured code is imported."""


def load_custom_code(path: Path, module_name: str) -> dict[str, object]:
    """Run a captured file as a new module, and return its custom objects by the names that Keras looks up.

    Objects that the session has registered with Keras stay registered: live classes come first.

    Args:
        path: The captured file.
        module_name: The name of the module in `sys.modules`; a module of that name is replaced.

    Raises:
        DamagedFileError: The file is not Python, or has no table of custom objects.
        CustomCodeError: The code raised an error.
    """
    try:
        text = path.read_text("utf-8")
        code = compile(text, str(path), "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        raise damaged(path, first_line(error)) from error
    module = ModuleType(module_name)
    module.__file__ = str(path)
    linecache.cache[str(path)] = (len(text), None, text.splitlines(keepends=True), str(path))
    sys.modules[module_name] = module
    try:
        with _registrations_restored():
            exec(code, vars(module))  # noqa: S102 - the caller has decided that the file is trusted
    except Exception as error:  # the user's own code may raise anything
        del sys.modules[module_name]
        raise CustomCodeError(
            f"Running the custom code in {path.name} failed: {first_line(error)}.",
            "Define its classes in the notebook before loading, or run the file by hand to see where it fails.",
        ) from error
    table = vars(module).get(TABLE)
    if not isinstance(table, dict):
        raise damaged(path, f"it has no {TABLE}")
    return dict(table)


@contextmanager
def _registrations_restored() -> Iterator[None]:
    """Restore the objects that were registered with Keras before, where the code registers the same names."""
    loaded = [sys.modules[name] for name in ("keras", "tf_keras") if name in sys.modules]
    registries = [module.saving.get_custom_objects() for module in loaded]
    before = [dict(registry) for registry in registries]
    try:
        yield
    finally:
        for registry, earlier in zip(registries, before, strict=True):
            registry.update(earlier)
