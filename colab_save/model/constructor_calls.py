"""Write an object as the call that made it: its constructor's arguments, and the plain attributes that it has now.

`configs` calls it for an object whose attributes cannot all be written, such as one that holds a lock; `Remaking` calls
the constructor again.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from colab_save.custom_code.naming import names_from
from colab_save.custom_code.remaking import Remaking
from colab_save.model.attribute_configs import Writing, Written
from colab_save.types import Json

LEAVES = frozenset({"array", "bytes", "dtype", "number", "path", "range", "shape", "tensor"})
"""What marks a value that is data, see `Remaking`."""

CONTAINERS = frozenset({"dict", "frozenset", "set", "tuple"})
"""What marks one that is data if all in it are."""


@dataclass(frozen=True, slots=True)
class ConstructorCall:
    """The call that made an object.

    Attributes:
        arguments: Its arguments by position.
        keywords: Its arguments by name.
    """

    arguments: tuple[Any, ...] = ()
    keywords: Mapping[str, Any] = field(default_factory=dict)


def call_config(item: Any, call: ConstructorCall, name_of: Callable[[object], str]) -> Written:
    """Write an object as the call that made it.

    Args:
        item: The live object, see `is_remakeable`.
        call: The call.
        name_of: Returns the name of a class or function in the custom code.

    Raises:
        FormatError: An argument cannot be written, or looks like a secret.
    """
    given = inspect.signature(type(item)).bind(*call.arguments, **call.keywords)
    has, made = Writing(item, name_of), Writing(item, name_of)
    attributes = list(has.attributes())
    # a secret is told by its name
    arguments = [made.attribute(name, value) for name, value in zip(given.arguments, call.arguments, strict=False)]
    config = {
        "arguments": arguments,
        "keywords": [[name, made.attribute(name, value)] for name, value in call.keywords.items()],
        "attributes": [[name, value] for name, value in attributes if _is_data(value)],
        "makes": list(has.lost),
    }
    return Written({Remaking.CALL: config}, {}, made.code)


def _is_data(value: Json) -> bool:
    """Return whether a value as a config holds it is data alone: no object, weight or function is in it."""
    if isinstance(value, list):
        return all(map(_is_data, value))
    if not isinstance(value, dict):
        return True
    return all(name in LEAVES or (name in CONTAINERS and _is_data(held)) for name, held in value.items())


def usable_call(item: Any, find_call: FindCall) -> ConstructorCall | None:
    """Return the call that made an object where it is of use: an attribute cannot be written, its arguments can.

    Raises:
        FormatError: An argument cannot be written.
    """
    writing = Writing(item, names_from({}))
    list(writing.attributes())
    call = find_call(item) if writing.lost else None
    if call is not None:
        call_config(item, call, names_from({}))
    return call


class Called:
    """A ``get_config`` for one object that returns the call that made it.

    Args:
        item: The live object.
        call: The call.
        names: The names of classes and functions in the custom code, by their identity.
    """

    def __init__(self, item: Any, call: ConstructorCall, names: Mapping[int, str]) -> None:
        self.item = item
        self._call, self._name_of = call, names_from(names)

    def __call__(self) -> dict[str, Json]:
        """Return the config."""
        return call_config(self.item, self._call, self._name_of).config


FindCall: TypeAlias = Callable[[Any], ConstructorCall | None]
"""Finds the call that made an object; ``None`` where there is none."""
