"""One action at a time beside the kernel's message loop: its progress, Cancel, and what came of it, in place.

The tabs hand in what to do; the action itself runs in a thread, so that a click on Cancel arrives. Errors are shown in
the words that a cell shows.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Sequence

from colab_save.errors import CancelledError, ColabSaveError
from colab_save.frontends.action import Runner
from colab_save.frontends.languages import PANEL
from colab_save.hints import render, speaking
from colab_save.progress import OnStep, Stage, Step
from colab_save.quantities import size_in_words
from colab_save.reports.card import Shown, escape
from colab_save.reports.theme import CARD
from colab_save.widgets import fields
from colab_save.wording import first_line

SAVING = (Stage.RESOLVE, Stage.STAGE, Stage.VERIFY, Stage.PUBLISH)
LOADING = (Stage.RESOLVE, Stage.FETCH, Stage.LOAD, Stage.VERIFY)
LOOKING = (Stage.RESOLVE, Stage.FETCH, Stage.LOAD)
"""The steps of each action, in order."""

PAUSE = 0.1
"""Seconds between two pictures of the progress."""

_ONE_AT_A_TIME = threading.Lock()
"""Two panels may work for the same kernel; their actions run one after the other."""


class Work:
    """Runs an action and shows how it goes.

    Args:
        run: Calls the actions, and what else the panel needs of the machine, by name.
        on_change: Called when an action has begun, and when it has ended.

    Attributes:
        widget: What is shown.
        result: What came of the last action, as HTML.
        is_busy: Whether an action runs.
    """

    def __init__(self, run: Runner, on_change: Callable[[], None]) -> None:
        self._run, self._on_change = run, on_change
        self._stopped = threading.Event()
        self._stages: Sequence[Stage] = SAVING
        self._step, self._began, self._shown = Step(Stage.RESOLVE), 0.0, 0.0
        self._bar = fields.progress()
        self._said = fields.html(name="csp-said")
        self.cancel = fields.button("Cancel", "Stop; nothing is left behind", self._cancel)
        self._progress = fields.row(self._bar, self.cancel, name="csp-bar")
        self._meter = fields.column(self._progress, self._said, name="csp-meter")
        self.result = fields.html(name="csp-result")
        self.widget = fields.column(self._meter, self.result)
        self.is_busy = False
        fields.show(self._meter, is_shown=False)

    def run(self, stages: Sequence[Stage], work: Callable[[OnStep], str], and_then: Callable[[], None]) -> None:
        """Begin an action, unless one runs already: a double click is one click.

        Args:
            stages: Its steps, in order.
            work: Does it, and gives what came of it as HTML; told whom to report to.
            and_then: Called when it has worked.
        """
        if self.is_busy:
            return
        self.is_busy = True
        self._stopped.clear()
        self._stages, self._began = stages, time.monotonic()
        self._step, self._shown = Step(stages[0]), 0.0
        self.result.value = ""
        self.cancel.disabled = False
        fields.show(self._meter, is_shown=True)
        self._draw()
        self._on_change()
        self._run("start", lambda: self._carry_out(work, and_then), self._draw)

    def show_error(self, error: ColabSaveError) -> None:
        """Show an error in place, in the words that a cell shows."""
        self.result.value = error_html(error)
        self._on_change()

    def _carry_out(self, work: Callable[[OnStep], str], and_then: Callable[[], None]) -> None:
        try:
            self._wait_for_turn()
            try:
                with speaking(PANEL):  # the thread has a language of its own
                    shown = work(self._on_step)
            finally:
                _ONE_AT_A_TIME.release()
            and_then()
        except ColabSaveError as error:
            shown = error_html(error)
        except BaseException as error:  # noqa: BLE001 - the end of a thread: nobody else would show it
            shown = crash_html(error)
        self.is_busy = False
        fields.show(self._meter, is_shown=False)
        self.result.value = shown
        self._on_change()

    def _wait_for_turn(self) -> None:
        while not _ONE_AT_A_TIME.acquire(timeout=PAUSE):
            self._on_step(Step(self._stages[0], detail="after the other panel's action"))

    def _cancel(self) -> None:
        self._stopped.set()
        self.cancel.disabled = True
        self._draw()

    def _on_step(self, step: Step) -> None:
        if self._stopped.is_set():
            raise CancelledError(
                f"Cancelled in the step {step.stage}.", "Nothing was left behind; what had been saved before is whole."
            )
        is_new = (step.stage, step.detail) != (self._step.stage, self._step.detail)
        self._step = step
        if is_new or time.monotonic() - self._shown > PAUSE:
            self._draw()

    def _draw(self) -> None:
        step, self._shown = self._step, time.monotonic()
        if not self.is_busy:
            return
        number = self._stages.index(step.stage) if step.stage in self._stages else len(self._stages) - 1
        share = step.done / step.total if step.total else 0.0
        self._bar.value = min(1.0, (number + share) / len(self._stages))
        size = f"{size_in_words(step.done)} of {size_in_words(step.total)}" if step.total else ""
        place = f"Step {number + 1} of {len(self._stages)}: {step.stage} {step.detail}".rstrip()
        stopping = "stops at the next safe point" if self._stopped.is_set() else ""
        seconds = f"{time.monotonic() - self._began:.0f} s"
        self._said.value = escape(" · ".join(filter(None, (place, size, seconds, stopping))))


@speaking(PANEL)
def error_html(error: ColabSaveError) -> str:
    """Show an error of ours: the two lines that a cell shows, and nothing else."""
    return _alert(f"{type(error).__name__}: {error.message}", f"Hint: {error.hint}")


@speaking(PANEL)
def crash_html(error: BaseException) -> str:
    """Show an error that is not ours, with its stack folded away."""
    stack = "".join(traceback.format_exception(error))
    folded = f'<details><summary class="soft">the whole stack</summary><pre>{escape(stack)}</pre></details>'
    return _alert(f"This is not one of our errors. {render(first_line(error))}", "The panel can still be used.", folded)


@speaking(PANEL)
def done_html(said: str, call: str = "") -> str:
    """Show that something small was done, and the call that does the same."""
    line = f'<pre tabindex="0">{escape(call)}</pre>' if call else ""
    return f'<style>{CARD}</style><div class="colab-save" role="status">{escape(said)}{line}</div>'


def _alert(message: str, hint: str, more: str = "") -> str:
    said = f'<div class="reason said">{escape(message)}</div><div class="reason soft">{escape(hint)}</div>'
    return f'<style>{CARD}</style><div class="colab-save FAILED" role="alert">{said}{more}</div>'


@speaking(PANEL)
def as_html(report: Shown) -> str:
    """Return the card of a report."""
    return report.card().to_html()
