"""What an action is: one frozen record from which every frontend takes its part.

The records are in `actions`. Nothing of what carries an action out is imported before it is first used: `Runner` looks
it up, and a test hands it functions of its own.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from colab_save.plugging import plugged
from colab_save.progress import ProgressBar
from colab_save.request.command import Command
from colab_save.request.option import Option, Syntax
from colab_save.request.request import LoadRequest, SaveRequest

SAVED, DELETED = "colab_save.loading.pipeline:list_models", "colab_save.versions.curating:list_deleted"
"""What lists the versions that a target may mean: by pattern and store."""


class Result(enum.Enum):
    """What comes of an action."""

    REPORT = "a report to show"
    PROOF = "a report to show, which is a failure where it proves nothing"
    MODEL = "a report to show, and its model"
    PANEL = "widgets to show"


@dataclass(frozen=True, slots=True)
class Terminal:
    """What an action is in a terminal, where there are files and no variables.

    Attributes:
        command: The word behind ``colab-save``.
        runs: What carries it out, where that is another function; it takes the options as keywords.
        options: Options that stand in the place of those of the same name, and more of them behind.
        help: What it does there, where that is something else.
        needs: How many positionals must be given; default: as anywhere.
    """

    command: str
    runs: str = ""
    options: tuple[Option, ...] = ()
    needs: int | None = None
    help: str = ""


@dataclass(frozen=True, slots=True)
class Button:
    """What carries an action out in the panel: a button, and the tab that it is on."""

    label: str
    tab: str


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that a user can have done.

    Attributes:
        name: What hints call it.
        help: What it does, in one or two sentences; may refer to options and actions (`hints`).
        runs: What carries it out: ``module:function``. It takes the request, or the options as keywords.
        options: Everything that may be said.
        needs: How many positionals must be given.
        request: The record that the options are the fields of; ``None`` where the function takes them itself.
        reports_steps: Whether the function takes ``on_step`` too.
        result: What comes of it.
        magic: The name of its magic, without ``%``; empty without one.
        is_cell_magic: Whether the magic may stand above a cell, which runs first.
        magic_help: What else is to be said of the magic.
        function: The public Python function: ``module:function``; empty without one.
        terminal: What it is in a terminal; ``None`` where it is not offered there.
        button: What it is in the panel; ``None`` where it is not offered there.
        lists: What lists the versions that its target may mean, for Tab.
    """

    name: str
    help: str
    runs: str
    options: tuple[Option, ...] = ()
    needs: int = 0
    request: type[SaveRequest | LoadRequest] | None = None
    reports_steps: bool = False
    result: Result = Result.REPORT
    magic: str = ""
    is_cell_magic: bool = False
    magic_help: str = ""
    function: str = ""
    terminal: Terminal | None = None
    button: Button | None = None
    lists: str = SAVED

    @property
    def magic_command(self) -> Command:
        """Return how the line of the magic is read."""
        return Command(self.magic, f"{self.help} {self.magic_help}".rstrip(), self.options, self.needs)

    @property
    def function_name(self) -> str:
        """Return the name of the Python function; empty without one."""
        return self.function.rpartition(":")[2]

    @property
    def terminal_options(self) -> tuple[Option, ...]:
        """Return what may be said in a terminal: nothing that is an expression or a variable."""
        own = {option.name: option for option in (self.terminal.options if self.terminal else ())}
        kept = [
            own.pop(option.name, option)
            for option in self.options
            if option.name in own or option.syntax not in {Syntax.EXPRESSION, Syntax.VARIABLE}
        ]
        return (*kept, *own.values())

    @property
    def terminal_needs(self) -> int:
        """Return how many positionals must be given in a terminal."""
        own = self.terminal.needs if self.terminal else None
        return self.needs if own is None else own


class Runner:
    """Carries actions out, by name.

    Args:
        references: What each name refers to, as ``module:function``.
        stand_ins: Functions to call in place of those; tests hand them in.
    """

    def __init__(
        self, references: Mapping[str, str], stand_ins: Mapping[str, Callable[..., Any]] | None = None
    ) -> None:
        self._references, self._stand_ins = references, stand_ins or {}

    def __call__(self, name: str, /, *arguments: Any, **given: Any) -> Any:
        """Call what a name refers to."""
        function = self._stand_ins.get(name) or plugged(self._references[name])
        return function(*arguments, **given)

    def under_a_bar(self, action: Action, *arguments: Any, **given: Any) -> Any:
        """Carry an action out, under a progress bar where it reports its steps."""
        if not action.reports_steps:
            return self(action.name, *arguments, **given)
        with ProgressBar() as bar:
            return self(action.name, *arguments, **given, on_step=bar)
