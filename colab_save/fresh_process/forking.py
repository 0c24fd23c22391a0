"""Fork fresh processes, notice their ends, and end them with all that they started; Linux only.

A fork is one fresh process. It dies with the process that forked it, and has none of its descriptors but its own.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import traceback
import warnings
from collections.abc import Callable
from functools import partial
from typing import NoReturn

from colab_save.fresh_process.polling import Poller

DIE_WITH_PARENT = 1
"""``PR_SET_PDEATHSIG`` of prctl(2)."""


class Forks:
    """The forks of this process that still run.

    Args:
        poller: What this process waits with; it learns there that a fork has ended.
    """

    def __init__(self, poller: Poller) -> None:
        self._poller = poller
        self._running: set[int] = set()

    def __len__(self) -> int:
        """Return how many run."""
        return len(self._running)

    def fork(self, run: Callable[[], int], retained: int | None, ended: Callable[[int], None]) -> int:
        """Fork a process, and return its number.

        Args:
            run: What it does; returns its exit status.
            retained: The descriptor that it has of this process, beside the standard ones.
            ended: Called when it has ended, with its exit status, which is negative after a signal.

        Raises:
            OSError: The system allows no other process, or cannot tell when one ends.
        """
        parent = os.getpid()
        with warnings.catch_warnings():
            # "use of fork() may lead to deadlocks in the child": `trust` and the probe decide that, not threads
            warnings.simplefilter("ignore")
            pid = os.fork()
        if pid == 0:
            self._become_child(parent, run, retained)
        try:
            handle = os.pidfd_open(pid)
        except OSError:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            raise
        self._running.add(pid)
        self._poller.watch(handle, partial(self._reap, handle, pid, ended))
        return pid

    def end(self, pid: int) -> None:
        """End a fork, with all that it started."""
        if pid in self._running:  # else the number may be another process's
            with contextlib.suppress(ProcessLookupError):  # it has no session yet
                os.killpg(pid, signal.SIGKILL)
            os.kill(pid, signal.SIGKILL)

    def _reap(self, handle: int, pid: int, ended: Callable[[int], None]) -> None:
        self._poller.forget(handle)
        os.close(handle)
        self.end(pid)  # what it started, as long as its number is not free
        self._running.remove(pid)
        ended(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))

    def _become_child(self, parent: int, run: Callable[[], int], retained: int | None) -> NoReturn:
        code = 1
        try:
            os.setsid()
            ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)
            for descriptor in self._poller:
                if descriptor != retained:
                    os.close(descriptor)
            if os.getppid() == parent:  # else it has died before prctl
                code = run()
        except BaseException:  # noqa: BLE001 - nothing may return into the parent's loop
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
