"""Check the directory of a zip (``.keras`` or ``.npz``) without unpacking it, and read its members.

`sniffing` calls `read_directory` before anything else reads the file. A zip describes each member twice, in front of
the member and in the directory at its end. Readers differ in which of them they use, so both must agree.
"""

# Why by hand, beside `zipfile`: it believes the directory alone, and takes two members of one name, or another file
# in front of the archive. Keras, NumPy and TensorFlow read zips in ways of their own and may find other members in
# the same bytes, so that one model is inspected and another one opened. `zipfile` still parses the directory, once
# its size is known to be bounded, and unpacks; what stands at each member's own place is compared with it here.

from __future__ import annotations

import shutil
import stat
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from colab_save.errors import DamagedFileError
from colab_save.hints import literal
from colab_save.inspecting.findings import EXHAUSTING, unsafe
from colab_save.inspecting.limits import BOMB_FLOOR, MAX_DIRECTORY, MAX_MEMBERS, MAX_ZIP_RATIO
from colab_save.inspecting.window import window

_END = struct.Struct("<4s4H2LH")
_END64_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCAL = struct.Struct("<4s5H3L2H")
_LONGEST_COMMENT = 1 << 16
_ENCRYPTED, _SIZES_FOLLOW, _UTF8 = 0x1, 0x8, 0x800
_IN_ZIP64 = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Member:
    """One file in a zip.

    Attributes:
        name: Its path in the zip.
        size: Its bytes after unpacking.
        offset: The position of its data in the zip.
        stored: The bytes of its data in the zip.
        info: Its entry in the directory, for `zipfile`.
    """

    name: str
    size: int
    offset: int
    stored: int
    info: zipfile.ZipInfo


def read_directory(file: BinaryIO, where: str) -> dict[str, Member]:
    """Read and check the directory of a zip; no member is unpacked.

    Args:
        file: The open zip.
        where: Its path, for errors.

    Returns:
        Its files by name, without folders.

    Raises:
        DamagedFileError: It is cut off, or its directory is wrong.
        UnsafeFileError: A member has a path outside the folder, is a link, a duplicate or encrypted, overlaps another,
            is described in two ways, or unpacks to far more than it stores (a bomb).
    """
    start = _find_directory(file, where)
    try:
        with zipfile.ZipFile(file) as archive:
            infos = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, struct.error) as error:
        raise _damaged(where, literal(str(error))) from error
    members: dict[str, Member] = {}
    for info in infos:
        _check_name(info, where)
        _check_kind(info, where)
        if info.filename in members:
            raise unsafe(where, f"two members have the name {info.filename!r}")
        members[info.filename] = _locate(file, info, where)
    _check_overlap(list(members.values()), start, where)
    _check_ratio(list(members.values()), where)
    return {name: member for name, member in members.items() if not name.endswith("/")}


def read_member(file: BinaryIO, member: Member, limit: int, where: str) -> bytes:
    """Return the bytes of one small member.

    Raises:
        UnsafeFileError: It has more bytes than the limit.
        DamagedFileError: It does not match its CRC-32.
    """
    if member.size > limit:
        raise unsafe(where, f"{member.name} declares {member.size:,} bytes, more than {limit:,}")
    with open_member(file, member, where) as stream:
        data = stream.read(member.size + 1)
    if len(data) != member.size or zlib.crc32(data) != member.info.CRC:
        raise _damaged(where, f"{member.name} does not match its CRC-32")
    return data


@contextmanager
def open_member(file: BinaryIO, member: Member, where: str) -> Iterator[BinaryIO]:
    """Open a member as a seekable file: in place if it is stored, or else unpacked to a temporary file.

    Raises:
        DamagedFileError: It cannot be unpacked, or not to the size that it declares.
    """
    if member.info.compress_type == zipfile.ZIP_STORED:
        yield window(file, member.offset, member.size)
        return
    with tempfile.TemporaryFile() as unpacked:
        try:
            with zipfile.ZipFile(file) as archive, archive.open(member.info) as packed:
                shutil.copyfileobj(packed, unpacked, 1 << 20)
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise _damaged(where, literal(f"{member.name}: {error}")) from error
        if unpacked.tell() != member.size:
            raise _damaged(where, f"{member.name} declares {member.size:,} bytes and unpacks to {unpacked.tell():,}")
        unpacked.seek(0)
        yield unpacked


def _find_directory(file: BinaryIO, where: str) -> int:
    """Check the end record, before `zipfile` makes an object for each entry, and return the directory's offset."""
    size = file.seek(0, 2)
    tail_at = max(0, size - _END.size - _LONGEST_COMMENT)
    file.seek(tail_at)
    tail = file.read()
    found = tail.rfind(b"PK\5\6")
    if found < 0 or found + _END.size > len(tail):
        raise _damaged(where, "the end of the zip is missing, so it was cut off while it was written or copied")
    _, disk, _, here, count, length, offset, comment = _END.unpack_from(tail, found)
    at = tail_at + found
    if disk or here != count or at + _END.size + comment != size:
        raise unsafe(where, "bytes follow the end of the zip, or it is one part of a split zip")
    if _IN_ZIP64 in (length, offset) or count == 0xFFFF:
        at, count, length, offset = _find_directory64(file, at, where)
    if offset + length != at:
        raise unsafe(where, "its directory is not at its offset, as if another file had been put in front")
    if count > MAX_MEMBERS or length > MAX_DIRECTORY:
        raise unsafe(where, f"its directory has {count:,} entries in {length:,} bytes")
    return int(offset)


