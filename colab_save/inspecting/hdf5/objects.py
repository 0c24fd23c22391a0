"""Decode HDF5 objects from their messages: names in groups, shapes, datatypes, layouts, attributes.

`structure` walks over a file with these functions; the values of datasets are never read. Groups are B-trees of version
1, or have their links in their own header; larger groups of the newest layout are refused, since Keras writes none.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from colab_save.inspecting.hdf5.records import UNDEFINED, MalformedError, Message, Source, exact, tree

DATASPACE, LINK_INFO, DATATYPE, LINK, EXTERNAL_FILES, LAYOUT = 1, 2, 3, 6, 7, 8
ATTRIBUTE, SYMBOL_TABLE, ATTRIBUTE_INFO = 12, 17, 21
HARD, SOFT, EXTERNAL = 0, 1, 64
COMPACT, CONTIGUOUS, CHUNKED, VIRTUAL = 0, 1, 2, 3
_INTEGER, _FLOAT, _STRING, _VARIABLE = 0, 1, 3, 9
_SHARED = 0x02
_SMALLEST_HEAP = 4096


@dataclass(frozen=True, slots=True)
class Link:
    """One name in a group: its kind of link, and for a hard link the address of its object."""

    name: str
    kind: int
    address: int


def links(source: Source, header: list[Message]) -> Iterator[Link]:
    """Yield the links of a group."""
    for message in header:
        if message.kind == SYMBOL_TABLE:
            yield from _symbols(source, *struct.unpack("<QQ", exact(message.body, 16)))
        elif message.kind == LINK:
            yield _link(message.body)
        elif message.kind in {LINK_INFO, ATTRIBUTE_INFO}:
            offset = 2 + (8 if message.body[1] & 1 and message.kind == LINK_INFO else 0)
            offset += 2 if message.body[1] & 1 and message.kind == ATTRIBUTE_INFO else 0
            if struct.unpack_from("<Q", exact(message.body, offset + 8), offset)[0] != UNDEFINED:
                raise MalformedError("it has groups in the newest layout (libver='latest'), which Keras does not write")


def _symbols(source: Source, index: int, heap: int) -> Iterator[Link]:
    signature, size, free, data = struct.unpack("<4s4xQQQ", source.read(heap, 32))
    if signature != b"HEAP":
        raise MalformedError("the heap of a group's names is missing")
    names = source.read(data, size)
    _check_free(names, free)
    for _, node in tree(source, index, 0, 8, source.node_entries):
        signature, count = struct.unpack("<4s2xH", source.read(node, 8))
        if signature != b"SNOD" or count > source.leaf_entries:
            raise MalformedError("the table of a group's names is missing")
        table = source.read(node + 8, 40 * count)
        for offset, address, cache in struct.iter_unpack("<QQL4x16x", table):
            end = names.find(b"\0", offset)
            if offset >= size or end < 0:
                raise MalformedError("a name lies outside its heap")
            yield Link(names[offset:end].decode("utf-8", "replace"), SOFT if cache == 2 else HARD, address)


def _check_free(heap: bytes, free: int) -> None:
    """Check a heap's list of free blocks, which libhdf5 follows when it opens the heap; 1 ends the list."""
    for _ in range(len(heap) // 16 + 1):
        if free in {1, UNDEFINED}:
            return
        if free + 16 > len(heap):
            break
        free, size = struct.unpack_from("<QQ", heap, free)
        if size > len(heap):
            break
    raise MalformedError("the free blocks of a heap lie outside it")


def _link(body: bytes) -> Link:
    flags, at = body[1], 2
    kind = body[at] if flags & 8 else HARD
    at += bool(flags & 8) + (8 if flags & 4 else 0) + bool(flags & 0x10)
    width = 1 << (flags & 3)
    length = int.from_bytes(body[at : at + width], "little")
    at += width
    name = exact(body, at + length)[at : at + length].decode("utf-8", "replace")
    address = struct.unpack_from("<Q", exact(body, at + length + 8), at + length)[0] if kind == HARD else 0
    return Link(name, kind, address)


def shape_of(body: bytes) -> tuple[int, ...]:
    """Return the shape in a dataspace message."""
    version, rank = body[0], body[1]
    start = {1: 8, 2: 4}.get(version)
    if start is None or rank > 32:
        raise MalformedError(f"a shape of version {version} with {rank} dimensions is invalid")
    return struct.unpack_from(f"<{rank}Q", exact(body, start + 8 * rank), start)


def item_size(body: bytes) -> int:
    """Return the bytes of one value from a datatype message, and check the fields that libhdf5 trusts."""
    kind, first, second = body[0] & 0xF, body[1] & 0xF, body[2]
    (size,) = struct.unpack_from("<L", body, 4)
    is_sound = kind <= 11 and size > 0
    if kind in {_INTEGER, _FLOAT}:
        is_sound = is_sound and sum(struct.unpack_from("<HH", body, 8)) <= 8 * size
    elif kind == _STRING:
        is_sound = is_sound and first <= 2
    elif kind == _VARIABLE:
        is_sound = first <= 1 and second <= 1 and size == 16 and item_size(body[8:]) > 0
    if not is_sound:
        raise MalformedError(f"a datatype of class {kind} with {size:,} bytes is invalid")
    return int(size)


def layout_of(source: Source, body: bytes) -> tuple[int, int]:
    """Return the class of a dataset's layout, and the bytes that are stored."""
    version, kind = body[0], body[1]
    if kind == VIRTUAL:
        return kind, 0
    if version == 3 and kind == CHUNKED:
        rank, index = struct.unpack_from("<BQ", body, 2)
        return kind, sum(_chunks(source, index, rank)) if index != UNDEFINED else 0
    if version not in {3, 4, 5} or kind not in {COMPACT, CONTIGUOUS}:
        raise MalformedError(f"Keras does not write layouts of version {version} and class {kind}")
    if kind == COMPACT:
        return kind, int.from_bytes(body[2:4], "little")
    address, size = struct.unpack_from("<QQ", exact(body, 18), 2)
    if address == UNDEFINED:
        return kind, 0
    if address + size > source.size:
        raise MalformedError(f"values at {address:,} lie beyond its end")
    return kind, size


def _chunks(source: Source, index: int, rank: int) -> Iterator[int]:
    # 64 entries per node, unless a superblock of version 1 says otherwise, which h5py does not write
    for key, address in tree(source, index, 1, 8 + 8 * rank, 64):
        (size,) = struct.unpack_from("<L", key)
        if address + size > source.size:
            raise MalformedError(f"values at {address:,} lie beyond its end")
        yield size


def attribute_of(source: Source, body: bytes) -> tuple[str, bytes | None]:
    """Return an attribute's name, and its value if that is a single text."""
    version, flags, *lengths = struct.unpack_from("<BBHHH", body)
    if version not in {1, 2, 3} or (version > 1 and flags):
        raise MalformedError(f"an attribute has the unknown version {version}")
    at = 9 if version == 3 else 8
    parts = []
    for length in lengths:
        parts.append(exact(body, at + length)[at : at + length])
        at += length + (-length % 8 if version == 1 else 0)
    name = parts[0].rstrip(b"\0").decode("utf-8", "replace")
    if parts[2][0] == 2 and parts[2][3] == 2:  # a shape without any value
        return name, None
    size, count = item_size(parts[1]), math.prod(shape_of(parts[2]))
    values = _values(source, parts[1], exact(body[at:], size * count)[: size * count])
    return name, values[0] if len(values) == 1 else None


def _values(source: Source, datatype: bytes, data: bytes) -> list[bytes]:
    """Return the texts of an attribute; none if it holds numbers."""
    kind, size = datatype[0] & 0xF, item_size(datatype)
    if kind == _STRING:
        return [data[at : at + size].rstrip(b"\0") for at in range(0, len(data), size)]
    if kind != _VARIABLE:
        return []
    values = []
    for length, address, index in struct.iter_unpack("<LQL", data):
        at, stored = global_heap(source, address).get(index, (0, 0)) if address else (0, 0)
        if length * item_size(datatype[8:]) > stored:
            raise MalformedError("a text lies outside its heap")
        values.append(source.read(at, length))
    return values


def global_heap(source: Source, address: int) -> dict[int, tuple[int, int]]:
    """Return the position and length of each value of a global heap, and check all of it, since libhdf5 reads all."""
    if address in source.heaps:
        return source.heaps[address]
    signature, version, size = struct.unpack("<4sB3xQ", source.read(address, 16))
    if signature != b"GCOL" or version != 1 or size < _SMALLEST_HEAP:
        raise MalformedError("the heap of a text is missing")
    source.read(address + size - 1, 1)
    found: dict[int, tuple[int, int]] = {}
    at, end = address + 16, address + size
    while at + 16 <= end:
        index, length = struct.unpack("<H6xQ", source.read(at, 16))
        step = length if not index else 16 + length + -length % 8  # free space includes its own header
        if step < 16 or at + step > end or index in found or (not index and at + step != end):
            raise MalformedError("a heap of texts contradicts itself")
        if not index:
            break
        found[index] = at + 16, length
        at += step
    source.heaps[address] = found
    return found


def is_shared(message: Message) -> bool:
    """Return whether a message only refers to that of another object."""
    return bool(message.flags & _SHARED)
