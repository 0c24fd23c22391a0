"""Decode HDF5 records in Python: the superblock, the headers of objects, B-trees.

`objects` and `structure` use them. libhdf5 must not see untrusted bytes first: on damaged files it aborts the process
or never returns (1.14.6 and 2.0.0). The layout is in the "HDF5 File Format Specification 3.0"; only the parts that h5py
writes by default are supported.
"""

# Why by hand: no native code may touch a file that nobody vouches for, and h5py opens one only through libhdf5, which
# parses all of these records in C. A reader in pure Python (pyfive) would be one more requirement, and is made for
# files that are whole. Here each offset is checked before it is followed, the work is counted, and what Keras never
# writes is refused.

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

UNDEFINED = 2**64 - 1
"""The address that means: not there."""

CONTINUATION = 16
"""The kind of a message that refers to a further block of messages."""


class MalformedError(ValueError):
    """Records contradict each other, or are of a kind that h5py does not write by default."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of an object's header."""

    kind: int
    flags: int
    body: bytes


class Source:
    """The bytes of an HDF5 file by address, with a budget for how many may be read."""

    def __init__(self, file: BinaryIO, size: int, budget: int) -> None:
        self.file, self.size, self.budget = file, size, budget
        self.heaps: dict[int, dict[int, tuple[int, int]]] = {}
        head = self.read(0, 64)
        self.version = head[8]
        halves = struct.unpack_from("<2H", head, 16) if self.version < 2 else (4, 16)
        self.leaf_entries, self.node_entries = 2 * halves[0], 2 * halves[1]
        base = {0: 24, 1: 28}.get(self.version, 12)
        if struct.unpack_from("<Q", head, base)[0]:
            raise MalformedError("its addresses do not begin at its first byte")
        self.root: int = struct.unpack("<Q", self.read({0: 64, 1: 68}.get(self.version, 36), 8))[0]

    def read(self, address: int, length: int) -> bytes:
        """Return the bytes of a record.

        Raises:
            MalformedError: It lies outside the file, or the budget is exceeded.
        """
        if min(address, length) < 0 or address + length > self.size:
            raise MalformedError(f"a record at {address:,} lies beyond its end")
        self.budget -= length
        if self.budget < 0:
            raise MalformedError("its structure is larger than that of any model")
        self.file.seek(address)
        data = self.file.read(length)
        if len(data) < length:
            raise MalformedError("it became shorter while it was read")
        return data


def messages(source: Source, address: int) -> list[Message]:
    """Return the messages of an object's header with all its continuations."""
    head = source.read(address, 16)
    is_new = head.startswith(b"OHDR")
    if is_new:
        at, length, ordered = _new_header(source, address, head)
    else:
        version, _, _, _, length = struct.unpack_from("<BBHLL", head)
        at, ordered = address + 16, False
        if version != 1:
            raise MalformedError(f"there is no object at {address:,}")
    found: list[Message] = []
    blocks, seen = [(at, length)], {at}
    while blocks:
        at, length = blocks.pop()
        for message in _split(source.read(at, length), is_new=is_new, ordered=ordered):
            if message.kind != CONTINUATION:
                found.append(message)
                continue
            at_next, size = struct.unpack("<QQ", exact(message.body, 16))
            if at_next in seen or len(seen) > 1000:
                raise MalformedError("a header continues into itself")
            seen.add(at_next)
            if is_new and source.read(at_next, 4) != b"OCHK":
                raise MalformedError("the continuation of a header is missing")
            blocks.append((at_next + 4, size - 8) if is_new else (at_next, size))
    return found


def _new_header(source: Source, address: int, head: bytes) -> tuple[int, int, bool]:
    flags = head[5]
    at = address + 6 + (16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0)
    width = 1 << (flags & 3)
    length = int.from_bytes(source.read(at, width), "little")
    return at + width, length, bool(flags & 4)


def _split(block: bytes, *, is_new: bool, ordered: bool) -> Iterator[Message]:
    header = struct.Struct("<BHB") if is_new else struct.Struct("<HHB3x")
    at = 0
    while at + header.size <= len(block):
        kind, size, flags = header.unpack_from(block, at)
        at += header.size + (2 if ordered else 0)
        if at + size > len(block):
            raise MalformedError("a message is longer than its header")
        yield Message(kind, flags, block[at : at + size])
        at += size


def tree(source: Source, root: int, kind: int, key: int, limit: int) -> Iterator[tuple[bytes, int]]:
    """Yield the leaves of a B-tree of version 1, each after the key before it.

    Args:
        source: The file.
        root: The address of the tree's first node.
        kind: 0 for the names of a group, 1 for the chunks of a dataset.
        key: The bytes of a key.
        limit: The most entries of a node.

    Raises:
        MalformedError: A node belongs to another tree, or the tree leads back into itself.
    """
    pending, seen = [(root, -1)], {root}
    while pending:
        at, expected = pending.pop()
        signature, found, level, count = struct.unpack("<4sBBH16x", source.read(at, 24))
        if signature != b"TREE" or found != kind or expected not in {-1, level} or count > limit:
            raise MalformedError("an index has a node of another index")
        body = source.read(at + 24, count * (key + 8) + key)
        for start in range(0, count * (key + 8), key + 8):
            child = struct.unpack_from("<Q", body, start + key)[0]
            if not level:
                yield body[start : start + key], child
                continue
            if child in seen:
                raise MalformedError("an index leads back into itself")
            seen.add(child)
            pending.append((child, level - 1))


def exact(body: bytes, length: int) -> bytes:
    """Return the bytes if there are enough of them.

    Raises:
        MalformedError: There are fewer.
    """
    if len(body) < length:
        raise MalformedError("a message is shorter than its content")
    return body