def _find_directory64(file: BinaryIO, end: int, where: str) -> tuple[int, int, int, int]:
    file.seek(max(0, end - _END64_LOCATOR.size))
    locator = file.read(_END64_LOCATOR.size)
    if len(locator) == _END64_LOCATOR.size and locator.startswith(b"PK\6\7"):
        at = _END64_LOCATOR.unpack(locator)[2]
        if at + _END64.size <= end:
            file.seek(at)
            signature, *_, count, length, offset = _END64.unpack(file.read(_END64.size))
            if signature == b"PK\6\6":
                return at, count, length, offset
    raise _damaged(where, "its zip64 end record is missing")


def _check_name(info: zipfile.ZipInfo, where: str) -> None:
    """Raise for a name that could lead outside the folder that the zip is unpacked into, on any system."""
    name = info.orig_filename
    parts = name.rstrip("/").split("/")
    if name.startswith("/") or (len(name) > 1 and name[1] == ":"):
        raise unsafe(where, f"the member {name!r} has an absolute path")
    if ".." in parts:
        raise unsafe(where, f"the member {name!r} has a path outside its folder")
    if "" in parts or "." in parts or "\\" in name or not name.isprintable() or name != info.filename:
        raise unsafe(where, f"the member {name!r} has a name that systems interpret differently")


def _check_kind(info: zipfile.ZipInfo, where: str) -> None:
    mode = info.external_attr >> 16
    if mode and stat.S_IFMT(mode) not in {0, stat.S_IFREG, stat.S_IFDIR}:
        raise unsafe(where, f"the member {info.filename!r} is a link or a device")
    if info.flag_bits & _ENCRYPTED:
        raise unsafe(where, f"the member {info.filename!r} is encrypted")
    if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise unsafe(where, f"the member {info.filename!r} has the unknown compression method {info.compress_type}")


def _locate(file: BinaryIO, info: zipfile.ZipInfo, where: str) -> Member:
    """Find a member's data, and compare the header in front of it with the directory."""
    file.seek(info.header_offset)
    head = file.read(_LOCAL.size)
    if len(head) < _LOCAL.size or not head.startswith(b"PK\3\4"):
        raise _damaged(where, f"{info.filename!r} is not at the offset in the zip's directory")
    _, _, flags, method, _, _, _, stored, size, name_length, extra_length = _LOCAL.unpack(head)
    name = file.read(name_length)
    if name != info.orig_filename.encode("utf-8" if info.flag_bits & _UTF8 else "cp437"):
        raise unsafe(where, f"the member {info.filename!r} has the name {name!r} in its own header")
    differs = method != info.compress_type or (flags ^ info.flag_bits) & (_ENCRYPTED | _UTF8)
    if not flags & _SIZES_FOLLOW:
        differs = differs or size not in (info.file_size, _IN_ZIP64) or stored not in (info.compress_size, _IN_ZIP64)
    if differs or (method == zipfile.ZIP_STORED and info.file_size != info.compress_size):
        raise unsafe(where, f"the directory and the header of the member {info.filename!r} differ")
    offset = info.header_offset + _LOCAL.size + name_length + extra_length
    return Member(info.filename, info.file_size, offset, info.compress_size, info)


def _check_overlap(members: list[Member], end: int, where: str) -> None:
    ordered = sorted(members, key=lambda member: member.info.header_offset)
    followers = [member.info.header_offset for member in ordered[1:]] + [end]
    for member, following in zip(ordered, followers, strict=False):
        if member.offset + member.stored > following:
            raise unsafe(where, f"the member {member.name!r} overlaps the next one")
    if ordered and ordered[0].info.header_offset != 0:
        raise unsafe(where, "it does not begin with its first member")


def _check_ratio(members: list[Member], where: str) -> None:
    for declared, stored, name in [
        *((member.size, member.stored, f"the member {member.name!r}") for member in members),
        (sum(member.size for member in members), sum(member.stored for member in members), "the zip"),
    ]:
        if declared > BOMB_FLOOR and declared > MAX_ZIP_RATIO * stored:
            raise unsafe(where, f"{name} unpacks from {stored:,} bytes to {declared:,}; {EXHAUSTING}")


def _damaged(where: str, found: str) -> DamagedFileError:
    return DamagedFileError(
        f"{where} is damaged: {found}.",
        "Copy or download it again, or load another version. Keras cannot open this file either.",
    )
