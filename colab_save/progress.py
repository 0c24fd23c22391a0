"""The only progress channel: steps with bytes, and the one bar that shows them.

The pipelines report each `Step` to the ``on_step`` that the frontend handed in, which is a `ProgressBar`.
"""

from __future__ import annotations

import enum
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TextIO

from colab_save.quantities import size_in_words


class Stage(enum.StrEnum):
    """Where a line is."""

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
        stage: Where the line is.
        done: Bytes done in this stage.
        total: Bytes to do in this stage; 0 where that is not known.
        detail: What is being worked on, such as a format's name.
    """

    stage: Stage
    done: int = 0
    total: int = 0
    detail: str = ""


OnStep = Callable[[Step], None]


class Clock:
    """Report where a line is, and time each stage of it.

    Args:
        on_step: Told every step.

    Attributes:
        on_step: The same, for what reports bytes.
        seconds: Seconds spent in each stage, by its name.
    """

    def __init__(self, on_step: OnStep) -> None:
        self.on_step = on_step
        self.seconds: dict[str, float] = {}
        self._last = Step(Stage.RESOLVE)

    @contextmanager
    def at(self, stage: Stage, detail: str = "") -> Iterator[None]:
        """Report a stage and add the seconds that it takes."""
        self._last = Step(stage, detail=detail)
        self.on_step(self._last)
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - began

    def beat(self) -> None:
        """Report the last stage once more while it waits, so that whoever listens may stop it by raising."""
        self.on_step(self._last)


def ignore_steps(step: Step) -> None:
    """Do nothing with a step."""


class ProgressBar:
    """The one bar of a line: a context manager that is called with each step.

    It appears when the line takes longer than `delay`, begins anew with each stage, and leaves nothing behind. Where
    standard error is neither a terminal nor a notebook's, as in a log, there is none.
    A thread keeps its clock going, since a stage may be one call that lasts: a fresh process importing TensorFlow.

    Args:
        file: Where a terminal's bar is written; default: standard error. A notebook shows a widget.
        delay: Seconds without a bar.
        interval: Seconds between two ticks of the clock.
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
        self._ticker.join()
        # tqdm.notebook leaves a red bar behind when a bar is closed before its total is reached.
        self._bar.total = None
        self._bar.close()

    def _tick(self) -> None:
        while not self._is_closed.wait(self._interval):
            with self._lock:
                self._bar.update(0)


def _make_bar(file: TextIO | None, delay: float) -> Any:
    """Make a bar of 100 %: the bytes of a stage are in its text, so that a widget's range never has to change."""
    from tqdm import TqdmWarning

    with warnings.catch_warnings():
        # Without ipywidgets tqdm.auto warns and falls back to text, which is all that is wanted.
        warnings.simplefilter("ignore", TqdmWarning)
        from tqdm.auto import tqdm

    layout = "{desc} |{bar}| {elapsed}{postfix}"
    is_seen = file is not None or getattr(sys.stderr, "isatty", bool)() or "ipykernel" in sys.modules
    how = {"leave": False, "bar_format": layout, "miniters": 0, "dynamic_ncols": True, "disable": not is_seen}
    return tqdm(total=100, file=file, delay=delay, **how)
