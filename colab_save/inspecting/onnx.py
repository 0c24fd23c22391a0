"""Inspect an ONNX file: recognise it by its fields, since it has no magic bytes, and find the files that it names.

The table of formats names its functions. An ONNX model only computes, but it may have its weights in other files.
Fields are numbered as in ``onnx.proto`` (github.com/onnx/onnx, 1.23).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PureWindowsPath
from typing import BinaryIO

from colab_save.errors import DamagedFileError, UnsafeFileError
from colab_save.hints import literal
from colab_save.inspecting.findings import DO_NOT_OPEN, Findings
from colab_save.inspecting.limits import MAX_DEPTH, MAX_FIELDS, MAX_GRAPH
from colab_save.inspecting.sight import Sight
from colab_save.protobuf import varint

_AGAIN = "Download or copy it again, or load another version."
_TEXT, _NUMBER, _GRAPH, _OPSETS = 2, 0, 7, 8
_FIELDS = {1: _NUMBER, 2: _TEXT, 3: _TEXT, 4: _TEXT, 5: _NUMBER, 6: _TEXT, 7: _TEXT, 8: _TEXT}
_FIELDS |= {14: _TEXT, 20: _TEXT, 25: _TEXT, 26: _TEXT}
"""The fields of a model and their wire types."""

LONGEST_PATH = 250
"""Most characters of the name of a file with weights; a part of a path has at most 255 bytes."""

_ENTRY = "entry"
_PARTS = {
    "model": {_GRAPH: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {13: _ENTRY},
}
"""For each message, the fields with messages that may name a file."""


def is_onnx(sight: Sight) -> bool:
    """Return whether a file is an ONNX model: a protobuf message with the fields of one and a graph.

    Raises:
        DamagedFileError: It is an ONNX model, but cut off.
    """
    if sight.file is None:
        return False
    seen: set[int] = set()
    file, size = sight.file, sight.size
    try:
        for count, (number, wire, at, length) in enumerate(_fields(file, 0, size)):
            if _FIELDS.get(number) != wire or count > MAX_FIELDS:
                return False
            seen.add(number)
            if at + length > size:
                break
        else:
            return _GRAPH in seen
    except ValueError:
        return False
    if not {1, number} <= seen or number < _GRAPH:  # other messages also begin with a number and a text
        return False
    raise DamagedFileError(
        f"{sight.path} is an ONNX model that is cut off: it has {size:,} bytes of {at + length:,} or more.", _AGAIN
    )


def inspect_onnx(sight: Sight, _: frozenset[str]) -> Findings:
    """Check the structure of an ONNX file; it runs no code."""
    _scan(sight.path)
    return Findings(sight.format)


def _scan(path: Path) -> None:
    """Check the structure of an ONNX file, and that the files with weights that it names lie beside it.

    Raises:
        DamagedFileError: It is cut off, malformed, or a file with weights is missing.
        UnsafeFileError: It names a file elsewhere, or is made to exhaust whoever reads it.
    """
    size = path.stat().st_size
    if size > MAX_GRAPH:
        raise DamagedFileError(f"{path} has {size:,} bytes; an ONNX file has at most {MAX_GRAPH:,}.", _AGAIN)
    with path.open("rb") as file:
        try:
            has_operators = any(number == _OPSETS for number, *_ in _fields(file, 0, size))
            named = list(_external(file, size, path))
        except ValueError as error:
            raise DamagedFileError(f"{path} is damaged: {literal(str(error))}.", _AGAIN) from None
    if not has_operators:
        raise DamagedFileError(f"{path} is cut off: it names no operator set.", _AGAIN)
    for location in dict.fromkeys(named):
        _check_beside(path, location)


def _external(file: BinaryIO, size: int, path: Path) -> Iterator[str]:
    """Yield each file in which a tensor has its values, in the model, its subgraphs and its functions."""
    pending = [("model", 0, size, 0)]
    count = 0
    while pending:
        kind, start, end, depth = pending.pop()
        entry: dict[int, bytes] = {}
        for number, wire, at, length in _fields(file, start, end):
            count += 1
            if depth > MAX_DEPTH or count > MAX_FIELDS:
                limit = f"{MAX_DEPTH} levels" if depth > MAX_DEPTH else f"{MAX_FIELDS:,} fields"
                raise UnsafeFileError(f"{path} has more than {limit}.", DO_NOT_OPEN)
            if at + length > end:
                raise ValueError("a field reaches beyond its message")
            below = _PARTS.get(kind, {}).get(number)
            if below and wire == _TEXT:
                pending.append((below, at, at + length, depth + 1))
            elif kind == _ENTRY and wire == _TEXT:
                file.seek(at)
                entry[number] = file.read(min(length, LONGEST_PATH + 1))
        if entry.get(1) == b"location":
            yield entry.get(2, b"").decode("utf-8", "replace")


def _check_beside(path: Path, location: str) -> None:
    there = PureWindowsPath(location)  # handles both separators, and drives
    file = path.parent / location.replace("\0", "")
    if not location.strip("./\\") or "\0" in location or there.anchor or ".." in there.parts:
        raise UnsafeFileError(f"{path} has its weights in {location!r}, outside its folder.", DO_NOT_OPEN)
    if len(location) > LONGEST_PATH or not file.is_file():
        raise DamagedFileError(
            f"{path} has its weights in {location[:200]!r}, but there is no such file beside it.",
            "Copy that file into the same folder too.",
        )
    if not file.resolve().is_relative_to(path.parent.resolve()):
        raise UnsafeFileError(
            f"{path.name} has its weights in {file}, a link to a place outside its folder.", DO_NOT_OPEN
        )


def _fields(file: BinaryIO, at: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield the number, wire type, position and length of each field of a message, without reading the values.

    Raises:
        ValueError: The message is malformed.
    """
    while at < end:
        file.seek(at)
        head = file.read(min(20, end - at))
        tag, used = varint(head, 0)
        number, wire = tag >> 3, tag & 7
        if not number or wire not in {0, 1, 2, 5}:
            raise ValueError(f"field {number} has the wire type {wire}, which protobuf does not define")
        length = {1: 8, 5: 4}.get(wire, 0)
        if wire in {0, 2}:
            value, after = varint(head, used)
            length, used = (value, after) if wire == _TEXT else (after - used, used)
        yield number, wire, at + used, length
        at += used + length
