"""TensorBoard in the panel: a button that opens it, after the logs of a version were written in the background.

`%tensorboard` runs in a click of its own, because the output of a magic is captured only in the kernel's main thread.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext

from colab_save.errors import ColabSaveError
from colab_save.frontends.action import Runner
from colab_save.reports.viewed import Viewed
from colab_save.widgets import fields


class LogView:
    """A button, and the TensorBoard that it opens.

    Args:
        run: Calls the actions, and the other functions of `machine`, by name.
        on_error: Shows an error.

    Attributes:
        widget: The widget to show.
        show: The button.
        output: The widget in which TensorBoard appears; ``None`` if it appears below the cell, see `fields.output`.
    """

    def __init__(self, run: Runner, on_error: Callable[[ColabSaveError], None]) -> None:
        self._run, self._on_error = run, on_error
        self._logs: Viewed | None = None
        self.show = fields.button("Show TensorBoard here", "Start TensorBoard on these logs", self._show)
        self.output = fields.output()
        self.widget = fields.column(fields.row(self.show), *filter(None, [self.output]))
        self.offer(None)

    def offer(self, logs: Viewed | None) -> None:
        """Offer to show logs; ``None`` hides the button and TensorBoard."""
        self._logs = logs
        self._clear()
        fields.show(self.widget, is_shown=logs is not None)

    def _show(self) -> None:
        if self._logs is None:
            return
        self._clear()
        with self.output or nullcontext():  # an Output shows an error like a cell, and does not pass it on
            try:
                self._run("show_logs", self._logs)
            except ColabSaveError as error:
                self._on_error(error)

    def _clear(self) -> None:
        if self.output is not None:
            self.output.outputs = ()
