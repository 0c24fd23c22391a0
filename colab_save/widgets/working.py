"""Run one action at a time in the background, with its progress, a Cancel button, and its result in place.

The tabs pass what to do. The action runs in a thread, so that the kernel can handle a click on Cancel. Errors have the
same words as in a cell.
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
from colab_save.types import Html
from colab_save.widgets import fields
from colab_save.wording import first_line

SAVING = (Stage.RESOLVE, Stage.STAGE, Stage.VERIFY, Stage.PUBLISH)
LOADING = (Stage.RESOLVE, Stage.FETCH, Stage.LOAD, Stage.VERIFY)
LOOKING = (Stage.RESOLVE, Stage.FETCH, Stage.LOAD)
"""The steps of each action, in order."""

PAUSE = 0.1
"""Seconds between two updates of the progress."""

_ONE_AT_A_TIME = threading.Lock()
"""Two panels may share a kernel; their actions run one after the other."""


class Work:
    """Runs an action and shows its progress.

    Args:
        run: Calls the actions, and the other functions of `machine`, by name.
        on_change: Called when an action begins and when it ends.

    Attributes:
        widget: The widget to show.
        cancel: The button that stops the action.
        result: The result of the last action, as HTML.
        is_busy: Whether an action runs.
    """

    def __init__(self, run: Runner, on_change: Callable[[], None]) -> None:
        self._run, self._on_change = run, on_change
        self._stopped = threading.Event()
        self._stages: Sequence[Stage] = SAVING
        self._step, self._began, self._shown = Step(Stage.RESOLVE), 0.0, 0.0
        self._bar = fields.progress()
        self._status = fields.html(name="csp-status")
        self.cancel = fields.button("Cancel", "Stop; nothing is left behind", self._cancel)
        self._progress = fields.row(self._bar, self.cancel, name="csp-bar")
        self._meter = fields.column(self._progress, self._status, name="csp-meter")
        self.result = fields.html(name="csp-result")
        self.widget = fields.column(self._meter, self.result)
        self.is_busy = False
        fields.show(self._meter, is_shown=False)

    def run(self, stages: Sequence[Stage], work: Callable[[OnStep], str], and_then: Callable[[], None]) -> None:
        """Start an action, unless one is running: a double click counts as one click.

        Args:
            stages: Its steps, in order.
            work: Carries the action out and returns its result as HTML; it takes the progress callback.
            and_then: Called if it succeeds.
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
        """Show an error in place, with the same words as in a cell."""
        self.result.value = error_html(error)
        self._on_change()

    def _carry_out(self, work: Callable[[OnStep], str], and_then: Callable[[], None]) -> None:
        try:
            self._wait_for_turn()
            try:
                with speaking(PANEL):  # each thread has its own language
                    shown = work(self._on_step)
            finally:
                _ONE_AT_A_TIME.release()
            and_then()
        except ColabSaveError as error:
            shown = error_html(error)
        except BaseException as error:  # noqa: BLE001 - the end of a thread: nothing else would show it
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
                f"Cancelled in the step {step.stage}.", "Nothing was left behind, and older versions are intact."
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
        self._status.value = escape(" · ".join(filter(None, (place, size, seconds, stopping))))


@speaking(PANEL)
def error_html(error: ColabSaveError) -> Html:
    """Return an error of ours as HTML: the two lines that a cell shows."""
    return _alert(f"{type(error).__name__}: {error.message}", f"Hint: {error.hint}")


@speaking(PANEL)
def crash_html(error: BaseException) -> Html:
    """Return a foreign error as HTML, with its stack trace folded."""
    stack = "".join(traceback.format_exception(error))
    folded = f'<details><summary class="soft">the stack trace</summary><pre>{escape(stack)}</pre></details>'
    return _alert(f"Unexpected error. {render(first_line(error))}", "The panel still works; report this error.", folded)


@speaking(PANEL)
def done_html(done: str, call: str = "") -> Html:
    """Return as HTML that something was done, and the call that does the same."""
    line = f'<pre tabindex="0">{escape(call)}</pre>' if call else ""
    return Html(f'<style>{CARD}</style><div class="colab-save" role="status">{escape(done)}{line}</div>')


def _alert(message: str, hint: str, more: str = "") -> Html:
    lines = f'<div class="reason message">{escape(message)}</div><div class="reason soft">{escape(hint)}</div>'
    return Html(f'<style>{CARD}</style><div class="colab-save FAILED" role="alert">{lines}{more}</div>')


@speaking(PANEL)
def as_html(report: Shown) -> Html:
    """Return the card of a report as HTML."""
    return report.card().to_html()
