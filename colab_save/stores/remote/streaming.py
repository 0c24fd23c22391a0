"""Remote files open for reading: in parts that are read side by side, or as the client's own file.

`remote` returns these. A part that is lost, cut short or late is requested again; errors are `StoreError`, also long
after the file was opened.
"""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, BinaryIO, cast

from colab_save.disk import CHUNK
from colab_save.stores.remote.calling import Caller, Running
from colab_save.stores.remote.clients import PART

AHEAD = 4
"""Parts that are requested ahead of reading."""

Refusing = Callable[[], AbstractContextManager[None]]
"""Makes a context that raises the errors of a client as ours."""


def open_object(caller: Caller, place: str, size: int | None, refusing: Refusing, *, is_parted: bool) -> BinaryIO:
    """Open a file for reading.

    Args:
        caller: Makes the calls.
        place: The client's path.
        size: Its bytes, if the client knows.
        refusing: Raises the client's errors as ours.
        is_parted: Whether single parts can be read.
    """
    if is_parted and caller.is_asynchronous and size is not None:
        raw: io.RawIOBase = _Parts(caller, place, size, refusing)
    else:
        raw = _Stream(caller, lambda: caller.filesystem.open(place, "rb"), refusing)
    return cast("BinaryIO", io.BufferedReader(raw, CHUNK))


class _Parts(io.RawIOBase):
    """A file whose next parts are requested while one is read."""

    def __init__(self, caller: Caller, place: str, size: int, refusing: Refusing) -> None:
        self._caller, self._place, self._size, self._refusing = caller, place, size, refusing
        self._ahead: deque[tuple[int, int, Running]] = deque()
        self._requested = 0
        self._part = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        if not self._part and (self._ahead or self._requested < self._size):
            with self._refusing():
                self._part = memoryview(self._next())
        count = min(len(buffer), len(self._part))
        buffer[:count] = self._part[:count]
        self._part = self._part[count:]
        return count

    def close(self) -> None:
        while self._ahead:
            self._ahead.popleft()[2].stop()
        super().close()

    def _next(self) -> bytes:
        """Return the next part; one that does not arrive completely is requested again."""
        while len(self._ahead) < AHEAD and self._requested < self._size:
            end = min(self._requested + PART, self._size)
            self._ahead.append((self._requested, end, self._start(self._requested, end)))
            self._requested = end
        start, end, running = self._ahead.popleft()
        waiting = [running]

        def attempt() -> bytes:
            call = waiting.pop() if waiting else self._start(start, end)
            part: bytes = call.result(self._caller.patience.seconds(end - start))
            if len(part) != end - start:
                raise ConnectionError(f"{len(part)} of {end - start} bytes came")
            return part

        return self._caller.retry(attempt)

    def _start(self, start: int, end: int) -> Running:
        return self._caller.start("cat_file", self._place, start=start, end=end)


class _Stream(io.RawIOBase):
    """The client's own file, reopened at the same position when it breaks."""

    def __init__(self, caller: Caller, reopen: Callable[[], Any], refusing: Refusing) -> None:
        self._caller, self._reopen, self._refusing = caller, reopen, refusing
        self._position = 0
        self._file = caller.retry(reopen)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        with self._refusing():
            block = self._caller.retry(lambda: self._read(len(buffer)))
        buffer[: len(block)] = block
        self._position += len(block)
        return len(block)

    def close(self) -> None:
        with self._refusing():
            if self._file is not None:
                self._file.close()
        super().close()

    def _read(self, count: int) -> bytes:
        if self._file is None:
            self._file = self._reopen()
            self._file.seek(self._position)
        file, self._file = self._file, None
        block: bytes = file.read(count)
        self._file = file
        return block
