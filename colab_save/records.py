"""Frozen records from JSON values, strictly: each field is what its annotation says, or nothing is made.

`manifest`, `facts` and `round_trip` read themselves through this, since what they read may come from anywhere. Values
are taken as they are and never converted, so that a record which was read is written as the same text again.
"""

from __future__ import annotations

import functools
from collections.abc import Hashable
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from types import NoneType, UnionType
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

Record = TypeVar("Record")

PLAIN = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}
"""The plain types of JSON, in words; a whole number is a number too, and a boolean is neither."""


DEEPEST = 100
"""Levels of JSON that a reader follows; a model's own are a fifth of that."""


def check_values(value: object) -> None:
    """Refuse what JSON can hold and we cannot write again: half characters, and nesting without end.

    Raises:
        ValueError: Says which.
    """
    level: list[Any] = [value]
    for _ in range(DEEPEST):
        for item in level:
            if isinstance(item, str):
                item.encode()
        records = [item for item in level if isinstance(item, dict)]
        level = [below for item in level if isinstance(item, list) for below in item]
        level += [below for record in records for pair in record.items() for below in pair]
        if not level:
            return
    raise ValueError(f"more than {DEEPEST} levels deep")


def read_record(kind: type[Record], value: object, where: str = "") -> Record:
    """Make a record of a JSON value.

    Args:
        kind: A dataclass with fields of type `str`, `int`, `float`, `bool`, `Any`, an enum, a dataclass of this kind,
            ``tuple[X, ...]``, ``Mapping[X, Y]`` or ``X | None``.
        value: What `json.loads` gave.
        where: The place of the value, for the error.

    Raises:
        ValueError: Names the first place that is something else.
    """
    known = _expect(dict, "a record", value, where)
    needed, types = _layout(cast("Hashable", kind))
    for name in sorted(needed - known.keys()):
        raise ValueError(f"{_below(where, name)} is missing")
    for name in sorted(known.keys() - types.keys()):
        raise ValueError(f"{_below(where, name)} is not known")
    return kind(**{name: _read(types[name], item, _below(where, name)) for name, item in known.items()})


@functools.cache
def _layout(kind: Any) -> tuple[frozenset[str], dict[str, Any]]:
    """Give the fields that a record must have, and the type of each that it may have."""
    needed = (item.name for item in fields(kind) if item.default is MISSING and item.default_factory is MISSING)
    return frozenset(needed), get_type_hints(kind)


def _read(kind: Any, value: Any, where: str) -> Any:
    if kind is Any:
        return value
    if is_dataclass(kind):
        return read_record(cast("type", kind), value, where)
    origin = get_origin(kind)
    if origin is UnionType:
        (other,) = (item for item in get_args(kind) if item is not NoneType)
        return None if value is None else _read(other, value, where)
    if origin is not None:
        return _read_many(origin, get_args(kind), value, where)
    return _read_plain(kind, value, where) if kind in PLAIN else _read_word(kind, value, where)


def _read_many(origin: Any, arguments: tuple[Any, ...], value: Any, where: str) -> Any:
    kind, below, *_ = arguments
    if origin is tuple:
        items = _expect(list, "a list", value, where)
        return tuple(_read(kind, item, f"{where}[{index}]") for index, item in enumerate(items))
    known = _expect(dict, "a record", value, where)
    return {_read(kind, key, where): _read(below, item, _below(where, key)) for key, item in known.items()}


def _read_plain(kind: type, value: Any, where: str) -> Any:
    is_kind = isinstance(value, (int, float) if kind is float else kind)
    if not is_kind or (isinstance(value, bool) and kind is not bool):
        raise _wrong(PLAIN[kind], value, where)
    return value


def _read_word(kind: type[Enum], value: Any, where: str) -> Any:
    words = [item.value for item in kind]
    if value not in words:
        raise ValueError(f"{where} is {str(value)[:40]!r}, not one of {', '.join(words)}")
    return kind(value)


def _expect(kind: type, words: str, value: Any, where: str) -> Any:
    if not isinstance(value, kind):
        raise _wrong(words, value, where)
    return value


def _wrong(words: str, value: Any, where: str) -> ValueError:
    return ValueError(f"{where or 'the whole'} is {type(value).__name__}, not {words}")


def _below(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name
