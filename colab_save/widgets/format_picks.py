"""The table of formats, to pick oneself: a box for each, with what it keeps, drops, needs and weighs.

`save_tab` shows it when that is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from colab_save.format_table import format_names
from colab_save.widgets import fields
from colab_save.widgets.choices import Offer, terms_of


class FormatPicks:
    """Boxes to tick, made when they are first shown.

    Args:
        on_change: Called when others are ticked.

    Attributes:
        widget: What is shown.
    """

    def __init__(self, on_change: Callable[[], None]) -> None:
        self._on_change = on_change
        self._told: dict[str, Any] = {}
        self.boxes: dict[str, Any] = {}
        self.widget = fields.column(name="csp-picks")
        fields.show(self.widget, is_shown=False)

    @property
    def ticked(self) -> list[str]:
        """Return the formats that are picked."""
        return [name for name, box in self.boxes.items() if box.value]

    def show(self, offer: Offer | None, *, is_shown: bool) -> None:
        """Show the table for a model, or hide it."""
        fields.show(self.widget, is_shown=is_shown)
        if is_shown:
            self._make()
            for name, told in self._told.items():
                told.value = str(terms_of(name, offer))

    def _make(self) -> None:
        if self.boxes:
            return
        self.boxes = {name: fields.check(name) for name in format_names()}
        self._told = {name: fields.html(name="csp-help") for name in self.boxes}
        for box in self.boxes.values():
            box.observe(lambda _: self._on_change(), "value")
        rows = [fields.column(box, self._told[name], name="csp-option") for name, box in self.boxes.items()]
        self.widget.children = tuple(rows)
