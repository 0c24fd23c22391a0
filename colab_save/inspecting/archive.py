"""The zip of a ``.keras`` or ``.npz`` file: its directory, checked, and its members, without unpacking any.

`inspecting` calls `read_directory` before anything else looks into the file. A zip says everything twice, in front
of each member and in the directory at its end; readers differ in which they believe, so both must say the same.
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

from colab_save.errors import DamagedFileError, UnsafeFileError
from colab_save.inspecting.limits import BOMB_FLOOR, MAX_DIRECTORY, MAX_MEMBERS, MAX_ZIP_RATIO
from colab_save.inspecting.window import window

_END = struct.Struct("<4s4H2LH")
_END64_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCAL = struct.Struct("<4s5H3L2H")
_LONGEST_COMMENT = 1 << 16
_ENCRYPTED, _SIZES_FOLLOW, _UTF8 = 0x1, 0x8, 0x800
_IN_ZIP64 = 0xFFFFFFFF
_HINT = "Do not open it. A .keras file that Keras wrote has none of this; get the file again from who made it."


@dataclass(frozen=True, slots=True)
class Member:
    """One file in a zip.

    Attributes:
        name: Its path in the zip.
        size: Bytes when unpacked.
        offset: Where its data begins.
        stored: Bytes that its data takes.
        info: The directory's entry, for `zipfile`.
    """

    name: str
    size: int
    offset: int
    stored: int
    info: zipfile.ZipInfo


def read_directory(file: BinaryIO, where: str) -> dict[str, Member]:
    """Read and check the directory of a zip; no member is unpacked.

    Args:
        file: The zip, opened.
        where: What to call it in an error.

    Returns:
        Its files by name; folders are left out.

    Raises:
        DamagedFileError: Cut off, or the two descriptions of a member differ in size.
        UnsafeFileError: A name that leaves the folder, a link, a duplicate, encryption, overlapping members, a bomb.
    """
    start = _find_directory(file, where)
    try:
        with zipfile.ZipFile(file) as archive:
            infos = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, struct.error) as error:
        raise _damaged(where, str(error)) from error
    members: dict[str, Member] = {}
    for info in infos:
        _check_name(info, where)
        _check_kind(info, where)
        if info.filename in members:
            raise _unsafe(where, f"two members are called {info.filename!r}")
        members[info.filename] = _locate(file, info, where)
    _check_overlap(list(members.values()), start, where)
    _check_ratio(list(members.values()), where)
    return {name: member for name, member in members.items() if not name.endswith("/")}


def read_member(file: BinaryIO, member: Member, limit: int, where: str) -> bytes:
    """Unpack one small member.

    Raises:
        UnsafeFileError: It is larger than the limit.
        DamagedFileError: Its bytes are not those that were written.
    """
    if member.size > limit:
        raise _unsafe(where, f"{member.name} declares {member.size:,} bytes, more than {limit:,}")
    with open_member(file, member, where) as stream:
        data = stream.read(member.size + 1)
    if len(data) != member.size or zlib.crc32(data) != member.info.CRC:
        raise _damaged(where, f"{member.name} does not match its CRC-32")
    return data


@contextmanager
def open_member(file: BinaryIO, member: Member, where: str) -> Iterator[BinaryIO]:
    """Give a member as a file that can be searched: in place when it is stored, else unpacked to a temporary file.

    Raises:
        DamagedFileError: It does not unpack to what it declares.
    """
    if member.info.compress_type == zipfile.ZIP_STORED:
        yield window(file, member.offset, member.size)
        return
    with tempfile.TemporaryFile() as unpacked:
        try:
            with zipfile.ZipFile(file) as archive, archive.open(member.info) as packed:
                shutil.copyfileobj(packed, unpacked, 1 << 20)
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise _damaged(where, f"{member.name}: {error}") from error
        if unpacked.tell() != member.size:
            raise _damaged(where, f"{member.name} unpacks to {unpacked.tell():,} bytes and declares {member.size:,}")
        unpacked.seek(0)
        yield unpacked


def _find_directory(file: BinaryIO, where: str) -> int:
    """Find the end record, and give the directory's offset; checked before `zipfile` builds an object per entry."""
    size = file.seek(0, 2)
    tail_at = max(0, size - _END.size - _LONGEST_COMMENT)
    file.seek(tail_at)
    tail = file.read()
    found = tail.rfind(b"PK\5\6")
    if found < 0 or found + _END.size > len(tail):
        raise _damaged(where, "it is a zip without an end, so it was cut off while it was written or copied")
    _, disk, _, here, count, length, offset, comment = _END.unpack_from(tail, found)
    at = tail_at + found
    if disk or here != count or at + _END.size + comment != size:
        raise _unsafe(where, "bytes follow the zip's end, or it is one part of several")
    if _IN_ZIP64 in (length, offset) or count == 0xFFFF:
        at, count, length, offset = _find_directory64(file, at, where)
    if offset + length != at:
        raise _unsafe(where, "its directory is not where its end says, as when another file was put in front")
    if count > MAX_MEMBERS or length > MAX_DIRECTORY:
        raise _unsafe(where, f"its directory has {count:,} entries in {length:,} bytes")
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
    """Refuse every name that could land outside the folder it is unpacked into, on any system."""
    name = info.orig_filename
    parts = name.rstrip("/").split("/")
    if name.startswith("/") or (len(name) > 1 and name[1] == ":"):
        raise _unsafe(where, f"the member {name!r} has an absolute path")
    if ".." in parts:
        raise _unsafe(where, f"the member {name!r} leaves its folder")
    if "" in parts or "." in parts or "\\" in name or not name.isprintable() or name != info.filename:
        raise _unsafe(where, f"the member {name!r} has a name that systems read differently")


