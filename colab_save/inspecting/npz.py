"""Check that a ``.npz`` archive holds plain arrays of bounded size only, before NumPy sees it.

`inspection` and `keras.files` call it. A ``.npy`` header is a Python literal that NumPy evaluates, and an array of
objects is a pickle. So headers are matched with a pattern here, and only arrays of numbers, texts and times pass.
"""

from __future__ import annotations

import math
import re
import struct
from pathlib import Path
from typing import BinaryIO

from colab_save.errors import DamagedFileError, UnsafeFileError
from colab_save.inspecting.archive import Member, open_member, read_directory
from colab_save.inspecting.limits import MAX_ARRAY_HEADER, MAX_SAMPLE

_HEADER = re.compile(
    r"\{\s*'descr':\s*'(?P<descr>[^']{1,64})',\s*'fortran_order':\s*(?:True|False),\s*"
    r"'shape':\s*\((?P<shape>[\d,\s]*)\),?\s*\}\s*"
)
_PLAIN = re.compile(r"[<>|=]?(?P<code>[biufcSUVmM?])(?P<size>\d{0,9})(?:\[[\w/]+\])?")
_HINT = "Do not open it. colab_save writes plain arrays only; get the file again from its author."


def check_npz(file: BinaryIO, where: str, limit: int = MAX_SAMPLE) -> None:
    """Check every array of an archive by its header.

    Args:
        file: The open archive.
        where: Its path, for errors.
        limit: The most bytes of all arrays together.

    Raises:
        DamagedFileError: It is cut off, or an array does not have the size in its header.
        UnsafeFileError: It holds Python objects, a member that is not an array, or more bytes than the limit.
    """
    members = read_directory(file, where)
    total = sum(member.size for member in members.values())
    if total > limit:
        raise UnsafeFileError(f"{where} declares {total:,} bytes of arrays, more than {limit:,}.", _HINT)
    for member in members.values():
        if not member.name.endswith(".npy"):
            raise UnsafeFileError(f"{where} holds {member.name!r}, which is not an array.", _HINT)
        with open_member(file, member, where) as stream:
            _check_array(stream, member, where)


def check_npz_file(path: Path, limit: int = MAX_SAMPLE) -> None:
    """Check a ``.npz`` file; see `check_npz`."""
    with path.open("rb") as file:
        check_npz(file, str(path), limit)


def _check_array(stream: BinaryIO, member: Member, where: str) -> None:
    place = f"{member.name!r} in {where}"
    head = stream.read(12)
    if not head.startswith(b"\x93NUMPY") or len(head) < 12:
        pickled = ", but a pickle, which would run code" if head[:1] == b"\x80" else ""
        raise UnsafeFileError(f"{place} is not an array{pickled}.", _HINT)
    old = head[6] == 1
    length = struct.unpack_from("<H" if old else "<I", head, 8)[0]
    if length > MAX_ARRAY_HEADER:
        raise UnsafeFileError(f"{place} has a header of {length:,} bytes.", _HINT)
    stream.seek(10 if old else 12)
    text = stream.read(length).decode("latin-1")
    found = _HEADER.fullmatch(text)
    plain = found and _PLAIN.fullmatch(found["descr"])
    if not found or not plain:
        kind = "Python objects (a pickle)" if re.search(r"'[|<>=]?O\d*'", text) else "something other than plain values"
        raise UnsafeFileError(f"{place} is an array of {kind}.", _HINT)
    width = int(plain["size"] or 1) * (4 if plain["code"] == "U" else 1)
    shape = [int(size) for size in found["shape"].replace(",", " ").split()]
    declared = math.prod(shape) * width
    if declared != member.size - stream.tell():
        raise DamagedFileError(
            f"{place} declares {declared:,} bytes and holds {member.size - stream.tell():,}.",
            "Copy or download it again.",
        )
