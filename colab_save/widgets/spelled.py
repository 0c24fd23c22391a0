"""The same as a line and as a call, to copy: what a click is about to do, or has done."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

from colab_save.errors import ColabSaveError
from colab_save.request.command import Command
from colab_save.request.spelling import magic_line, python_call
from colab_save.widgets import fields


class Spelled:
    """A place for the magic line and the Python call that do what the panel does.

    Attributes:
        widget: What is shown; a click into a line selects all of it.
        lines: The lines, as they are shown.
    """

    def __init__(self) -> None:
        self.lines: tuple[str, ...] = ()
        self.widget = fields.html(name="csp-spelled")

    def show(self, command: Command, given: Mapping[str, Any]) -> None:
        """Show what a magic and its function would be given."""
        self.show_lines(magic_line(command, given), python_call(command, given))

    def show_lines(self, *lines: str) -> None:
        """Show lines to copy."""
        self.lines = lines
        shown = "".join(f'<pre tabindex="0">{html.escape(line)}</pre>' for line in lines)
        self.widget.value = f'<div class="soft">The same in a cell:</div>{shown}' if lines else ""

    def refuse(self, error: ColabSaveError) -> None:
        """Show why there is no line yet."""
        self.lines = ()
        self.widget.value = f'<div class="csp-refused">{html.escape(error.message)} {html.escape(error.hint)}</div>'
