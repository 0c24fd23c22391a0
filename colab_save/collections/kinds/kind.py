"""One kind of value that a collection holds: how it is taken apart into plain values, and put together from them.

Each family of kinds is a module with its ``KINDS``; `table` finds the kind of a value. Nothing here imports a library
that the value is not of, or that the file does not name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from colab_save.secrecy import secret_in_bytes

Parts: TypeAlias = dict[str, Any]
"""What a value is made of, by name: plain values, arrays, and values of other kinds."""


@dataclass(frozen=True, slots=True)
class Making:
    """What putting together may use.

    Attributes:
        objects: Classes by the name that the custom code has for them.
        is_trusted: Whether the file may have objects made of classes that it names.
    """

    objects: Mapping[str, Any] = field(default_factory=dict)
    is_trusted: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of value.

    Attributes:
        name: Its name in a file: the package and the class, such as ``pandas.Series``.
        fits: Returns whether a value is of this kind; it may import nothing.
        apart: Returns the parts of a value. It raises a `FormatError` whose message ends the sentence "NAME …".
        together: Returns the value that has these parts.
        is_part: Whether a model may hold it, too, and train it: then it is an extra only, and not in a collection.
    """

    name: str
    fits: Callable[[Any], bool]
    apart: Callable[[Any], Parts]
    together: Callable[[Mapping[str, Any], Making], Any]
    is_part: bool = False


def exactly(*types: type) -> Callable[[Any], bool]:
    """Return a test for values of exactly these classes: one of a subclass would come back as another."""
    return lambda value: type(value) in types


def has_secret(parts: Mapping[str, Any]) -> bool:
    """Return whether a part of bytes, as another package wrote it, has what is shaped like a key or a token.

    NumPy writes four bytes for each letter of a text.
    """
    for part in parts.values():
        if isinstance(part, Mapping):
            if has_secret(part):
                return True
        elif getattr(part, "dtype", None) == "uint8":
            content = part.tobytes()
            if secret_in_bytes(content) or secret_in_bytes(content.replace(b"\0", b"")):
                return True
    return False
