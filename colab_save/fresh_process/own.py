"""A fresh process that the notebook starts itself, and a spare one for the next time.

It imports Keras anew, which takes seconds, so a spare one is started after each use. This is the way where forks cannot
be trusted, and the way without a spare where the user wants no warm process.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import threading

from colab_save.fresh_process.base import FreshProcess
from colab_save.fresh_process.starting import start
from colab_save.fresh_process.surroundings import deciding, environment_of_notebook
from colab_save.memory import ROOM, available_memory

CHILD = "colab_save.fresh_process.child"


class OwnProcess(FreshProcess):
    """A process that was started from here, and only serves this notebook."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            super().__init__(ours)
            self._process = start(CHILD, theirs, environment_of_notebook(), self.log)
        self.deciding = deciding()

    @property
    def is_running(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def _find_code(self) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(timeout=1)
        return None

    def close(self) -> None:
        """End it with all that it started."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        super().close()


class Spare:
    """The process that waits for the next use; there is at most one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: OwnProcess | None = None

    def take(self) -> OwnProcess:
        """Return the spare process, or a new one where there is none that fits."""
        with self._lock:
            process, self._process = self._process, None
        if process is not None and process.is_running and process.deciding == deciding():
            return process
        if process is not None:
            process.close()
        return OwnProcess()

    def prepare(self) -> None:
        """Start a spare process if memory is ample; its imports go on in the background."""
        with self._lock, contextlib.suppress(OSError):  # what has just been saved must not fail for it
            if self._process is None and available_memory() > ROOM:
                self._process = OwnProcess()

    def drop(self) -> None:
        """End the spare process, if there is one."""
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            process.close()

    def forget(self) -> None:
        """Have none in a fork of the notebook, since it is the notebook's."""
        self._lock = threading.Lock()
        self._process = None


spare = Spare()
"""The spare process of this notebook."""

if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=spare.forget)
