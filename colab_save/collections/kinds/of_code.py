"""The kinds of what is of a class that has code: members of enums, and dataclasses, of the user's or of a package.

Classes of the user's are captured with the custom code, others are imported by their module.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import importlib
from collections.abc import Mapping
from typing import Any

from colab_save.collections.kinds.kind import Kind, Making, Parts
from colab_save.custom_code.origins import is_users_module
from colab_save.errors import FormatError, UntrustedCodeError
from colab_save.hints import literal, option


def _class_of(value: Any) -> Parts:
    """Return how to find the class of a value: by its name in the custom code, or in its module."""
    kind = type(value)
    is_own = is_users_module(kind.__module__)
    return {"module": "" if is_own else kind.__module__, "class": kind.__name__ if is_own else kind.__qualname__}


def _found(parts: Mapping[str, Any], making: Making) -> Any:
    """Return the class.

    Raises:
        UntrustedCodeError: The file is not trusted.
        FormatError: The class is gone.
    """
    module, name = parts["module"], parts["class"]
    if not making.is_trusted:
        raise UntrustedCodeError(
            f"A {literal(name)} is made only from a file of your own, or one that you trust.",
            f"If you trust where it came from, add {option('trust')}.",
        )
    try:
        return (
            functools.reduce(getattr, name.split("."), importlib.import_module(module))
            if module
            else making.objects[name]
        )
    except (ImportError, AttributeError, KeyError) as error:
        raise FormatError(f"There is no class {literal(name)}.", "Define it before you load.") from error


def _is_member(value: Any) -> bool:
    return isinstance(value, enum.Enum)


def _member(value: Any) -> Parts:
    is_named = value.name in type(value).__members__
    return {**_class_of(value), "member": value.name if is_named else None, "value": None if is_named else value.value}


def _make_member(parts: Mapping[str, Any], making: Making) -> Any:
    kind, name = _found(parts, making), parts["member"]
    if not (isinstance(kind, type) and issubclass(kind, enum.Enum)):
        raise TypeError(f"{kind} is no enum")
    return kind(parts["value"]) if name is None else kind[name]  # several flags at once have no name


def _is_record(value: Any) -> bool:
    return dataclasses.is_dataclass(value) and not isinstance(value, type)


def _record(value: Any) -> Parts:
    if any("__new__" in vars(base) for base in type(value).__mro__[:-1]):
        raise FormatError(f"is of the class {type(value).__qualname__}, which makes its objects in __new__()", "")
    names = [each.name for each in dataclasses.fields(value) if hasattr(value, each.name)]
    held = {name: getattr(value, name) for name in names} | dict(getattr(value, "__dict__", {}))
    return {**_class_of(value), "fields": held}


def _make_record(parts: Mapping[str, Any], making: Making) -> Any:
    kind = _found(parts, making)
    if not dataclasses.is_dataclass(kind) or not isinstance(kind, type):
        raise TypeError(f"{kind} is no dataclass")
    made = object.__new__(kind)
    for name, value in parts["fields"].items():
        object.__setattr__(made, name, value)  # also of one that is frozen
    return made


KINDS = (
    Kind("code.enum", _is_member, _member, _make_member),
    Kind("code.dataclass", _is_record, _record, _make_record, is_part=True),
)
"""The kinds of what has code. In a collection a dataclass may hold models, and is made as any object of the user's."""
