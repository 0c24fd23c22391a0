"""Lines of text over a socket, with a time limit for each: how the notebook and a fresh process talk.

`own` and `warm` make the sockets; `process` sends jobs over them and reads the answers.
"""

from __future__ import annotations

import contextlib
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
        self._read = b""

    def send(self, line: str, timeout: float) -> None:
        """Send one line within so many seconds."""
        self._connection.settimeout(timeout)
        with contextlib.suppress(OSError):  # the other side has ended, or hangs (TimeoutError), as `receive` finds
            self._connection.sendall(line.encode() + b"\n")

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
            self._connection.settimeout(min(left, BEAT))
            try:
                more = self._connection.recv(CHUNK)
            except TimeoutError:
                on_wait()
                continue
            except ConnectionError:
                return None
            if not more:
                return None
            self._read += more
        line, _, self._read = self._read.partition(b"\n")
        return line.decode(errors="replace")

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
        """Close the connection."""
        self._connection.close()
