"""The magic line and the Python call that do the same as a click, to copy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from colab_save.errors import ColabSaveError
from colab_save.frontends.actions import action_of
from colab_save.frontends.languages import PANEL
from colab_save.hints import speaking
from colab_save.reports.card import escape
from colab_save.request.spelling import magic_line, python_call
from colab_save.widgets import fields


def spell(action: str, given: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the magic line and the Python call of an action, as far as it has them.

    Args:
        action: The name of the action.
        given: Values by option, as `Command.read` returns them.
    """
    record = action_of(action)
    line = [magic_line(record.magic_command, given)] if record.magic else []
    call = [python_call(f"colab_save.{record.function_name}", record.options, given)] if record.function else []
    return (*line, *call)


class Spelled:
    """A widget with the magic line and the Python call that do what the panel does.

    Attributes:
        widget: The widget to show; a click into a line selects all of it.
        lines: The lines that are shown.
    """

    def __init__(self) -> None:
        self.lines: tuple[str, ...] = ()
        self.widget = fields.html(name="csp-spelled")

    def show(self, *lines: str) -> None:
        """Show lines to copy."""
        self.lines = lines
        shown = "".join(f'<pre tabindex="0">{escape(line)}</pre>' for line in lines)
        self.widget.value = f'<div class="soft">The same in a cell:</div>{shown}' if lines else ""

    @speaking(PANEL)
    def refuse(self, error: ColabSaveError) -> None:
        """Show why there is no line yet."""
        self.lines = ()
        self.widget.value = f'<div class="csp-refused">{escape(error.message)} {escape(error.hint)}</div>'
