"""The warm parent, seen from the notebook: find it or start it, hold a lease on it, have it fork a fresh process.

One parent serves all notebooks of a user whose Python, packages and deciding variables are the same. It ends by itself
(`parent`); a notebook that finds none starts another.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from colab_save.errors import RequestError
from colab_save.fresh_process.base import FreshProcess
from colab_save.fresh_process.channel import Channel
from colab_save.fresh_process.sockets import JOB, LEASE, STATUS, connect, listen, locked, remove_dead, runtime_folder
from colab_save.fresh_process.starting import start
from colab_save.fresh_process.surroundings import deciding, innocent_environment
from colab_save.memory import ROOM, available_memory
from colab_save.settings import setting

PARENT = "colab_save.fresh_process.parent"

LOW = 10
"""The niceness of an early start, which nobody waits for (nice(2))."""

ENDING = 5.0
"""Seconds to wait for a parent to end a fork, which takes it milliseconds."""

HUNG = 120.0
"""Seconds in which a parent imports Keras on any machine; one that answers nobody after that hangs, or was stopped."""

CAN_FORK = sys.platform == "linux" and hasattr(os, "pidfd_open")
"""Whether the system has what a parent needs; elsewhere each fresh process is started anew."""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WarmStatus:
    """How fresh processes are made.

    Attributes:
        is_running: Whether a warm parent runs now.
        is_ready: Whether it has imported Keras and has found that its forks are good.
        reason: Why none is used; empty if one is, or will be at the next save.
        pid: The number of its process, or ``None``.
        idle: Seconds since its last job, or ``None``.
        memory: Bytes of memory that it takes, or ``None``.
    """

    is_running: bool
    is_ready: bool = False
    reason: str = ""
    pid: int | None = None
    idle: float | None = None
    memory: int | None = None


class Fork(FreshProcess):
    """A fresh process that a warm parent has forked, or will once it has imported Keras."""

    def __init__(self, connection: socket.socket) -> None:
        super().__init__(connection)
        self._connection = connection

    def begin(self, answers: str) -> None:
        """Have the parent fork it, and tell it what is around the notebook now."""
        with contextlib.suppress(OSError):  # the parent has ended; `receive` tells that
            socket.send_fds(self._connection, [JOB], [self.log.fileno()])
        super().begin(answers)

    def _find_code(self) -> int | None:
        return None  # the parent would have sent it

    def close(self) -> None:
        """Have the parent end it with all that it started."""
        if self.is_ready:  # else nothing has been forked, and the parent may still import
            self._channel.finish(ENDING)
        super().close()


class WarmParent:
    """The parent that this notebook uses, if any."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lease: socket.socket | None = None
        self._leased: Path | None = None
        self._distrust: dict[str, str] = {}
        self._logged = ("", "")
        self._early: subprocess.Popen[bytes] | None = None

    def fork(self) -> Fork | None:
        """Return a new fresh process, of a parent that is started if need be; ``None`` where there can be none."""
        with self._lock:
            self._hurry()
            connection = self._connect(0)
        return None if connection is None else Fork(connection)

    def start_early(self) -> None:
        """Start a parent at low priority if none runs and memory is ample, so that a first save need not wait."""
        if available_memory() < ROOM:
            _LOG.info("No warm process is started early: less than 2 GB of memory are available.")
            return
        with self._lock:
            connection = self._connect(LOW)
        if connection is not None:
            connection.close()

    def refuse(self, reason: str) -> None:
        """Note why forks cannot be trusted, and ask for no more of them."""
        name = _name()
        with self._lock:
            self._distrust[name] = reason
            self._log_reason(name, reason)

    def abandon_hung(self) -> None:
        """Have the next save start another parent, if this one has had the time to import and still answers nobody."""
        path = _path(_name())
        with self._lock, contextlib.suppress(OSError), locked(path.parent):
            if time.time() - path.stat().st_mtime > HUNG:
                path.unlink()
                self._end_lease()
                _LOG.info("The warm process does not answer; the next save starts another.")

    def leave(self) -> None:
        """Give the lease back; a parent that nobody uses ends. What a killed one has left is removed."""
        with self._lock:
            path = self._leased
            self._end_lease()
        if path is not None:
            remove_dead(path)

    def forget(self) -> None:
        """Have no lease and no lock in a fork of the notebook, since they are the notebook's."""
        self._lock = threading.Lock()
        self._early = None
        self._end_lease()

    def status(self, timeout: float = 1.0) -> WarmStatus:
        """Return how fresh processes are made now; starts nothing.

        Args:
            timeout: Seconds to wait for the parent's answer, which does not come while it imports.
        """
        name = _name()
        if reason := self._reason(name):
            return WarmStatus(is_running=False, reason=reason)
        connection = connect(_path(name))
        if connection is None:
            return WarmStatus(is_running=False, reason=self._logged[1] if self._logged[0] == name else "")
        channel = Channel(connection)
        try:
            connection.sendall(STATUS)
            # Every answer of a parent begins with an empty line.
            answer: dict[str, Any] = json.loads(channel.receive(timeout) or channel.receive(timeout) or "{}")
        except TimeoutError:
            return WarmStatus(is_running=True)  # it imports
        except (OSError, ValueError):
            return WarmStatus(is_running=False)  # it has just ended
        finally:
            channel.close()
        return WarmStatus(is_running=True, **answer) if answer else WarmStatus(is_running=False)

    @property
    def is_wanted(self) -> bool:
        """Whether the user wants the next fresh process to be warm."""
        return not _unwanted()

    def _reason(self, name: str) -> str:
        """Return why no warm parent of this name is used; empty if one is, or could be."""
        if unwanted := _unwanted():
            return unwanted
        if not CAN_FORK:
            return "forks are trusted on Linux only"
        return self._distrust.get(name, "")

    def _connect(self, niceness: int) -> socket.socket | None:
        """Return a connection to the parent, on which this notebook has a lease then."""
        name = _name()
        if reason := self._reason(name):
            self._log_reason(name, reason)
            return None
        path = _path(name)
        try:
            connection = connect(path)
            if connection is None or not self._has_lease(path):
                with locked(path.parent):
                    connection = connection or connect(path) or self._start(path, niceness)
                    self._take_lease(path)
        except OSError as error:
            remove_dead(path)
            self._log_reason(name, f"the warm process cannot be started ({error})")
            return None
        self._logged = ("", "")
        return connection

    def _log_reason(self, name: str, reason: str) -> None:
        """Note why no parent of this name is used now, with one line in the log for each reason."""
        if self._logged != (name, reason):
            _LOG.info("Fresh processes are started anew: %s.", reason)
        self._logged = (name, reason)
        self._end_lease()

    def _start(self, path: Path, niceness: int) -> socket.socket | None:
        """Start a parent, whose socket can be connected at once."""
        with listen(path) as listener:
            process = start(PARENT, listener, innocent_environment(), subprocess.DEVNULL, (str(niceness),))
        with contextlib.suppress(RuntimeError):  # Python is ending and starts no thread any more
            # Without a thread that waits for its end, it would stay as a zombie then.
            threading.Thread(target=process.wait, name="colab_save warm parent", daemon=True).start()
        _LOG.info("A warm process is started for fresh processes (process %d).", process.pid)
        self._early = process if niceness else None
        return connect(path)

    def _hurry(self) -> None:
        """Let an early start go on at the notebook's priority, where the system lets this user raise it."""
        process, self._early = self._early, None
        if process is not None and process.poll() is None:
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, process.pid, os.getpriority(os.PRIO_PROCESS, 0))

    def _has_lease(self, path: Path) -> bool:
        """Return whether there is a lease on the parent at a path, and that parent has not ended."""
        if self._lease is None or self._leased != path:
            return False
        try:
            self._lease.recv(1, socket.MSG_DONTWAIT)  # the parent sends nothing, so this is its end
        except BlockingIOError:
            return True
        except ConnectionError:
            pass
        return False

    def _take_lease(self, path: Path) -> None:
        self._end_lease()
        self._lease, self._leased = connect(path), path
        if self._lease is not None:
            with contextlib.suppress(ConnectionError):  # it has just ended; the next save finds that
                self._lease.sendall(LEASE)

    def _end_lease(self) -> None:
        if self._lease is not None:
            self._lease.close()
        self._lease, self._leased = None, None


def _unwanted() -> str:
    """Return why the user's settings want no warm process; empty if they do."""
    try:
        return "" if setting("warm") else "the setting warm is off"
    except RequestError:  # a save refuses it; an early start in the background must not
        return "the setting warm has a bad value"


def _path(name: str) -> Path:
    """Return the path of a parent's socket."""
    return runtime_folder() / f"{name}.sock"


def _name() -> str:
    """Return a name that two notebooks share if the same parent can serve both."""
    return hashlib.sha256(json.dumps(deciding()).encode()).hexdigest()[:16]


warm_parent = WarmParent()
"""The parent that this process uses."""

if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=warm_parent.forget)
