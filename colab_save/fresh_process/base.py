"""One fresh process as the notebook sees it, whichever way it was made.

`warm` has forks of a warm parent, `own` processes that the notebook started itself; `process` chooses between them.
"""

from __future__ import annotations

import json
import socket
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from colab_save.fresh_process.channel import Channel
from colab_save.fresh_process.surroundings import Surroundings


class FreshProcess(ABC):
    """A fresh process and the connection to it; `close` ends it with all that it started.

    Args:
        connection: This side of the connection.

    Attributes:
        folder: Its working folder.
        log: What it writes, other than answers.
        is_ready: Whether it has said that it is ready for jobs.
        code: Its exit status, negative after a signal; ``None`` while it runs, or where it is not known.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._channel = Channel(connection)
        try:
            self._folder = tempfile.TemporaryDirectory(prefix="colab_save_verifier_")
        except OSError:  # the disk is full
            self._channel.close()
            raise
        self.folder = self._folder.name
        self.log = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115 (closed in close)
        self.is_ready = False
        self.code: int | None = None

    def begin(self) -> None:
        """Tell it what is around the notebook now; its first answer is that it is ready."""
        self.send(Surroundings.of_notebook(self.folder).to_line(), timeout=10.0)

    def send(self, line: str, timeout: float) -> None:
        """Send a line within so many seconds; if the process does not take it, `receive` tells why."""
        self._channel.send(line, timeout)

    def receive(self, timeout: float, on_wait: Callable[[], None] = lambda: None) -> dict[str, Any] | None:
        """Return the next answer; ``None`` if the process has ended.

        Raises:
            TimeoutError: There was no answer within so many seconds.
        """
        while (line := self._channel.receive(timeout, on_wait)) is not None:
            try:
                answer = json.loads(line)
            except ValueError:  # half an answer of a process that was killed
                continue
            if "ended" in answer:
                self.code = answer["ended"]
                return None
            self.is_ready = self.is_ready or "ready" in answer
            return dict(answer)
        self.code = self._find_code()
        return None

    @abstractmethod
    def _find_code(self) -> int | None:
        """Return the exit status of the process, which has ended."""

    def last_line(self) -> str:
        """Return the last line that it wrote to its log."""
        self.log.seek(0)
        return next((line.strip() for line in reversed(self.log.readlines()) if line.strip()), "")

    def close(self) -> None:
        """End it, and remove its log and its folder."""
        self._channel.close()
        self.log.close()
        self._folder.cleanup()
