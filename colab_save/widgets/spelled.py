"""The same as a line and as a call, to copy: what a click is about to do, or has done."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

from colab_save.errors import ColabSaveError
from colab_save.frontends.actions import action_of
from colab_save.frontends.languages import PANEL
from colab_save.hints import speaking
from colab_save.request.spelling import magic_line, python_call
from colab_save.widgets import fields


def spell(action: str, given: Mapping[str, Any]) -> tuple[str, ...]:
    """Write an action as the magic line and the Python call that do it, as far as there are any.

    Args:
        action: Its name.
        given: Values by option, as `Command.read` returns them.
    """
    record = action_of(action)
    line = [magic_line(record.magic_command, given)] if record.magic else []
    call = [python_call(f"colab_save.{record.function_name}", record.options, given)] if record.function else []
    return (*line, *call)


class Spelled:
    """A place for the magic line and the Python call that do what the panel does.

    Attributes:
        widget: What is shown; a click into a line selects all of it.
        lines: The lines, as they are shown.
    """

    def __init__(self) -> None:
        self.lines: tuple[str, ...] = ()
        self.widget = fields.html(name="csp-spelled")

    def show(self, *lines: str) -> None:
        """Show lines to copy."""
        self.lines = lines
        shown = "".join(f'<pre tabindex="0">{html.escape(line)}</pre>' for line in lines)
        self.widget.value = f'<div class="soft">The same in a cell:</div>{shown}' if lines else ""

    @speaking(PANEL)
    def refuse(self, error: ColabSaveError) -> None:
        """Show why there is no line yet."""
        self.lines = ()
        self.widget.value = f'<div class="csp-refused">{html.escape(error.message)} {html.escape(error.hint)}</div>'
