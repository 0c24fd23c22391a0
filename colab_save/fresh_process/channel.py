"""Lines of text over a socket, with a time limit for each answer: how the notebook and a fresh process talk.

`own` and `warm` make the sockets; `process` sends jobs over them and reads the answers.
"""

from __future__ import annotations

import contextlib
import select
import socket
import time
from collections.abc import Callable

BEAT = 0.2
"""Seconds between two calls of ``on_wait``."""

CHUNK = 1 << 16


class Channel:
    """One end of a connection that carries lines.

    Args:
        connection: The socket; the channel closes it.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._connection.settimeout(0.0)
        self._read = self._unsent = b""

    def send(self, line: str) -> None:
        """Send one line; what the other side does not take at once, since it still imports, is sent by `receive`."""
        self._unsent += line.encode() + b"\n"
        self._flush()

    def receive(self, timeout: float, on_wait: Callable[[], None] = lambda: None) -> str | None:
        """Return the next line; ``None`` if the other side has ended.

        Args:
            timeout: Seconds.
            on_wait: Called every `BEAT` seconds; an error that it raises ends the waiting.

        Raises:
            TimeoutError: There was no line within that time.
        """
        end = time.monotonic() + timeout
        while b"\n" not in self._read:
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError
            if not self._is_ready(min(left, BEAT)):
                on_wait()
                continue
            self._flush()
            try:
                more = self._connection.recv(CHUNK)
            except BlockingIOError:
                continue
            except ConnectionError:
                return None
            if not more:
                return None
            self._read += more
        line, _, self._read = self._read.partition(b"\n")
        return line.decode(errors="replace")

    @property
    def is_readable(self) -> bool:
        """Whether there is something to read, or the other side has ended."""
        poll = select.poll()
        poll.register(self._connection, select.POLLIN)
        return bool(self._read or poll.poll(0))

    def _is_ready(self, seconds: float) -> bool:
        """Wait until there is something to read, or more can be sent; return whether that is so."""
        poll = select.poll()  # `select.select` takes no descriptors above 1023
        poll.register(self._connection, select.POLLIN | (select.POLLOUT if self._unsent else 0))
        return bool(poll.poll(seconds * 1000))

    def _flush(self) -> None:
        try:
            sent = self._connection.send(self._unsent)
        except BlockingIOError:
            return
        except OSError:  # the other side has ended, as `receive` finds
            sent = len(self._unsent)
        self._unsent = self._unsent[sent:]

    def finish(self, timeout: float) -> None:
        """Send no more, and wait until the other side has closed its end, but no longer than so many seconds."""
        end = time.monotonic() + timeout
        with contextlib.suppress(OSError):  # it has ended (ConnectionError), or does not (TimeoutError)
            self._connection.shutdown(socket.SHUT_WR)
            while (left := end - time.monotonic()) > 0:
                self._connection.settimeout(left)
                if not self._connection.recv(CHUNK):
                    return

    def close(self) -> None:
        """Close the connection, also where a fork of this process has a copy of it."""
        with contextlib.suppress(OSError):  # the other side has closed it
            self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()
