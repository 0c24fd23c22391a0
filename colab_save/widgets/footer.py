"""The last lines of the panel: versions of the environment, the state of Drive, and the pending saves."""

from __future__ import annotations

from collections.abc import Iterable

from colab_save.artifact.environment import environment
from colab_save.frontends.action import Runner
from colab_save.quantities import count_in_words
from colab_save.reports.card import escape
from colab_save.reports.pending import PendingSave
from colab_save.widgets import fields


class Footer:
    """The footer.

    Args:
        run: Calls the actions, and the other functions of `machine`, by name.

    Attributes:
        widget: The widget to show.
    """

    def __init__(self, run: Runner) -> None:
        self._run = run
        self.widget = fields.html(name="csp-footer")
        self.refresh()

    def refresh(self) -> None:
        """Update the state of Drive and the pending saves."""
        parts = [*(" ".join(pair) for pair in environment().items()), f"Drive: {self._run('drive')}"]
        if saves := self._run("pending").saves:
            parts.append(f"{count_in_words(len(saves), 'pending save')}: {_named(saves)}")
        text = " · ".join(map(escape, parts))
        if text != self.widget.value:
            self.widget.value = text


def _named(saves: Iterable[PendingSave]) -> str:
    return ", ".join(dict.fromkeys(f"{save.name.partition('@')[0]} ({save.state})" for save in saves))
