"""The warm parent: a process that has only imported Keras, and forks a fresh process for each connection.

`warm` starts it with a listening socket as its standard input; who connects before the imports are over has to wait,
since the thread that imports must be the one that forks: Keras has state that belongs to a thread. The first byte of a
connection says what it is: a lease of a notebook, which lasts as long as the connection; a job, which gets a fork; or a
question for the status. The parent itself never opens a model, and never initialises a backend. It serves until no
notebook has a lease, until it has been idle for half an hour, or until memory is short.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys
import time
from functools import partial
from pathlib import Path

from colab_save.fresh_process.child import LOOK, import_all, is_waiting_over, probe, serve_connection, take_connection
from colab_save.fresh_process.forking import Forks
from colab_save.fresh_process.polling import Poller
from colab_save.fresh_process.sockets import JOB, LEASE, STATUS, is_of_this_user, remove_dead
from colab_save.fresh_process.trust import reason_against_forking
from colab_save.memory import end_first, resident_memory
from colab_save.wording import first_line

UNUSED = 60.0
"""Seconds after which it ends if no notebook has taken a lease: the one that started it has died meanwhile."""

PROBE = 60.0
"""Seconds within which the first fork must have computed something, else forks are not trusted."""

PAUSE = 0.1
"""Seconds before it tries again to accept a connection."""

NO_FORK = "the warm process cannot be forked ({})"
"""Why a job is refused where the system allows no other process, or cannot tell when one ends."""


class Parent:
    """The parent's connections, and what it knows about its forks.

    Args:
        listener: The socket that notebooks connect to.
        distrust: Why forks are not trusted; empty if nothing speaks against them yet.
    """

    def __init__(self, listener: socket.socket, distrust: str) -> None:
        self._listener = listener
        self._poller = Poller()
        self._forks = Forks(self._poller)
        self._leases: set[socket.socket] = set()
        self._waiting: list[socket.socket] = []
        self._distrust: str | None = distrust or None
        """Why forks are not trusted, empty if they are, and ``None`` until that is known."""
        self._started = self._used = time.monotonic()
        self._is_used = False

    def serve(self) -> None:
        """Serve until there is no reason to go on."""
        self._poller.watch(self._listener.fileno(), self._accept)
        probing = self._probe() if self._distrust is None else 0
        while self._poller.wait(0) or not self._is_over():  # who already waits is served first
            self._poller.wait(LOOK)
            if self._distrust is None and time.monotonic() - self._started > PROBE:
                self._forks.end(probing)

    def _probe(self) -> int:
        """Make the first fork, and return its number; 0 if there can be none."""
        try:
            return self._forks.fork(probe, None, self._judge)
        except OSError as error:
            self._distrust = NO_FORK.format(error)
            return 0

    def _is_over(self) -> bool:
        if self._forks or self._waiting:
            return False
        now = time.monotonic()
        is_left = not self._leases and (self._is_used or now - self._started > UNUSED)
        is_useless = bool(self._distrust) and now - self._started > LOOK
        return is_useless or is_left or is_waiting_over(self._used)

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:  # no descriptor is free: whoever connects waits until one is
            time.sleep(PAUSE)
            return
        if is_of_this_user(connection):
            self._poller.watch(connection.fileno(), partial(self._greet, connection))
        else:
            connection.close()

    def _greet(self, connection: socket.socket) -> None:
        """Find out what a connection is for; the byte of a job stays for the fork, with the descriptor beside it."""
        self._poller.forget(connection.fileno())
        try:
            kind = connection.recv(1, socket.MSG_PEEK)
        except OSError:
            kind = b""
        if kind == LEASE:
            self._is_used = True
            self._leases.add(connection)
            self._poller.watch(connection.fileno(), partial(self._end_lease, connection), is_read=False)
        elif kind == JOB:
            self._queue(connection)
        else:
            if kind == STATUS:
                _send(connection, self._status())
            connection.close()

    def _end_lease(self, connection: socket.socket) -> None:
        self._poller.forget(connection.fileno())
        self._leases.remove(connection)
        connection.close()

    def _status(self) -> dict[str, object]:
        return {
            "pid": os.getpid(),
            "is_ready": self._distrust == "",
            "idle": time.monotonic() - self._used,
            "memory": resident_memory(),
        }

    def _queue(self, connection: socket.socket) -> None:
        """Fork for a job, or let it wait until the forks are known to be good."""
        self._used = time.monotonic()
        self._waiting.append(connection)
        self._poller.watch(connection.fileno(), partial(self._stop_waiting, connection), is_read=False)
        self._dispatch()

    def _stop_waiting(self, connection: socket.socket) -> None:
        self._poller.forget(connection.fileno())
        self._waiting.remove(connection)
        connection.close()

    def _dispatch(self) -> None:
        """Give each job that waits a fork, or the reason why there is none."""
        while self._waiting and self._distrust is not None:
            connection = self._waiting[0]
            self._poller.forget(connection.fileno())
            if self._distrust:
                _refuse(connection, self._distrust)
            else:
                self._fork(connection)
            del self._waiting[0]

    def _fork(self, connection: socket.socket) -> None:
        descriptor = connection.fileno()
        serve, end = partial(serve_connection, connection), partial(self._end_job, connection)
        try:
            pid = self._forks.fork(serve, descriptor, end)
        except OSError as error:
            _refuse(connection, NO_FORK.format(error))
            return
        # A notebook that closes its connection ends the fork: it was interrupted, has given up or has died.
        self._poller.watch(descriptor, partial(self._end_fork, descriptor, pid), is_read=False)

    def _end_fork(self, descriptor: int, pid: int) -> None:
        self._poller.forget(descriptor)
        self._forks.end(pid)

    def _end_job(self, connection: socket.socket, code: int) -> None:
        self._used = time.monotonic()
        self._poller.forget(connection.fileno())
        _send(connection, {"ended": code})
        with contextlib.suppress(OSError):  # the notebook has closed it
            connection.shutdown(socket.SHUT_RDWR)  # what the fork has started in another session may have it too
        connection.close()

    def _judge(self, code: int) -> None:
        self._distrust = f"the first fork ended with status {code}" if code else ""
        self._dispatch()


def _refuse(connection: socket.socket, reason: str) -> None:
    """Tell the notebook why there is no fork."""
    _send(connection, {"refused": reason})
    connection.close()


def _send(connection: socket.socket, answer: dict[str, object]) -> None:
    """Send a line of its own, whatever the fork has written before."""
    with contextlib.suppress(OSError):  # the notebook has ended
        connection.settimeout(1.0)
        connection.sendall(f"\n{json.dumps(answer)}\n".encode())


def main(niceness: str) -> None:
    """Import what fresh processes need, then serve the socket that is the standard input.

    Args:
        niceness: How much lower than the notebook's the priority of the imports is, 0 to 19 (nice(2)).
    """
    _begin_anew()
    listener = take_connection()
    end_first()
    own = os.getpriority(os.PRIO_PROCESS, 0)
    os.nice(int(niceness))
    try:
        distrust = _import()
        with contextlib.suppress(OSError):  # not every user may raise a priority; the forks stay low then
            os.setpriority(os.PRIO_PROCESS, 0, own)
        Parent(listener, distrust).serve()
    finally:
        path = Path(listener.getsockname())
        listener.close()
        remove_dead(path)  # if the folder was deleted meanwhile, another parent may listen there now


def _begin_anew() -> None:
    """Drop what the notebook that has started this process passes on, and a fork of another would not expect."""
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # where it is ignored, nobody learns how a fork ended
    del sys.argv[1:]


def _import() -> str:
    """Import all that jobs need, and return why this process cannot be forked then; empty if it can."""
    try:
        import_all()
    except BaseException as error:  # noqa: BLE001 - whatever a broken installation raises is the reason
        return f"Keras cannot be imported: {first_line(error)}"
    return reason_against_forking()
