"""Remote objects open for reading: in parts that travel side by side, or as the client's own file.

`remote` hands these out. A part that is lost, cut short or late is asked for again; errors are those of the tree, also
long after the object was opened.
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
"""Parts that are asked for before they are read."""

Refusing = Callable[[], AbstractContextManager[None]]
"""Makes a block whose errors become those of the tree."""


def open_object(caller: Caller, place: str, size: int | None, refusing: Refusing, *, is_parted: bool) -> BinaryIO:
    """Open an object for reading.

    Args:
        caller: Makes the calls.
        place: The client's path.
        size: Its bytes, where the client knows.
        refusing: Words the errors.
        is_parted: Whether parts of it can be had by themselves.
    """
    if is_parted and caller.is_asynchronous and size is not None:
        raw: io.RawIOBase = _Parts(caller, place, size, refusing)
    else:
        raw = _Stream(caller, lambda: caller.filesystem.open(place, "rb"), refusing)
    return cast("BinaryIO", io.BufferedReader(raw, CHUNK))


class _Parts(io.RawIOBase):
    """An object whose next parts are on their way while one is read."""

    def __init__(self, caller: Caller, place: str, size: int, refusing: Refusing) -> None:
        self._caller, self._place, self._size, self._refusing = caller, place, size, refusing
        self._ahead: deque[tuple[int, int, Running]] = deque()
        self._asked = 0
        self._part = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        if not self._part and (self._ahead or self._asked < self._size):
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
        """Give the next part; a part that does not come whole is asked for again."""
        while len(self._ahead) < AHEAD and self._asked < self._size:
            end = min(self._asked + PART, self._size)
            self._ahead.append((self._asked, end, self._start(self._asked, end)))
            self._asked = end
        start, end, running = self._ahead.popleft()
        waiting = [running]

        def attempt() -> bytes:
            call = waiting.pop() if waiting else self._start(start, end)
            part: bytes = call.result(self._caller.patience.seconds(end - start))
            if len(part) != end - start:
                raise ConnectionError(f"{len(part)} of {end - start} bytes came")
            return part

        return self._caller.again(attempt)

    def _start(self, start: int, end: int) -> Running:
        return self._caller.start("cat_file", self._place, start=start, end=end)


class _Stream(io.RawIOBase):
    """The client's own file, opened again at the same place when it breaks."""

    def __init__(self, caller: Caller, reopen: Callable[[], Any], refusing: Refusing) -> None:
        self._caller, self._reopen, self._refusing = caller, reopen, refusing
        self._position = 0
        self._file = caller.again(reopen)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        with self._refusing():
            block = self._caller.again(lambda: self._read(len(buffer)))
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
