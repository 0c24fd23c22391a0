"""Run calls that may never return: a call on a dead mount can hang for ever, and no signal ends it.

`mounted` runs everything that touches the mount in daemon threads that can be abandoned, and `doctor` its probes. An
abandoned one that wakes up later stops at its next sign of life and undoes what it has begun.
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

THREAD = "colab_save waiting"
"""The name of the threads in which such calls are made."""

_Answer = TypeVar("_Answer")


class _Work(threading.Thread):
    """A call in a thread of its own.

    Attributes:
        work: The call.
        calls: What the waiting thread must call: progress reports and, at the end, a call that returns the result.
        errors: For each progress report, what it raised, or ``None``.
        is_over: Whether the work has ended or was abandoned.
    """

    def __init__(self, work: Callable[[], Any]) -> None:
        super().__init__(daemon=True, name=THREAD)
        self.work = work
        self.calls: queue.SimpleQueue[Callable[[], Any]] = queue.SimpleQueue()
        self.errors: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()
        self.is_over = False

    def run(self) -> None:
        """Do the work; the waiting thread raises what it raises."""
        try:
            ending = partial(_return, self.work())
        except BaseException as error:  # noqa: BLE001 - the waiting thread must get an interrupt too
            ending = partial(_raise, error)
        self.is_over = True
        self.calls.put(ending)

    def call_in_waiting_thread(self, call: Callable[[], None]) -> None:
        """Run a call in the waiting thread and raise what it raised, once: what follows is cleaning up."""
        if self.is_over:
            return
        self.calls.put(call)
        if (error := self.errors.get()) is not None:
            self.is_over = True
            raise error


def within(seconds: float, work: Callable[[], _Answer]) -> _Answer:
    """Return the result of work that may hang, or give up after some seconds without a sign of life.

    Raises:
        OSError: ``ETIMEDOUT``: it hangs.
        BaseException: What the work raised.
    """
    running = _Work(work)
    running.start()
    try:
        while True:
            call = running.calls.get(timeout=seconds)
            answer: _Answer = call()
            if running.is_over:
                return answer
            running.errors.put(None)
    except queue.Empty:
        running.errors.put(system_error(errno.ETIMEDOUT))
        raise system_error(errno.ETIMEDOUT) from None
    except BaseException as error:
        running.errors.put(error)
        running.join(seconds)  # it undoes what it has begun
        raise


def alive(call: Callable[[], None] = lambda: None) -> None:
    """Give a sign of life from work that runs `within` a limit, and run a call in the thread that waits.

    Raises:
        BaseException: What the call raised, or what ended the waiting; the work must stop.
    """
    thread = threading.current_thread()
    if isinstance(thread, _Work):
        thread.call_in_waiting_thread(call)
    else:
        call()


class PatientFile(SafeFile):
    """A file open for reading that gives up each call that hangs.

    Attributes:
        patience: Seconds for one call.
    """

    def __init__(self, path: Path, where: str, hints: Mapping[int, str], patience: float) -> None:
        self.patience = patience
        super().__init__(path, where, hints)

    def readinto(self, buffer: Any, /) -> int:
        """Read into a buffer, by way of one that an abandoned call may still write to."""
        block = self._asked(partial(io.FileIO.read, self, len(buffer))) or b""
        buffer[: len(block)] = block
        return len(block)

    def _asked(self, call: Callable[[], _Answer]) -> _Answer:
        return super()._asked(partial(within, self.patience, partial(self._unless_abandoned, call)))

    def _unless_abandoned(self, call: Callable[[], _Answer]) -> _Answer:
        """Close a file that opens after it was given up."""
        answer = call()
        try:
            alive()
        except BaseException:
            io.FileIO.close(self)
            raise
        return answer


def _return(answer: _Answer) -> _Answer:
    return answer


def _raise(error: BaseException) -> None:
    raise error
