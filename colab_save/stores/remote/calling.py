"""Call the client of a remote store: with a time limit, retried where that may help, and cancelled when given up.

`remote` makes every call through a `Caller`. fsspec runs asynchronous clients on a loop of its own and leaves calls
running there after a time-out or Ctrl-C; an upload that ended later would bring back what a failed save has removed.
"""

# Why by hand: fsspec's own time limit gives up waiting and leaves the call running, and each of its implementations
# repeats failed calls by rules of its own, or not at all. A save must know that a call which it gave up has ended
# before it removes what it wrote. So each call is a task that is cancelled here, on the client's loop, and awaited.

from __future__ import annotations

import asyncio
import functools
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from colab_save.stores.remote.clients import FileSystem
from colab_save.stores.remote.errors import is_passing

_Answer = TypeVar("_Answer")

TICK = 0.1
"""Seconds between two looks at a running call."""

GRACE = 5.0
"""Seconds that a cancelled call has to end."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a call may take, and how often it is tried.

    Attributes:
        answer: Seconds for a call that moves no data.
        slowest: Bytes per second below which a transfer counts as hung.
        attempts: How often a call is tried at most.
        retry_for: Seconds after which it is not retried.
        pause: Seconds before the second attempt, about; each further pause is twice as long, with some randomness.
    """

    answer: float = 60.0
    slowest: float = 100_000.0
    attempts: int = 5
    retry_for: float = 120.0
    pause: float = 0.5

    def seconds(self, size: int) -> float:
        """Return the time limit of a call that moves so many bytes."""
        return self.answer + size / self.slowest


class Running:
    """A call on the loop of an asynchronous client, from `begin` on.

    Args:
        loop: The client's loop, which runs in a thread of its own.
        make: Makes the coroutine, in that thread.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, make: Callable[[], Any]) -> None:
        self._loop, self._make = loop, make
        self._ended = threading.Event()
        self._tasks: list[asyncio.Task[Any]] = []
        self._is_begun = False

    def begin(self) -> Running:
        """Begin the call without waiting for it, unless it has begun."""
        if not self._is_begun:
            self._is_begun = True
            self._loop.call_soon_threadsafe(self._start)
        return self

    def _start(self) -> None:
        task = self._loop.create_task(self._make())
        self._tasks.append(task)
        task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[Any]) -> None:
        if not task.cancelled():
            task.exception()  # so that asyncio does not warn of an error that nobody retrieved
        self._ended.set()

    def result(self, seconds: float, on_tick: Callable[[], None] | None = None) -> Any:
        """Begin the call if it has not begun, and wait for its result; whatever interrupts that also ends the call.

        Args:
            seconds: The time limit.
            on_tick: Called in this thread while the call is running.

        Raises:
            TimeoutError: There is none within that time.
        """
        limit = time.monotonic() + seconds
        try:
            self.begin()  # in here, since Ctrl-C may come before the waiting
            while not self._ended.wait(TICK):
                if on_tick is not None:
                    on_tick()
                if time.monotonic() > limit:
                    raise TimeoutError(f"no answer within {seconds:.0f} seconds")  # noqa: TRY301 - the handler stops the call
        except BaseException:
            self.stop()
            raise
        return self._tasks[0].result()

    def stop(self) -> None:
        """Cancel the call and wait until it has ended."""
        self._loop.call_soon_threadsafe(self._cancel)
        self._ended.wait(GRACE)

    def _cancel(self) -> None:
        for task in self._tasks:
            task.cancel()
        if not self._tasks:
            self._ended.set()


class Caller:
    """Makes the calls of one file system.

    Args:
        filesystem: fsspec's, asynchronous or not; only asynchronous calls can be limited and cancelled.
        patience: How long, and how often.
    """

    def __init__(self, filesystem: FileSystem, patience: Patience) -> None:
        self.filesystem = filesystem
        self.patience = patience

    @property
    def is_asynchronous(self) -> bool:
        """Return whether calls can run side by side."""
        return bool(self.filesystem.async_impl)

    def start(self, name: str, *arguments: Any, **options: Any) -> Running:
        """Begin a call of an asynchronous client without waiting for it."""
        return self._made(name, *arguments, **options).begin()

    def _made(self, name: str, *arguments: Any, **options: Any) -> Running:
        method = getattr(self.filesystem, f"_{name}")
        return Running(self.filesystem.loop, functools.partial(method, *arguments, **options))

    def once(
        self, name: str, *arguments: Any, size: int = 0, on_tick: Callable[[], None] | None = None, **options: Any
    ) -> Any:
        """Make a call without retrying.

        Args:
            name: The method, as synchronous clients call it.
            arguments: The method's arguments.
            size: Bytes that it moves.
            on_tick: Called while it is running.
            options: The method's keyword arguments.
        """
        if not self.is_asynchronous:
            return getattr(self.filesystem, name)(*arguments, **options)
        return self._made(name, *arguments, **options).result(self.patience.seconds(size), on_tick)

    def call(self, name: str, *arguments: Any, **options: Any) -> Any:
        """Make a call and retry it where that may help."""
        return self.retry(lambda: self.once(name, *arguments, **options))

    def retry(self, attempt: Callable[[], _Answer]) -> _Answer:
        """Try until it succeeds, fails for good, or patience is used up; the last error is raised."""
        import tenacity

        patience = self.patience

        def jitter(retry_state: Any) -> float:  # noqa: ARG001 - tenacity gives it, older releases by this name
            # tenacity's own draws from the generator of the notebook
            return random.SystemRandom().uniform(0, patience.pause)

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(is_passing),
            stop=tenacity.stop_after_attempt(patience.attempts) | tenacity.stop_after_delay(patience.retry_for),
            wait=tenacity.wait_combine(tenacity.wait_exponential(patience.pause, max=10), jitter),
            reraise=True,
        )
        return retrying(attempt)
