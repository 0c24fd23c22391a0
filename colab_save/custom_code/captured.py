"""The result of one capture: the user's classes and functions as one readable Python module.

`capturing` makes it, ``saving/staging.py`` writes its source as ``custom_code.py``, and `running` runs that file again.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from types import FunctionType, MappingProxyType

from colab_save.artifact.layout import CODE_ARRAYS, CUSTOM_CODE
from colab_save.custom_code.reading_files import with_assets
from colab_save.dialect import DIALECTS
from colab_save.errors import DamagedFileError
from colab_save.types import Array

TABLE = "CUSTOM_OBJECTS"
"""The dict in a captured file that maps the names Keras looks up to the objects; it works without this package."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A name that the custom code uses and that could not be captured.

    Attributes:
        name: The name as the code uses it.
        reason: Why, as the rest of a sentence that begins with the name.
        hint: What to change so that it can be captured.
        needed_by: The definition that uses it; empty for a custom object itself.
    """

    name: str
    reason: str
    hint: str
    needed_by: str = ""

    def __str__(self) -> str:
        return f"{self.name}{f' (used by {self.needed_by})' if self.needed_by else ''} {self.reason}"


@dataclass(frozen=True, slots=True)
class CustomCode:
    """The user's code that a reload needs, as source.

    Attributes:
        source: A Python module: imports, constants, helper functions, classes and functions in dependency order, and
            at its end the table ``CUSTOM_OBJECTS``. Empty when the model needs no custom code.
        requirements: The installed distributions that it imports, with their versions.
        missing: The names that it uses and that could not be captured.
        objects: The live objects by the names under which Keras looks them up: the plain name, and
            ``package>Name`` for registered objects.
        arrays: Those of the live models and variables that the code uses, by a name and a number.
    """

    source: str = ""
    requirements: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[Missing, ...] = ()
    objects: Mapping[str, object] = field(default_factory=dict, compare=False, repr=False)
    arrays: Mapping[str, Array] = field(default_factory=dict, compare=False, repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names under which Keras looks the custom objects up."""
        return tuple(self.objects)

    def write(self, folder: Path, assets: Mapping[str, str] = MappingProxyType({})) -> None:
        """Write the source to a folder, and the arrays beside it; nothing where the model needs no custom code.

        Args:
            folder: The folder, which has the assets.
            assets: The path in it of each file that the code reads, by its path as the notebook spelled it.
        """
        import numpy as np

        if self.source:
            (folder / CUSTOM_CODE).write_text(with_assets(self.source, assets), encoding="utf-8")
        if self.arrays:
            np.savez(folder / CODE_ARRAYS, **self.arrays)


def lambdas_by_name(code: CustomCode) -> AbstractContextManager[None]:
    """Name each captured lambda as the captured file does, while a model is examined."""
    return _named({name: item for name, item in _functions(code) if item.__name__ == "<lambda>"})


def functions_by_name(code: CustomCode) -> AbstractContextManager[None]:
    """Name each captured function as Keras is to look it up, while a model is saved.

    Keras writes a function by its name, and several may have the same; in the file each has the name that it had. One
    called ``<lambda>`` it writes as bytecode, which safe mode refuses and another Python version cannot read
    (``keras/src/layers/core/lambda_layer.py``, 3.13 and 3.15).
    """
    return _named({name: item for name, item in _functions(code) if name.isidentifier() and name != item.__name__})


@contextlib.contextmanager
def classes_by_name(code: CustomCode) -> Iterator[None]:
    """Register each captured class as Keras is to look it up, while a model is saved: several may have one name.

    The tables are private (``src/saving/object_registration.py`` of Keras 3.8 to 3.15 and of tf_keras 2.16 to 2.21);
    the public way registers a class for good, in the name of a package.
    """
    named = {item: name for name, item in code.objects.items() if _is_numbered(name, item)}
    tables = [found for found in map(_registered_names, DIALECTS) if found is not None] if named else []
    new = [(table, item, name) for table in tables for item, name in named.items() if item not in table]
    for table, item, name in new:
        table[item] = name
    try:
        yield
    finally:
        for table, item, _ in new:
            del table[item]


def _is_numbered(name: str, item: object) -> bool:
    return isinstance(item, type) and name.isidentifier() and name != item.__name__


def _registered_names(dialect: str) -> dict[object, str] | None:
    module = sys.modules.get(f"{dialect}.src.saving.object_registration")
    found = getattr(module, "GLOBAL_CUSTOM_NAMES", getattr(module, "_GLOBAL_CUSTOM_NAMES", None))
    return found if isinstance(found, dict) else None


def _functions(code: CustomCode) -> list[tuple[str, FunctionType]]:
    return [(name, item) for name, item in code.objects.items() if isinstance(item, FunctionType)]


@contextlib.contextmanager
def _named(functions: Mapping[str, FunctionType]) -> Iterator[None]:
    before = [(item, item.__name__) for item in functions.values()]
    try:
        for name, item in functions.items():
            item.__name__ = name
        yield
    finally:
        for item, name in before:
            item.__name__ = name


def damaged(file: Path, reason: str) -> DamagedFileError:
    """Return the error for a file that does not contain captured custom code."""
    return DamagedFileError(
        f"{file.name} does not contain captured custom code: {reason}.",
        "Save the model again, or define its classes yourself.",
    )
