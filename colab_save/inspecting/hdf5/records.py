"""HDF5's records, decoded by hand: the superblock, the headers of objects, B-trees.

`hdf5_objects` and `hdf5` stand on it, since libhdf5 itself must not meet such bytes first: on damaged ones it aborts
the process or never returns (seen with 1.14.6 and 2.0.0). The layout is that of the "HDF5 File Format Specification
3.0"; of it, what h5py writes unless told otherwise.
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
"""The address of what is not there."""

CONTINUATION = 16
"""The kind of a message that leads to more of them."""


class MalformedError(ValueError):
    """Records that contradict each other, or of a kind that h5py does not write unless told to."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of an object's header."""

    kind: int
    flags: int
    body: bytes


class Source:
    """The bytes of an HDF5 file, by address, and no more of them than the budget allows."""

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
        """Read a record.

        Raises:
            MalformedError: It lies outside the file, or everything together is more than any model's structure.
        """
        if min(address, length) < 0 or address + length > self.size:
            raise MalformedError(f"a record at {address:,} lies beyond its end")
        self.budget -= length
        if self.budget < 0:
            raise MalformedError("its structure is larger than any model's")
        self.file.seek(address)
        data = self.file.read(length)
        if len(data) < length:
            raise MalformedError("it became shorter while it was read")
        return data


def messages(source: Source, address: int) -> list[Message]:
    """Read an object's header with all its continuations."""
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
                raise MalformedError("a header continues in itself")
            seen.add(at_next)
            if is_new and source.read(at_next, 4) != b"OCHK":
                raise MalformedError("a header continues where nothing is")
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
    """Give the leaves of a B-tree of version 1, each with the key before it.

    Args:
        source: The file.
        root: Where the tree's first node is.
        kind: 0 for the names of a group, 1 for the chunks of a dataset.
        key: Bytes of a key.
        limit: Entries that a node may have.

    Raises:
        MalformedError: A node is another tree's, or the tree leads back into itself.
    """
    pending, seen = [(root, -1)], {root}
    while pending:
        at, expected = pending.pop()
        signature, found, level, count = struct.unpack("<4sBBH16x", source.read(at, 24))
        if signature != b"TREE" or found != kind or expected not in {-1, level} or count > limit:
            raise MalformedError("an index has a node that is none of its own")
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
    """Give the bytes back if there are enough of them.

    Raises:
        MalformedError: There are not.
    """
    if len(body) < length:
        raise MalformedError("a message ends before what it describes")
    return body
