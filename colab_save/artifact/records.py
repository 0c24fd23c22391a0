"""Make frozen records from JSON values strictly: every field must be of the type that its annotation says.

`manifest` and `facts` read their records with this, since the JSON may come from anywhere. Values are never converted,
so that a record is written as the same text that it was read from.
"""

# Why by hand: manifests come from anywhere and are signed, so a reader must refuse what does not fit, name the place,
# and change nothing. The packages that read dataclasses from JSON convert by default (``"1"`` becomes 1, unknown
# fields are dropped), and each would be one more requirement in a notebook whose packages colab_save must not change.
# The few kinds of fields that the records have need one small reader each.

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Hashable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from types import NoneType, UnionType
from typing import Any, TypeAlias, TypeVar, cast, get_args, get_origin, get_type_hints

from colab_save.types import Json

Record = TypeVar("Record")

Reader: TypeAlias = Callable[[Json], Any]
"""Returns the value of a field for a JSON value, or raises `_MisfitError`."""

PLAIN = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}
"""The plain types of JSON in words; a whole number is also a number, a boolean is neither."""


DEEPEST = 100
"""Most levels of nested JSON; a manifest of a model has a fifth of that."""


def check_values(value: object) -> None:
    """Raise for JSON that could not be written again: lone surrogates, and very deep nesting.

    Raises:
        ValueError: It holds one of them.
    """
    level: list[Json] = [value]
    for _ in range(DEEPEST):
        lists = [item for item in level if isinstance(item, list)]
        level = [below for item in level if isinstance(item, dict) for below in item.values()]
        level += [below for items in lists for below in items]
        if not level:
            json.dumps(value, ensure_ascii=False).encode()
            return
    raise ValueError(f"it is nested more than {DEEPEST} levels deep")


class _MisfitError(ValueError):
    """A value is not of the type of its annotation; callers prepend its place on the way up."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.place = ""

    def below(self, step: str) -> _MisfitError:
        self.place = step + self.place
        return self

    def __str__(self) -> str:
        return f"{self.place.removeprefix('.') or 'the whole file'} {self.reason}"


def read_record(kind: type[Record], value: object) -> Record:
    """Return a record made from a JSON value.

    Args:
        kind: A dataclass with fields of type `str`, `int`, `float`, `bool`, `Any`, an enum, a dataclass of this kind,
            ``tuple[X, ...]``, ``Mapping[X, Y]`` or ``X | None``.
        value: The value from `json.loads`.

    Raises:
        ValueError: A field is missing, unknown or of another type; the message names its place.
    """
    return cast("Record", _reader(cast("Hashable", kind))(value))


@functools.cache
def _reader(kind: Any) -> Reader:
    """Return the reader of a type; cached, since there are thousands of variables and manifests."""
    if kind is Any:
        return _read_any
    if is_dataclass(kind):
        return _record_reader(cast("type", kind))
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is UnionType:
        (other,) = (item for item in arguments if item is not NoneType)
        return _optional_reader(_reader(other))
    if origin is tuple:
        return _list_reader(_reader(arguments[0]))
    if origin is not None:
        return _mapping_reader(*map(_reader, arguments))
    return _plain_reader(kind) if kind in PLAIN else _word_reader(kind)


def _read_any(value: Json) -> Json:
    return value


def _record_reader(kind: type) -> Reader:
    types = get_type_hints(kind)
    own = [item for item in fields(kind) if item.init]
    needed = {item.name for item in own if item.default is MISSING and item.default_factory is MISSING}
    readers = {item.name: _reader(types[item.name]) for item in own}

    def read(value: Json) -> Any:
        if not isinstance(value, dict):
            raise _wrong("a record", value)
        if not needed <= value.keys() <= readers.keys():
            for name in sorted(needed - value.keys()):
                raise _MisfitError("is missing").below(f".{name}")
            for name in sorted(value.keys() - readers.keys()):
                raise _MisfitError("is unknown").below(f".{name}")
        return kind(**_read_items(readers, value))

    return read


def _read_items(readers: Mapping[str, Reader], value: dict[str, Json]) -> dict[str, Any]:
    read, name = {}, ""
    try:
        for name, item in value.items():
            read[name] = readers[name](item)
    except _MisfitError as error:
        raise error.below(f".{name}") from None
    return read


def _optional_reader(read_other: Reader) -> Reader:
    return lambda value: None if value is None else read_other(value)


def _list_reader(read_item: Reader) -> Reader:
    def read(value: Json) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise _wrong("a list", value)
        items: list[Any] = []
        try:
            for item in value:
                items.append(read_item(item))  # noqa: PERF401 - the length is the place of the next item
        except _MisfitError as error:
            raise error.below(f"[{len(items)}]") from None
        return tuple(items)

    return read


def _mapping_reader(read_key: Reader, read_item: Reader) -> Reader:
    def read(value: Json) -> dict[Any, Any]:
        if not isinstance(value, dict):
            raise _wrong("a record", value)
        items = _read_items(dict.fromkeys(value, read_item), value)
        return {read_key(key): item for key, item in items.items()}

    return read


def _plain_reader(kind: type) -> Reader:
    kinds = (int, float) if kind is float else (kind,)

    def read(value: Json) -> Json:
        if not isinstance(value, kinds) or (isinstance(value, bool) and kind is not bool):
            raise _wrong(PLAIN[kind], value)
        return value

    return read


def _word_reader(kind: type[Enum]) -> Reader:
    words = [item.value for item in kind]

    def read(value: Json) -> Enum:
        if value not in words:
            raise _MisfitError(f"is {str(value)[:40]!r}, not one of {', '.join(words)}")
        return kind(value)

    return read


def _wrong(words: str, value: object) -> _MisfitError:
    return _MisfitError(f"is {type(value).__name__}, not {words}")