def _check_kind(info: zipfile.ZipInfo, where: str) -> None:
    mode = info.external_attr >> 16
    if mode and stat.S_IFMT(mode) not in {0, stat.S_IFREG, stat.S_IFDIR}:
        raise _unsafe(where, f"the member {info.filename!r} is a link or a device")
    if info.flag_bits & _ENCRYPTED:
        raise _unsafe(where, f"the member {info.filename!r} is encrypted")
    if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise _unsafe(where, f"the member {info.filename!r} is compressed by method {info.compress_type}")


def _locate(file: BinaryIO, info: zipfile.ZipInfo, where: str) -> Member:
    """Find a member's data, and compare what stands in front of it with the directory."""
    file.seek(info.header_offset)
    head = file.read(_LOCAL.size)
    if len(head) < _LOCAL.size or not head.startswith(b"PK\3\4"):
        raise _damaged(where, f"{info.filename!r} is not where the zip's directory says")
    _, _, flags, method, _, _, _, stored, size, name_length, extra_length = _LOCAL.unpack(head)
    name = file.read(name_length)
    if name != info.orig_filename.encode("utf-8" if info.flag_bits & _UTF8 else "cp437"):
        raise _unsafe(where, f"the member {info.filename!r} is called {name!r} at its own place")
    differs = method != info.compress_type or (flags ^ info.flag_bits) & (_ENCRYPTED | _UTF8)
    if not flags & _SIZES_FOLLOW:
        differs = differs or size not in (info.file_size, _IN_ZIP64) or stored not in (info.compress_size, _IN_ZIP64)
    if differs or (method == zipfile.ZIP_STORED and info.file_size != info.compress_size):
        raise _unsafe(where, f"the member {info.filename!r} is described in two ways that differ")
    offset = info.header_offset + _LOCAL.size + name_length + extra_length
    return Member(info.filename, info.file_size, offset, info.compress_size, info)


def _check_overlap(members: list[Member], end: int, where: str) -> None:
    ordered = sorted(members, key=lambda member: member.info.header_offset)
    followers = [member.info.header_offset for member in ordered[1:]] + [end]
    for member, following in zip(ordered, followers, strict=False):
        if member.offset + member.stored > following:
            raise _unsafe(where, f"the member {member.name!r} overlaps what follows it")
    if ordered and ordered[0].info.header_offset != 0:
        raise _unsafe(where, "its first member does not stand at its beginning")


def _check_ratio(members: list[Member], where: str) -> None:
    for declared, stored, name in [
        *((member.size, member.stored, f"the member {member.name!r}") for member in members),
        (sum(member.size for member in members), sum(member.stored for member in members), "the zip"),
    ]:
        if declared > BOMB_FLOOR and declared > MAX_ZIP_RATIO * stored:
            raise _unsafe(where, f"{name} unpacks {stored:,} bytes to {declared:,}: a bomb")


def _unsafe(where: str, found: str) -> UnsafeFileError:
    return UnsafeFileError(f"{where}: {found}.", _HINT)


def _damaged(where: str, found: str) -> DamagedFileError:
    return DamagedFileError(
        f"{where} is damaged: {found}.",
        "Copy or download it again, or load another version; Keras cannot open it either.",
    )
