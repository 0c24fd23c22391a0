"""One fresh process as the notebook sees it, whichever way it was made.

`warm` has forks of a warm parent, `own` processes that the notebook started itself; `process` chooses between them.
"""

from __future__ import annotations

import json
import os
import socket
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from colab_save.fresh_process.channel import Channel
from colab_save.fresh_process.surroundings import Surroundings

TAIL = 1 << 16
"""Bytes at the end of a log that may contain its last line."""


class FreshProcess(ABC):
    """A fresh process and the connection to it; `close` ends it with all that it started.

    Args:
        connection: This side of the connection.

    Attributes:
        log: What it writes, other than answers.
        is_ready: Whether it has said that it is ready for jobs.
        code: Its exit status, negative after a signal; ``None`` while it runs, or where it is not known.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._channel = Channel(connection)
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        try:
            self.log = tempfile.TemporaryFile()  # noqa: SIM115 (closed in close)
        except OSError:  # the disk is full
            self._channel.close()
            raise
        self.is_ready = False
        self.code: int | None = None

    def begin(self, answers: str) -> None:
        """Tell it what is around the notebook now, with a folder to work in; it answers that it is ready.

        Args:
            answers: The folder in which the answers of all its jobs will be.
        """
        self._folder = tempfile.TemporaryDirectory(prefix="colab_save_verifier_", ignore_cleanup_errors=True)
        self.send(Surroundings.of_notebook(self._folder.name, answers).to_line())

    def send(self, line: str) -> None:
        """Send a line; if the process does not take it, `receive` tells why."""
        self._channel.send(line)

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
            if not isinstance(answer, dict):  # something that the model's code has written
                continue
            if "ended" in answer:
                self.code = answer["ended"]
                return None
            self.is_ready = self.is_ready or "ready" in answer
            return answer
        self.code = self._find_code()
        return None

    @property
    def has_ended(self) -> bool:
        """Whether it has ended without a job: until it has one, it has nothing to say."""
        return self._channel.is_readable

    @abstractmethod
    def _find_code(self) -> int | None:
        """Return the exit status of the process, which has ended."""

    def last_line(self) -> str:
        """Return the last line that it wrote to its log, of which only the end is read: it may be huge."""
        self.log.seek(max(self.log.seek(0, os.SEEK_END) - TAIL, 0))
        lines = self.log.read(TAIL).decode(errors="replace").splitlines()
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    def close(self) -> None:
        """End it, and remove its log and its folder."""
        self._channel.close()
        self.log.close()
        if self._folder is not None:
            self._folder.cleanup()
