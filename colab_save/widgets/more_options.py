"""The fields of a request that the panel has no place of its own for: each as its flag, with the request's own help.

So every field of `SaveRequest` can be reached here, also one that is added later.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable
from typing import Any

from colab_save.frontends.action import Action
from colab_save.frontends.languages import MORE, PANEL
from colab_save.hints import render
from colab_save.request.command import Command, Expression, split
from colab_save.request.option import Option, Syntax
from colab_save.widgets import fields


class MoreOptions:
    """Fields made of options, when they are first looked at.

    Args:
        action: What has them.
        without: The fields that are asked for elsewhere.
        on_change: Called when a value has changed.

    Attributes:
        widget: What is shown: folded.
    """

    def __init__(self, action: Action, without: Iterable[str], on_change: Callable[[], None]) -> None:
        self._command, self._on_change = action.magic_command, on_change
        self._options = {option.name: option for option in action.options if option.name not in set(without)}
        self._inputs: dict[str, Any] = {}
        self.widget = fields.folded(MORE, self._make)

    @property
    def inputs(self) -> dict[str, Any]:
        """Return the widgets by field."""
        if not self._inputs:
            self._inputs = {name: _input(option) for name, option in self._options.items()}
            for made in self._inputs.values():
                made.observe(lambda _: self._on_change(), "value")
        return self._inputs

    def typed(self) -> dict[str, Any]:
        """Return what was filled in, as `Command.read` gives it.

        Raises:
            RequestError: A quote or bracket is not closed, or a pair is none.
        """
        filled = [(name, made.value) for name, made in self._inputs.items() if made.value not in {"", False, None}]
        return {name: _read(self._command, self._options[name], value) for name, value in filled}

    def _make(self) -> list[Any]:
        told = {
            name: fields.html(html.escape(render(self._options[name].help, PANEL)), "csp-help")
            for name in self._options
        }
        return [fields.column(made, told[name], name="csp-option") for name, made in self.inputs.items()]


def _input(option: Option) -> Any:
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
