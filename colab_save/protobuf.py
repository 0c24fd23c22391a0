"""Read protobuf messages from untrusted bytes in Python: no native code may see them before they are inspected."""

from __future__ import annotations

from collections.abc import Iterator

GRAPH = "saved_model.pb"
"""The file of a SavedModel with its graph."""


def fields(view: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Yield the number and the content of each field of a message; only texts, bytes and messages have a content.

    Raises:
        ValueError: The message is cut off or malformed.
    """
    at, end = 0, len(view)
    while at < end:
        tag, at = varint(view, at)
        number, wire = tag >> 3, tag & 7
        start = at
        if wire == 2:
            length, start = varint(view, at)
            at = start + length
        elif wire == 0:
            _, at = varint(view, at)
        elif wire in {1, 5}:
            at += 8 if wire == 1 else 4
        else:
            raise ValueError(f"a field has the wire type {wire}, which protobuf does not define")
        if at > end or not number:
            raise ValueError("a field reaches beyond its message")
        yield number, view[start:at] if wire == 2 else view[:0]


def varint(view: bytes | memoryview, at: int) -> tuple[int, int]:
    """Read a number of variable length (a varint), of at most ten bytes.

    Args:
        view: The bytes of the message, or of its beginning.
        at: The index at which the number begins.

    Returns:
        The number, and the index behind it.

    Raises:
        ValueError: It reaches beyond the bytes.
    """
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(view):
            break
        byte = view[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
    raise ValueError("a number reaches beyond its message")
