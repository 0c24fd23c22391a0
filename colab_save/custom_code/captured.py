"""What one capture gives: the user's classes and functions as one readable Python module.

`capturing` makes it, `staging` writes its source as ``custom_code.py``, `running` executes that file again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from colab_save.errors import DamagedFileError

TABLE = "CUSTOM_OBJECTS"
"""The name in the file that maps what Keras looks up to the objects; usable without this package."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A name that the custom code uses and that could not be captured.

    Attributes:
        name: The name, as the code uses it.
        reason: Why, in words that end the sentence "``name`` …".
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
    """Everything of the user's own that a reload needs, as source.

    Attributes:
        source: A Python module: imports, constants, helpers, classes and functions in dependency order, and at
            its end the table ``CUSTOM_OBJECTS``. Empty when the model needs no custom code.
        requirements: The installed distributions that it imports, with their versions.
        missing: What it uses and could not be captured.
        objects: The live objects by the names under which Keras looks them up: the plain name, and
            ``package>Name`` for what was registered.
    """

    source: str = ""
    requirements: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[Missing, ...] = ()
    objects: Mapping[str, object] = field(default_factory=dict, compare=False, repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """Give the names under which Keras looks the custom objects up."""
        return tuple(self.objects)


@contextlib.contextmanager
def lambdas_by_name(code: CustomCode) -> Iterator[None]:
    """Give each captured lambda its name of the file, for the time of a save.

    Keras writes a function called ``<lambda>`` as bytecode, which safe mode refuses and another Python version
    cannot read (``keras/src/layers/core/lambda_layer.py``, 3.13 and 3.15); any other name is written as a name.
    """
    unnamed = [(name, item) for name, item in code.objects.items() if getattr(item, "__name__", "") == "<lambda>"]
    try:
        for name, item in unnamed:
            item.__name__ = name  # type: ignore[attr-defined]
        yield
    finally:
        for _, item in unnamed:
            item.__name__ = "<lambda>"  # type: ignore[attr-defined]


def damaged(file: Path, reason: str) -> DamagedFileError:
    """Return the error for a file that is no captured custom code."""
    return DamagedFileError(
        f"{file.name} is no captured custom code: {reason}.", "Save the model again, or define its classes yourself."
    )
