"""The last lines of the panel: what it runs on, how Drive stands, and what is not known to be safe there."""

from __future__ import annotations

import html
from collections.abc import Iterable

from colab_save.artifact.environment import environment
from colab_save.frontends.action import Runner
from colab_save.quantities import count_in_words
from colab_save.reports.pending import PendingSave
from colab_save.widgets import fields


class Footer:
    """The footer.

    Args:
        run: Calls the actions, and what else the panel needs of the machine, by name.

    Attributes:
        widget: What is shown.
    """

    def __init__(self, run: Runner) -> None:
        self._run = run
        self.widget = fields.html(name="csp-footer")
        self.refresh()

    def refresh(self) -> None:
        """Look again: at Drive, and at what is not known to be safe."""
        told = [*(" ".join(pair) for pair in environment().items()), f"Drive: {self._run('drive')}"]
        if saves := self._run("pending").saves:
            told.append(f"{count_in_words(len(saves), 'save')} not known to be safe: {_named(saves)}")
        text = " · ".join(map(html.escape, told))
        if text != self.widget.value:
            self.widget.value = text


def _named(saves: Iterable[PendingSave]) -> str:
    return ", ".join(dict.fromkeys(f"{save.name.partition('@')[0]} ({save.state})" for save in saves))
