"""The fresh process of a round trip, seen from the proof: start it, send it jobs, end it.

A save opens a `Verifier` before it stages, so that the import of TensorFlow, if there must be one, overlaps with that.
Each round trip gets a process of its own, forked from the warm parent (`warm`); where forks cannot be trusted, those of
one save share one (`own`). A process can hang or die without harm: it has a time limit and is killed with all that it
started.
"""

from __future__ import annotations

import atexit
import signal
import tempfile
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, TypeAlias

from colab_save.errors import VerifierError
from colab_save.fresh_process.base import FreshProcess
from colab_save.fresh_process.job import Job, is_alone, to_line
from colab_save.fresh_process.own import OwnProcess, spare
from colab_save.fresh_process.warm import Fork, warm_parent
from colab_save.hints import literal, option
from colab_save.quoting import one_line, shorten

OnWait: TypeAlias = Callable[[], None]
OnLack: TypeAlias = Callable[[str], bool]

_MEMORY = "The usual reason is too little memory for a second copy of the model. Free some."
_CODE = "What the model runs has ended it: its own code, or a library. Run it in a process of its own to see why."


def leave() -> None:
    """Give up what waits for the next use: the lease on the warm parent, and the spare process."""
    warm_parent.leave()
    spare.drop()


atexit.register(leave)


class Verifier:
    """Has fresh processes reload payloads, one at a time; a context manager that always ends them.

    Args:
        is_used: Whether to start one at once; unused, it costs nothing.

    Attributes:
        death: How the last one that died, or ran out of time, did so; ``None`` if none has.
        was_killed: Whether one was killed from outside, as Linux does when memory runs out: no fault of a payload.
        refused: The files that the last job was refused or did not find, as the code spelled them.
    """

    def __init__(self, *, is_used: bool = True) -> None:
        self._is_used = is_used
        self.death: VerifierError | None = None
        self.was_killed = False
        self.refused: tuple[str, ...] = ()
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._process: FreshProcess | None = None
        self._is_spare_wanted = False

    def __enter__(self) -> Self:
        if self._is_used:
            try:
                self._open()
            except BaseException:  # Ctrl-C too: IPython holds the traceback, and with that the connection
                self._end()
                raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()
        if self._is_spare_wanted:
            spare.prepare()

    def _end(self) -> None:
        self.close()
        if self._folder is not None:
            self._folder.cleanup()

    @property
    def folder(self) -> str:
        """The folder for answers, which all its processes can read."""
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="colab_save_answers_", ignore_cleanup_errors=True)
        return self._folder.name

    def renew(self) -> None:
        """End the process if it is a fork that has done a job, so that the next job finds nothing of that.

        A job that is alone begins so by itself; a collection does with its first part.
        """
        if isinstance(self._process, Fork) and self._process.is_ready:
            self.close()

    def ask(
        self, job: Job, timeout: float, on_wait: OnWait = lambda: None, supply: OnLack = lambda _: False
    ) -> dict[str, Any]:
        """Send one job, and return its answer.

        Args:
            job: See `job`.
            timeout: Seconds, including the import of TensorFlow where the process has yet to do that.
            on_wait: Called several times a second while the process works; an error that it raises ends the waiting.
            supply: Called with a name that the process lacked; returns whether to try again.

        Raises:
            VerifierError: The process died, was killed for taking too long, or reported an error.
        """
        end = time.monotonic() + timeout
        if is_alone(job):
            self.renew()
        try:
            process, answer = self._put(job, end, on_wait)
            if answer is None and process.code is None and is_alone(job):
                self.close()  # the warm process has died, which is no fault of the job
                process, answer = self._put(job, end, on_wait)
        except TimeoutError:
            self.death = self._timed_out(timeout)
            raise self.death from None
        if answer is None:
            self.death = self._died(process)
            raise self.death
        self.refused = tuple(map(str, answer.get("refused", ())))
        if "error" in answer:
            if (name := str(answer.get("lacks", ""))) and supply(name):
                return self.ask(job, timeout, on_wait, supply)
            raise VerifierError(f"In a fresh process: {answer['error']}", str(answer["hint"]))
        return answer

    def _put(self, job: Job, end: float, on_wait: OnWait) -> tuple[FreshProcess, dict[str, Any] | None]:
        """Return a process that has been sent a job, and its answer; ``None`` if it has ended.

        Raises:
            TimeoutError: There was no answer before the end.
        """
        process = self._make_ready(end, on_wait)
        process.send(to_line(job))
        return process, process.receive(end - time.monotonic(), on_wait)

    def _open(self) -> FreshProcess:
        """Open a process: a fork, else the spare one or a new one."""
        process = self._process = warm_parent.fork() or spare.take()
        process.begin(self.folder)
        return process

    def _make_ready(self, end: float, on_wait: OnWait) -> FreshProcess:
        """Return a process that is ready for a job, or one that was started here and has ended before it was.

        Raises:
            TimeoutError: None was ready before the end.
        """
        ended = 0
        while True:
            process = self._process or self._open()
            answer = None if process.is_ready else process.receive(end - time.monotonic(), on_wait)
            if process.is_ready and not process.has_ended:
                return process
            if isinstance(process, OwnProcess) and not process.is_ready:
                return process
            self.close()
            # A parent that has just ended is replaced once; one that reports why it cannot fork is believed.
            ended += 1
            if answer is not None and "refused" in answer:
                warm_parent.refuse(answer["refused"])
            elif ended > 1 and isinstance(process, Fork):
                warm_parent.refuse("the warm process has ended twice")

    def _timed_out(self, timeout: float) -> VerifierError:
        """End the process, and return the error that says that it took too long."""
        process = self._process
        self.close()
        if isinstance(process, Fork) and not process.is_ready:
            warm_parent.abandon_hung()
        longer = max(900, round(3 * timeout))
        return VerifierError(
            f"The fresh process did not answer within {timeout:g} seconds.",
            f"Give it more time with {option('timeout', longer)}, or save with {option('verify', value=False)}.",
        )

    def _died(self, process: FreshProcess) -> VerifierError:
        """Close a process that has ended, and return the error that says how."""
        tail = process.last_line()
        code = process.code
        self.was_killed = code in {None, -signal.SIGKILL}
        self.close()
        if code is None:
            how = "ended together with the warm process that it was forked from"
        else:
            how = f"was killed by signal {-code}" if code < 0 else f"ended with status {code}"
        return VerifierError(
            f"The fresh process {how}{f': {literal(shorten(one_line(tail), 200))}' if tail else ''}.",
            f"{_MEMORY if self.was_killed else _CODE} Or save with {option('verify', value=False)}.",
        )

    def close(self) -> None:
        """End the process and everything that it started."""
        process, self._process = self._process, None
        if process is not None:
            self._is_spare_wanted = isinstance(process, OwnProcess) and warm_parent.is_wanted
            process.close()
