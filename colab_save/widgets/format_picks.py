"""The table of formats in the panel: a box to tick for each, with what it holds, drops and needs, and its size.

`save_tab` shows it when the user picks the formats.
"""

from __future__ import annotations

from collections.abc import Callable

from colab_save.format_table import format_names
from colab_save.types import Widget
from colab_save.widgets import fields
from colab_save.widgets.choices import Offer, terms_of


class FormatPicks:
    """One box for each format, made when they are first shown.

    Args:
        on_change: Called when other boxes are ticked.

    Attributes:
        widget: The widget to show.
    """

    def __init__(self, on_change: Callable[[], None]) -> None:
        self._on_change = on_change
        self._terms: dict[str, Widget] = {}
        self.boxes: dict[str, Widget] = {}
        self.widget = fields.column(name="csp-picks")
        fields.show(self.widget, is_shown=False)

    @property
    def ticked(self) -> list[str]:
        """Return the ticked formats."""
        return [name for name, box in self.boxes.items() if box.value]

    def show(self, offer: Offer | None, *, is_shown: bool) -> None:
        """Show the table for a model, or hide it."""
        fields.show(self.widget, is_shown=is_shown)
        if is_shown:
            self._make()
            for name, terms in self._terms.items():
                terms.value = str(terms_of(name, offer))

    def _make(self) -> None:
        if self.boxes:
            return
        self.boxes = {name: fields.check(name) for name in format_names()}
        self._terms = {name: fields.html(name="csp-help") for name in self.boxes}
        for box in self.boxes.values():
            box.observe(lambda _: self._on_change(), "value")
        rows = [fields.column(box, self._terms[name], name="csp-option") for name, box in self.boxes.items()]
        self.widget.children = tuple(rows)
