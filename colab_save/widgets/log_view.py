"""Where TensorBoard opens in the panel, once the logs of a version have been written beside the message loop.

`%tensorboard` itself runs in a click of its own: a magic's output is caught in the kernel's main thread only.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext

from colab_save.errors import ColabSaveError
from colab_save.frontends.action import Runner
from colab_save.reports.viewed import Viewed
from colab_save.widgets import fields


class LogView:
    """A button, and what it opens.

    Args:
        run: Calls the actions, and what else the panel needs of the machine, by name.
        on_error: Shows what went wrong.

    Attributes:
        widget: What is shown.
        show: The button.
        output: Where TensorBoard appears; ``None`` where that is below the cell, see `fields.output`.
    """

    def __init__(self, run: Runner, on_error: Callable[[ColabSaveError], None]) -> None:
        self._run, self._on_error = run, on_error
        self._logs: Viewed | None = None
        self.show = fields.button("Show TensorBoard here", "Start TensorBoard on these logs", self._show)
        self.output = fields.output()
        self.widget = fields.column(fields.row(self.show), *filter(None, [self.output]))
        self.offer(None)

    def offer(self, logs: Viewed | None) -> None:
        """Offer to show logs; ``None`` takes away what is shown."""
        self._logs = logs
        self._clear()
        fields.show(self.widget, is_shown=logs is not None)

    def _show(self) -> None:
        if self._logs is None:
            return
        self._clear()
        with (
            self.output or nullcontext()
        ):  # an Output shows what is raised in it as a cell does, and raises it no further
            try:
                self._run("show_logs", self._logs)
            except ColabSaveError as error:
                self._on_error(error)

    def _clear(self) -> None:
        if self.output is not None:
            self.output.outputs = ()
