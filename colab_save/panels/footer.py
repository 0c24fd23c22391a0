"""The last lines of the panel: what it runs on, how Drive stands, and what is still on its way there."""

from __future__ import annotations

import html

from colab_save.environment import environment
from colab_save.measures import count_in_words
from colab_save.panels import fields
from colab_save.panels.lines import Lines
from colab_save.report import SaveReport
from colab_save.stores.base import Durability


class Footer:
    """The footer.

    Args:
        lines: What the panel asks of the house.

    Attributes:
        widget: What is shown.
    """

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._pending: list[SaveReport] = []
        self.widget = fields.html(name="csp-footer")
        self.refresh()

    def add(self, report: SaveReport) -> None:
        """Keep an eye on a save that the store has not confirmed."""
        self._pending.append(report)
        self.refresh()

    def refresh(self) -> None:
        """Look again: at Drive, and at what was not confirmed when it was last asked."""
        self._pending = [report for report in self._pending if self._lines.durability(report) is Durability.PENDING]
        told = [*(" ".join(pair) for pair in environment().items()), f"Drive: {self._lines.drive()}"]
        if self._pending:
            names = ", ".join(report.manifest.name for report in self._pending)
            told.append(f"{count_in_words(len(self._pending), 'upload')} not confirmed yet: {names}")
        text = " · ".join(map(html.escape, told))
        if text != self.widget.value:
            self.widget.value = text
