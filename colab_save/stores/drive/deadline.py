"""Asking what may never answer: a call on a dead mount can hang for ever, and no signal ends it.

`stores/drive.py` lets everything that touches the mount run in threads that can be left behind. One that was left
behind and wakes up later goes no further than its next sign of life, and takes back what it has begun.
"""

# Why by hand: Drive is a FUSE mount, and when it dies a system call on it blocks inside the kernel, where neither a
# signal nor `concurrent.futures` ends it; an executor would even wait for the thread when Python exits. A daemon
# thread can be left behind. What must not happen then is that it wakes up later and writes over a newer save: it asks
# whether anybody still waits before each step.

from __future__ import annotations

import errno
import io
import queue
import threading
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from colab_save.os_errors import SafeFile, system_error

_Answer = TypeVar("_Answer")


class _Errand(threading.Thread):
    """Work in a thread of its own.

    Attributes:
        told: What comes of it: a call that is to be made where it is awaited, and in the end its answer.
        heard: For each of these calls, what it raised, or ``None``.
        is_over: Whether it has ended, or nobody waits for it any more.
    """

    def __init__(self, work: Callable[[], Any]) -> None:
        super().__init__(daemon=True, name="colab_save asks Drive")
        self.work = work
        self.told: queue.SimpleQueue[Callable[[], Any]] = queue.SimpleQueue()
        self.heard: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()
        self.is_over = False

    def run(self) -> None:
        """Do the work; whatever it raises is raised where it is awaited."""
        try:
            answer = partial(_give, self.work())
        except BaseException as error:  # noqa: BLE001 - an interrupt too belongs to the one who waits
            answer = partial(_raise, error)
        self.is_over = True
        self.told.put(answer)

    def tell(self, call: Callable[[], None]) -> None:
        """Have a call made by the one who waits, and raise once what that raised; what follows is cleaning up."""
        if self.is_over:
            return
        self.told.put(call)
        if (error := self.heard.get()) is not None:
            self.is_over = True
            raise error


def within(seconds: float, work: Callable[[], _Answer]) -> _Answer:
    """Do work that may hang, and give it up after so many seconds without a sign of life.

    Raises:
        OSError: ``ETIMEDOUT``: it hangs.
        BaseException: What the work raised.
    """
    errand = _Errand(work)
    errand.start()
    try:
        while True:
            call = errand.told.get(timeout=seconds)
            answer: _Answer = call()
            if errand.is_over:
                return answer
            errand.heard.put(None)
    except queue.Empty:
        errand.heard.put(system_error(errno.ETIMEDOUT))
        raise system_error(errno.ETIMEDOUT) from None
    except BaseException as error:
        errand.heard.put(error)
        errand.join(seconds)  # it takes back what it has begun
        raise


def alive(call: Callable[[], None] = lambda: None) -> None:
    """Give a sign of life from work that is done `within` a time, and have a call made in the thread that waits.

    Raises:
        BaseException: What the call raised, or what ended the waiting: the work goes no further.
    """
    thread = threading.current_thread()
    if isinstance(thread, _Errand):
        thread.tell(call)
    else:
        call()


class PatientFile(SafeFile):
    """A file open for reading whose every call is given up when it hangs.

    Attributes:
        patience: Seconds for one call.
    """

    def __init__(self, path: Path, where: str, hints: Mapping[int, str], patience: float) -> None:
        self.patience = patience
        super().__init__(path, where, hints)

    def readinto(self, buffer: Any, /) -> int:
        """Read into a buffer, through one that a call which was left behind may still write into."""
        block = self._asked(partial(io.FileIO.read, self, len(buffer))) or b""
        buffer[: len(block)] = block
        return len(block)

    def _asked(self, call: Callable[[], _Answer]) -> _Answer:
        return super()._asked(partial(within, self.patience, partial(self._kept, call)))

    def _kept(self, call: Callable[[], _Answer]) -> _Answer:
        """Close again what opens after it was given up."""
        answer = call()
        try:
            alive()
        except BaseException:
            io.FileIO.close(self)
            raise
        return answer


def _give(answer: _Answer) -> _Answer:
    return answer


def _raise(error: BaseException) -> None:
    raise error
