"""The options without their own field in the panel, each with its flag and its help.

So every field of a request can be set here, also one that is added later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from colab_save.frontends.action import Action
from colab_save.frontends.languages import MORE, PANEL
from colab_save.hints import render
from colab_save.reports.card import escape
from colab_save.request.command import Command, Expression, split
from colab_save.request.option import Option, Syntax
from colab_save.types import Widget
from colab_save.widgets import fields


class MoreOptions:
    """Fields made from options, when they are first shown.

    Args:
        action: The action with the options.
        without: The options that have their own field.
        on_change: Called when a value has changed.

    Attributes:
        widget: The widget to show, folded.
    """

    def __init__(self, action: Action, without: Iterable[str], on_change: Callable[[], None]) -> None:
        self._command, self._on_change = action.magic_command, on_change
        self._options = {option.name: option for option in action.options if option.name not in set(without)}
        self._inputs: dict[str, Widget] = {}
        self.widget = fields.folded(MORE, self._make)

    @property
    def inputs(self) -> dict[str, Widget]:
        """Return the widgets by option."""
        if not self._inputs:
            self._inputs = {name: _input(option) for name, option in self._options.items()}
            for made in self._inputs.values():
                made.observe(lambda _: self._on_change(), "value")
        return self._inputs

    def typed(self) -> dict[str, Any]:
        """Return the values, as `Command.read` returns them.

        Raises:
            RequestError: A quote or bracket is not closed, or a pair is not ``KEY=VALUE``.
        """
        filled = [(name, made.value) for name, made in self._inputs.items() if made.value not in {"", False, None}]
        return {name: _read(self._command, self._options[name], value) for name, value in filled}

    def _make(self) -> list[Widget]:
        helps = {
            name: fields.html(escape(render(option.help, PANEL)), "csp-help") for name, option in self._options.items()
        }
        return [fields.column(made, helps[name], name="csp-option") for name, made in self.inputs.items()]


def _input(option: Option) -> Widget:
    if option.is_flag:
        return fields.check(option.flag)
    if option.choices:
        return fields.choice(option.flag, [("", None), *((item, item) for item in option.choices)])
    return fields.text(option.flag, option.metavar)


def _read(command: Command, option: Option, value: Any) -> Any:
    match option.syntax:
        case Syntax.FLAG:
            return True
        case Syntax.ANTIFLAG:
            return False
        case Syntax.EXPRESSION | Syntax.NUMBER:
            return Expression(value, value, option.flag)
        case Syntax.REPEATED:
            return tuple(item.strip() for item in value.split(",") if item.strip())
        case Syntax.PAIRS:
            line = " ".join(f"{option.flag} {word}" for word in split(value))
            return command.read(line)[option.name]
    return value
