"""A part of a file as a file of its own, with a limit on how much may be read."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


def window(file: BinaryIO, start: int, size: int, budget: int | None = None) -> io.BufferedReader:
    """Open bytes ``start`` to ``start + size`` of a file.

    Args:
        file: The file; it stays open.
        start: The position at which the part begins.
        size: The bytes of the part.
        budget: The most bytes that may be read in all, repeated reads included; ``None``: no limit.
    """
    return io.BufferedReader(_Window(file, start, size, budget), 4096)


class _Window(io.RawIOBase):
    def __init__(self, file: BinaryIO, start: int, size: int, budget: int | None) -> None:
        super().__init__()
        self._file, self._start, self._size, self._budget = file, start, size, budget
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        wanted = min(len(view), max(0, self._size - self._at))
        if self._budget is not None:
            self._budget -= wanted
            if self._budget < 0:
                raise OSError("its structure is larger than that of any model")
        self._file.seek(self._start + self._at)
        data = self._file.read(wanted)
        view[: len(data)] = data
        self._at += len(data)
        return len(data)
