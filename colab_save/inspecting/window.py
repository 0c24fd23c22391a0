"""A part of a file that looks like a file of its own, and that can be read only so much."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


def window(file: BinaryIO, start: int, size: int, budget: int | None = None) -> io.BufferedReader:
    """Open bytes ``start`` to ``start + size`` of a file.

    Args:
        file: The file; it stays open.
        start: Where the part begins.
        size: How long it is.
        budget: How many bytes may be read in all, repeated ones counted; ``None`` for any number.
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
                raise OSError("its structure takes more reading than any model's")
        self._file.seek(self._start + self._at)
        data = self._file.read(wanted)
        view[: len(data)] = data
        self._at += len(data)
        return len(data)
