"""The record of one action, from which every frontend takes its part, and the `Runner` that carries actions out.

The records are in `actions`. They name functions as ``module:function``; `Runner` imports one when it is first called,
and tests pass it functions of their own.
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

SAVED, DELETED = "colab_save.versions.listing:list_models", "colab_save.versions.listing:list_deleted"
"""The functions that list the versions a target may name, by pattern and store."""


class Result(enum.Enum):
    """The kind of result that an action returns."""

    REPORT = "a report to show"
    PROOF = "a report to show, which counts as a failure if it is not proven"
    MODEL = "a report to show, and its model"
    PANEL = "widgets to show"


@dataclass(frozen=True, slots=True)
class Terminal:
    """An action in a terminal, where there are files and no variables.

    Attributes:
        command: The word after ``colab-save``.
        runs: The function for terminals, as ``module:function``; it takes the options as keywords. Default: the
            function of the action.
        options: Options that replace those of the same name, and additional ones.
        without: The names of options that are not offered, since they are about the notebook.
        needs: How many positionals are required. Default: as in the action.
        help: What it does in a terminal. Default: the help of the action.
    """

    command: str
    runs: str = ""
    options: tuple[Option, ...] = ()
    without: tuple[str, ...] = ()
    needs: int | None = None
    help: str = ""


@dataclass(frozen=True, slots=True)
class Button:
    """The button of an action in the panel, and its tab."""

    label: str
    tab: str


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that users can do with colab_save.

    Attributes:
        name: Its name in hints.
        help: What it does, in one or two sentences; may refer to options and actions (`hints`).
        runs: The function that carries it out, as ``module:function``; it takes the request, or the options as
            keywords.
        options: Its options, positionals included.
        needs: How many positionals are required.
        request: The record whose fields the options are; ``None`` if the function takes the options.
        reports_steps: Whether the function also takes ``on_step``.
        result: The kind of its result.
        magic: The name of its magic, without ``%``; empty if it has none.
        is_cell_magic: Whether the magic can also stand above a cell, which runs first.
        magic_help: More help for the magic.
        function: The public Python function, as ``module:function``; empty if it has none.
        terminal: The action in a terminal; ``None`` if it is not offered there.
        button: Its button in the panel; ``None`` if it is not offered there.
        lists: The function that lists the versions its target may name, for Tab.
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
        """Return the magic with its options, which reads its lines."""
        return Command(self.magic, f"{self.help} {self.magic_help}".rstrip(), self.options, self.needs)

    @property
    def function_name(self) -> str:
        """Return the name of the Python function; empty if there is none."""
        return self.function.rpartition(":")[2]

    @property
    def terminal_options(self) -> tuple[Option, ...]:
        """Return the options in a terminal: without expressions, variables and what else is about the notebook."""
        own = {option.name: option for option in (self.terminal.options if self.terminal else ())}
        left_out = {option.name for option in self.options if option.syntax in {Syntax.EXPRESSION, Syntax.VARIABLE}}
        left_out.update(self.terminal.without if self.terminal else ())
        shared = [
            own.pop(option.name, option) for option in self.options if option.name in own or option.name not in left_out
        ]
        return (*shared, *own.values())

    @property
    def terminal_needs(self) -> int:
        """Return how many positionals are required in a terminal."""
        own = self.terminal.needs if self.terminal else None
        return self.needs if own is None else own


class Runner:
    """Calls the function of an action, by the action's name.

    Args:
        references: The function of each name, as ``module:function``.
        stand_ins: Functions to call instead, by name; tests pass them.
    """

    def __init__(
        self, references: Mapping[str, str], stand_ins: Mapping[str, Callable[..., Any]] | None = None
    ) -> None:
        self._references, self._stand_ins = references, stand_ins or {}

    def __call__(self, name: str, /, *arguments: Any, **given: Any) -> Any:
        """Call the function of a name."""
        function = self._stand_ins.get(name) or plugged(self._references[name])
        return function(*arguments, **given)

    def under_a_bar(self, action: Action, *arguments: Any, **given: Any) -> Any:
        """Carry an action out, with a progress bar if it reports its steps."""
        if not action.reports_steps:
            return self(action.name, *arguments, **given)
        with ProgressBar() as bar:
            return self(action.name, *arguments, **given, on_step=bar)
