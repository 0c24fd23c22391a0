"""Run captured custom code from its file, and take the custom objects out of it.

Running is the caller's decision: nothing here asks whether a file is trusted.
"""

from __future__ import annotations

import linecache
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from colab_save.custom_code.captured import TABLE, damaged
from colab_save.errors import CustomCodeError
from colab_save.wording import first_line

CODE_MODULE = "colab_save_custom_code"
"""The name under which captured code is imported."""


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
        raise damaged(path, first_line(error)) from error
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
        raise damaged(path, f"it has no {TABLE}")
    return dict(table)


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
