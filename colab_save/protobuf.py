"""Protobuf, read by hand from bytes that nobody vouches for: no native code may touch them before inspection."""

from __future__ import annotations

from collections.abc import Iterator

GRAPH = "saved_model.pb"


def fields(view: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Give the fields of one protobuf message by number; those that are no message, text or bytes are empty.

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
            raise ValueError(f"a field of wire type {wire}, which protobuf has not")
        if at > end or not number:
            raise ValueError("a field reaches beyond its message")
        yield number, view[start:at] if wire == 2 else view[:0]


def varint(view: bytes | memoryview, at: int) -> tuple[int, int]:
    """Read a number of variable length, of at most ten bytes.

    Args:
        view: The bytes of the message, or of its beginning.
        at: Where the number begins.

    Returns:
        The number, and where it ends.

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
