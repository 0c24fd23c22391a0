"""The only progress channel: steps with bytes, and the bar that shows them.

The pipelines report each `Step` to the ``on_step`` of the frontend, which is usually a `ProgressBar`.
"""

from __future__ import annotations

import enum
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TextIO

from colab_save.quantities import size_in_words


class Stage(enum.StrEnum):
    """The stage of a save or load."""

    RESOLVE = "resolve"
    STAGE = "stage"
    VERIFY = "verify"
    PUBLISH = "publish"
    UPLOAD = "upload"
    FETCH = "fetch"
    LOAD = "load"


@dataclass(frozen=True, slots=True)
class Step:
    """One report of progress.

    Attributes:
        stage: The stage of the save or load.
        done: Bytes done in this stage.
        total: Bytes to do in this stage; 0 if unknown.
        detail: What the stage is working on, such as a format.
    """

    stage: Stage
    done: int = 0
    total: int = 0
    detail: str = ""


OnStep = Callable[[Step], None]


class Clock:
    """Reports the stages of a save or load and measures how long each takes.

    Args:
        on_step: Called with every step.

    Attributes:
        on_step: The same, for callers that report bytes.
        seconds: Seconds spent in each stage, by its name.
    """

    def __init__(self, on_step: OnStep) -> None:
        self.on_step = on_step
        self.seconds: dict[str, float] = {}
        self._last = Step(Stage.RESOLVE)

    @contextmanager
    def at(self, stage: Stage, detail: str = "") -> Iterator[None]:
        """Report a stage, and add the seconds that the block takes."""
        self._last = Step(stage, detail=detail)
        self.on_step(self._last)
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - began

    def beat(self) -> None:
        """Report the last step again while it waits, so that ``on_step`` can cancel it by raising."""
        self.on_step(self._last)


def ignore_steps(step: Step) -> None:
    """Ignore a step; the ``on_step`` of callers that show no progress."""


class ProgressBar:
    """The progress bar of a save or load: a context manager that is called with each step.

    It appears after `delay` seconds, starts again with each stage, and disappears at the end. There is none if standard
    error is neither a terminal nor that of a notebook, as in a log.
    A thread updates its clock, since a stage may be one long call, such as a fresh process that imports TensorFlow.

    Args:
        file: Where a terminal's bar is written; default: standard error. A notebook shows a widget.
        delay: Seconds until the bar appears.
        interval: Seconds between two updates of the clock.
    """

    def __init__(self, file: TextIO | None = None, *, delay: float = 1.0, interval: float = 0.5) -> None:
        self._file = file
        self._delay = delay
        self._interval = interval
        self._lock = threading.Lock()
        self._is_closed = threading.Event()
        self._ticker = threading.Thread(target=self._tick, name="colab_save progress", daemon=True)

    def __enter__(self) -> Self:
        self._bar = _make_bar(file=self._file, delay=self._delay)
        with suppress(RuntimeError):  # Python is ending and starts no thread any more: the clock stands still
            self._ticker.start()
        return self

    def __call__(self, step: Step) -> None:
        """Show a step."""
        share = min(100, 100 * step.done // step.total) if step.total else 0
        size = f"{size_in_words(step.done)} of {size_in_words(step.total)}" if step.total else ""
        with self._lock:
            self._bar.set_description_str(f"{step.stage} {step.detail}".rstrip(), refresh=False)
            self._bar.set_postfix_str(size, refresh=False)
            self._bar.update(share - self._bar.n)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._is_closed.set()
        if self._ticker.ident is not None:
            self._ticker.join()
        # tqdm.notebook leaves a red bar behind if a bar is closed before it reaches its total.
        self._bar.total = None
        self._bar.close()

    def _tick(self) -> None:
        while not self._is_closed.wait(self._interval):
            with self._lock:
                self._bar.update(0)


def _make_bar(file: TextIO | None, delay: float) -> Any:
    """Make a bar of 100 %; bytes are shown in its text, since a widget's range cannot change with each stage."""
    from tqdm import TqdmWarning

    layout = "{desc} |{bar}| {elapsed}{postfix}"
    is_seen = file is not None or getattr(sys.stderr, "isatty", bool)() or "ipykernel" in sys.modules
    how = {"leave": False, "bar_format": layout, "miniters": 0, "dynamic_ncols": True, "disable": not is_seen}
    with warnings.catch_warnings():
        # tqdm warns if it falls back to text without ipywidgets, and if Python is ending; both are fine here.
        warnings.simplefilter("ignore", TqdmWarning)
        from tqdm.auto import tqdm

        return tqdm(total=100, file=file, delay=delay, **how)
