"""The kinds of Python's own classes: bytes, complex numbers, ranges, dates, paths and collections."""

from __future__ import annotations

import argparse
import collections
import datetime as dt
import decimal
import fractions
import pathlib
import re
import types
import uuid
import zoneinfo
from collections.abc import Callable, Mapping
from typing import Any

from colab_save.collections.kinds.kind import Kind, Parts, exactly
from colab_save.errors import FormatError

FACTORIES: Mapping[str, type] = {kind.__name__: kind for kind in (list, dict, set, int, float, str, tuple, bool)}
"""What may make the default of a ``defaultdict``: of any other, such as a lambda, no file holds the code."""


def _of(name: str, kind: type, apart: Callable[[Any], Parts], together: Callable[..., Any]) -> Kind:
    """Return the kind of one class, which is put together from its parts in their order."""
    return Kind(f"python.{name}", exactly(kind), apart, lambda parts, _: together(*parts.values()))


def _from_attributes(kind: type, *names: str) -> Kind:
    """Return the kind of a class whose constructor takes its attributes in this order."""
    return _of(kind.__name__, kind, lambda value: {name: getattr(value, name) for name in names}, kind)


def _bytes(kind: type) -> Kind:
    def apart(value: Any) -> Parts:
        import numpy as np

        return {"data": np.frombuffer(bytes(value), dtype="uint8")}

    return _of(kind.__name__, kind, apart, lambda data: kind(data.tobytes()))


def _text(kind: type, name: str = "", read: Callable[[str], Any] | None = None) -> Kind:
    """Return the kind of a class that a text makes."""
    return _of(name or kind.__name__, kind, lambda value: {"text": str(value)}, read or kind)


def _iso(kind: Any) -> Kind:
    """Return the kind of a date or time, which ISO 8601 writes without its zone."""

    def apart(value: Any) -> Parts:
        if value.tzinfo is not None and type(value.tzinfo) not in (dt.timezone, zoneinfo.ZoneInfo):
            raise FormatError(f"has a time zone of {type(value.tzinfo).__module__}, which no file holds exactly", "")
        return {"text": value.replace(tzinfo=None, fold=0).isoformat(), "fold": value.fold, "zone": value.tzinfo}

    def together(text: str, fold: int, zone: dt.tzinfo | None) -> Any:
        return kind.fromisoformat(text).replace(fold=fold, tzinfo=zone)

    return _of(kind.__name__, kind, apart, together)


def _zone(value: zoneinfo.ZoneInfo) -> Parts:
    if value.key is None:
        raise FormatError("is a time zone without a name", "")
    return {"name": value.key}


def _offset(value: dt.timezone) -> Parts:
    given = value.__getinitargs__()  # type: ignore[attr-defined]  # the stubs lack what pickle and copy call
    return {"offset": given[0], "name": given[1] if len(given) > 1 else None}


def _fixed(offset: dt.timedelta, name: str | None) -> dt.timezone:
    return dt.timezone(offset) if name is None else dt.timezone(offset, name)


def _default() -> Kind:
    def fits(value: Any) -> bool:
        kind = collections.defaultdict
        return type(value) is kind and value.default_factory in {None, *FACTORIES.values()}

    def apart(value: Any) -> Parts:
        return {"factory": value.default_factory and value.default_factory.__name__, "items": dict(value)}

    def together(parts: Mapping[str, Any], _: object) -> Any:
        name = parts["factory"]
        return collections.defaultdict(None if name is None else FACTORIES[name], parts["items"])

    return Kind("python.defaultdict", fits, apart, together)


def _items(kind: Any, inner: type) -> Kind:
    """Return the kind of a container that a plain one makes."""
    return _of(kind.__name__, kind, lambda value: {"items": inner(value)}, kind)


def _namespace(kind: Any) -> Kind:
    name = f"{kind.__module__}.{kind.__name__}".removeprefix("types.")
    return _of(name, kind, lambda value: {"items": dict(vars(value))}, lambda items: kind(**items))


KINDS: tuple[Kind, ...] = (
    _bytes(bytes),
    _bytes(bytearray),
    _from_attributes(complex, "real", "imag"),
    *(_from_attributes(kind, "start", "stop", "step") for kind in (range, slice)),
    _of("date", dt.date, lambda value: {"text": value.isoformat()}, dt.date.fromisoformat),
    _iso(dt.datetime),
    _iso(dt.time),
    _from_attributes(dt.timedelta, "days", "seconds", "microseconds"),
    _of("timezone", dt.timezone, _offset, _fixed),
    _of("ZoneInfo", zoneinfo.ZoneInfo, _zone, zoneinfo.ZoneInfo),
    _text(decimal.Decimal),
    _from_attributes(fractions.Fraction, "numerator", "denominator"),
    _text(uuid.UUID),
    _text(pathlib.PurePosixPath),
    _text(pathlib.PureWindowsPath),
    _text(type(pathlib.Path()), "Path", pathlib.Path),
    _of("Pattern", re.Pattern, lambda value: {"pattern": value.pattern, "flags": value.flags}, re.compile),
    _items(frozenset, set),
    _items(collections.OrderedDict, dict),
    _items(collections.Counter, dict),
    _default(),
    _namespace(types.SimpleNamespace),
    _namespace(argparse.Namespace),
)
"""The kinds of the standard library."""
