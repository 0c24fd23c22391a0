"""The fresh process of a round trip, seen from the notebook: start it, send it jobs, end it.

A save opens a `Verifier` before it stages, so that the child's TensorFlow import costs no extra time; `verify` asks it
once per payload. The child can hang or die without harm: it has a time limit and is killed with all that it started.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self, TypeAlias

from colab_save.errors import VerifierError
from colab_save.hints import option
from colab_save.proof.job import Job, to_line

COMMAND = (sys.executable, "-P", "-c")
"""Python without the current folder on its path: a reload must not work only because of the notebook's modules."""

PROGRAM = """
import importlib.machinery, importlib.util, sys
spec = importlib.machinery.PathFinder.find_spec("colab_save", [{folder!r}])
sys.modules["colab_save"] = package = importlib.util.module_from_spec(spec)
spec.loader.exec_module(package)
sys.path += {beside!r}
from colab_save.proof.child import main
main()
"""
"""The child runs the very package that starts it: another installed copy would prove nothing about this one."""

RELEASE_EARLY = {"MALLOC_MMAP_THRESHOLD_": str(2**20)}
"""Makes the GNU C library return each freed block of 1 MB or more at once (mallopt(3)). By default it learns to retain
blocks of up to 32 MB, and a child that loads layers of 4 MB takes half as much again as the model's size."""

BEAT = 0.2
"""Seconds between two calls of `on_wait`."""

OnWait: TypeAlias = Callable[[], None]
OnLack: TypeAlias = Callable[[str], bool]


class Verifier:
    """A fresh Python process that reloads payloads; a context manager that always ends it.

    Args:
        is_used: Whether to start it at once; unused, it costs nothing.

    Attributes:
        death: How it died, or ran out of time, last; ``None`` if it never did.
    """

    def __init__(self, *, is_used: bool = True) -> None:
        self._is_used = is_used
        self.death: VerifierError | None = None
        self._process: subprocess.Popen[str] | None = None
        self._answers: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._log: IO[str] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> Self:
        if self._is_used:
            self._start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _start(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="colab_save_verifier_")
        self._log = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115 (closed in close)
        self._process = subprocess.Popen(
            [*COMMAND, _program()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            cwd=self._folder.name,
            env={**RELEASE_EARLY, **os.environ},
            start_new_session=True,
        )
        self._answers = queue.SimpleQueue()
        threading.Thread(target=_read, args=(self._process.stdout, self._answers), daemon=True).start()

    def ask(
        self, job: Job, timeout: float, on_wait: OnWait = lambda: None, supply: OnLack = lambda _: False
    ) -> dict[str, Any]:
        """Send one job, and return its answer.

        Args:
            job: See `job`.
            timeout: Seconds, including the child's TensorFlow import.
            on_wait: Called every `BEAT` seconds while the child works; an error that it raises ends the waiting.
            supply: Called with a name that the child lacked; returns whether to try again.

        Raises:
            VerifierError: The child died, was killed for taking too long, or reported an error.
        """
        if self._process is None or self._process.poll() is not None:
            self.close()
            self._start()
        process = self._process
        if process is None or process.stdin is None:
            raise VerifierError(
                "The fresh process could not be started.",
                f"Save again; if that fails too, save with {option('verify', value=False)}.",
            )
        try:
            process.stdin.write(to_line(job))
            process.stdin.flush()
            answer = self._wait(timeout, on_wait)
        except BrokenPipeError:
            answer = {}
        if not answer:
            self.death = self._death(timeout)
            raise self.death
        if "error" in answer:
            if (name := str(answer.get("lacks", ""))) and supply(name):
                return self.ask(job, timeout, on_wait, supply)
            raise VerifierError(f"In a fresh process: {answer['error']}", str(answer["hint"]))
        return answer

    def _wait(self, timeout: float, on_wait: OnWait) -> dict[str, Any]:
        """Return the next answer to a job; empty if the child has ended or the time is up."""
        end = time.monotonic() + timeout
        while (left := end - time.monotonic()) > 0:
            try:
                line = self._answers.get(timeout=min(left, BEAT))
            except queue.Empty:
                on_wait()
                continue
            try:
                answer = json.loads(line)
            except ValueError:  # an empty line: the child has ended
                return {}
            if "ready" not in answer:
                return dict(answer)
        return {}

    def _death(self, timeout: float) -> VerifierError:
        """End the child, and return the error that says how it ended."""
        process, log = self._process, self._log
        try:
            code = process.wait(timeout=1) if process else None
        except subprocess.TimeoutExpired:
            code = None
        tail = ""
        if log is not None:
            log.seek(0)
            tail = next((line.strip() for line in reversed(log.readlines()) if line.strip()), "")
        self.close()
        if code is None:
            return VerifierError(
                f"The fresh process did not answer within {timeout:g} seconds.",
                f"Give it more time with {option('timeout', 900)}, or save with {option('verify', value=False)}.",
            )
        how = f"was killed by signal {-code}" if code < 0 else f"ended with status {code}"
        return VerifierError(
            f"The fresh process {how}{f': {tail[:200]}' if tail else ''}.",
            "The usual reason is too little memory for a second copy of the model. Free some, or save with "
            f"{option('verify', value=False)}.",
        )

    def close(self) -> None:
        """End the child and everything it started."""
        process, self._process = self._process, None
        if process is not None:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    _close(stream)
        if self._log is not None:
            self._log.close()
            self._log = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None


def _program() -> str:
    """Return the child's program, with the location of this package.

    The folder around the package may also contain its requirements, so it comes last on the child's path, unless it is
    the notebook's current folder.
    """
    package = Path(__file__).resolve().parents[1]
    beside = [] if package.parent == Path.cwd() else [str(package.parent)]
    return PROGRAM.format(folder=str(package.parent), beside=beside)


def _read(stream: IO[str], answers: queue.SimpleQueue[str]) -> None:
    """Queue lines until the child closes its end, then an empty one."""
    try:
        for line in stream:
            answers.put(line)
    except ValueError:  # close() has closed the stream meanwhile
        pass
    answers.put("")


def _close(stream: IO[str]) -> None:
    with contextlib.suppress(BrokenPipeError):  # a dead child has not read all of it
        stream.close()
