"""How each frontend writes options, actions and the installation of packages: `MAGIC`, `PYTHON`, `TERMINAL`, `PANEL`.

`hints.render` calls them for the references in a text; all names come from the table of actions. An action that a
frontend does not offer is written for Python, or for a terminal if Python does not offer it either. Importing this
module makes Python the language of texts that are shown outside of any frontend.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from colab_save.errors import ColabSaveError
from colab_save.frontends.action import Action
from colab_save.frontends.actions import commands, find_action, find_option
from colab_save.hints import Language, Plain, speak_by_default, speaking
from colab_save.request.command import Command, Expression
from colab_save.request.option import Option, Syntax
from colab_save.request.spelling import magic_line, python_call, terminal_line

PROGRAM = "colab-save"
"""The terminal command."""

LABELS = {
    "model": "Model",
    "target": "Name",
    "to": "Where to",
    "source": "Where",
    "purpose": "What for",
    "sample": "Sample",
    "tags": "Tags",
    "note": "Note",
    "name": "Into",
}
"""The labels of the panel's fields, by option; all other options are under `MORE`, each with its flag."""

MORE = "More options"
"""The title of the panel's fold with all other options."""

PICK = "Let me pick the formats"
"""The choice in the panel that shows a box for each format."""


class MagicLanguage:
    """Magics of a notebook: ``--to``, ``%loadmodel cats``."""

    def option(self, name: str, values: Sequence[str]) -> str:
        """Return the flag with its values, or the placeholder of a positional."""
        option = find_option(name)
        if option is None:
            return Plain().option(name, values)
        if not values:
            return option.flag
        return magic_line(Command("", "", (option,)), _given((option,), {name: values})).removeprefix("% ")

    def action(self, name: str, arguments: Sequence[str], options: Mapping[str, Sequence[str]]) -> str:
        """Return the magic's command line; a variable for the result is assigned."""
        action = find_action(name)
        if action is None or not action.magic:
            return _elsewhere(action, name, arguments, options, before="!")
        given = _filled(action.options, action.needs, arguments, options)
        variable = "".join(f"{given.pop(item.name)} = " for item in action.options if _is_assigned(item, given))
        return variable + magic_line(action.magic_command, given)

    def pip(self, words: Sequence[str]) -> str:
        """Return IPython's magic, which installs into the kernel."""
        return f"%pip install {shlex.join(words)}"


class PythonLanguage:
    """Calls of the public functions: ``to=``, ``load_model("cats")``.

    Args:
        module: The prefix of the functions' names, such as ``colab_save.``.
    """

    def __init__(self, module: str = "") -> None:
        self._module = module

    def option(self, name: str, values: Sequence[str]) -> str:
        """Return the keyword with its value; for a flag, the value that is not the default."""
        option = find_option(name)
        if option is None:
            return Plain().option(name, values)
        if option.syntax is Syntax.VARIABLE:
            return f"{''.join(values) or name} = ..."
        if not values and not option.is_flag:
            return f"{name}="
        call = python_call("", [_with_flag(option)], _given((option,), {name: values}))
        return call.removeprefix("(").removesuffix(")")

    def action(self, name: str, arguments: Sequence[str], options: Mapping[str, Sequence[str]]) -> str:
        """Return the call; a variable for the result is assigned."""
        action = find_action(name)
        if action is None or not action.function:
            return _elsewhere(action, name, arguments, options)
        given = _filled(action.options, action.needs or bool(action.request), arguments, options)
        return python_call(f"{self._module}{action.function_name}", action.options, given)

    def pip(self, words: Sequence[str]) -> str:
        """Return pip's own command, for a terminal."""
        return f"pip install {shlex.join(words)}"


class TerminalLanguage:
    """Command lines of a terminal: ``--to``, ``colab-save load cats PATH``."""

    def option(self, name: str, values: Sequence[str]) -> str:
        """Return the flag with its values, or the placeholder of a positional."""
        offered = (item for action in commands().values() for item in action.terminal_options)
        option = next((item for item in offered if item.name == name), None)
        if option is None:
            return PythonLanguage().option(name, values)
        if not values:
            return option.flag
        return terminal_line("", (option,), _given((option,), {name: values})).lstrip()

    def action(self, name: str, arguments: Sequence[str], options: Mapping[str, Sequence[str]]) -> str:
        """Return the terminal's command line."""
        action = find_action(name)
        if action is None or action.terminal is None:
            return _elsewhere(action, name, arguments, options)
        given = _filled(action.terminal_options, action.terminal_needs, arguments, options)
        return terminal_line(f"{PROGRAM} {action.terminal.command}", action.terminal_options, given)

    def pip(self, words: Sequence[str]) -> str:
        """Return pip's own command."""
        return f"pip install {shlex.join(words)}"


class PanelLanguage(MagicLanguage):
    """Buttons and fields of the panel: “Where to”, “Load” on the Models tab."""

    def option(self, name: str, values: Sequence[str]) -> str:
        """Return the label of the field, and what to fill in."""
        value = ", ".join(values)
        if name == "formats":
            label = f"“{PICK}”"
        elif name in LABELS:
            label = f"“{LABELS[name]}”"
        elif (option := find_option(name)) is None:
            return Plain().option(name, values)
        elif option.is_positional:
            return value or option.flag
        else:
            label = f"“{option.flag}” under {MORE}"
        return f"{label}: {value}" if value else label

    def action(self, name: str, arguments: Sequence[str], options: Mapping[str, Sequence[str]]) -> str:
        """Return the button, its tab, and what to tick and fill in."""
        action = find_action(name)
        if action is None or action.button is None:
            return _elsewhere(action, name, arguments, options, before="!")
        given = [*arguments, *(self.option(*item) for item in options.items())]
        where = f"“{action.button.label}” on the {action.button.tab} tab"
        return f"{where} ({', '.join(given)})" if given else where


MAGIC, PYTHON, TERMINAL, PANEL = MagicLanguage(), PythonLanguage(), TerminalLanguage(), PanelLanguage()

speak_by_default(PYTHON)


@contextmanager
def entered(language: Language) -> Iterator[None]:
    """Set the language for what a frontend does in this block, and for the errors that leave it.

    An error that already has the language of another frontend keeps it, such as that of a Python call in a cell of
    ``%%savemodel``.
    """
    with speaking(language):
        try:
            yield
        except ColabSaveError as error:
            error.language = error.language or language
            raise


def _elsewhere(
    action: Action | None, name: str, arguments: Sequence[str], options: Mapping[str, Sequence[str]], before: str = ""
) -> str:
    """Return an action that a frontend does not offer, written for Python, else for a terminal.

    Args:
        action: The record; ``None`` if there is none, then names alone are written.
        name: Its name in the hint.
        arguments: Its arguments.
        options: Options by the name of their field.
        before: The prefix of a terminal's command line in this frontend, such as ``!`` in a notebook.
    """
    if action is not None and action.function:
        return PythonLanguage("colab_save.").action(name, arguments, options)
    if action is not None and action.terminal:
        return before + TERMINAL.action(name, arguments, options)
    return Plain().action(name, arguments, options)


def _filled(
    options: Iterable[Option], needs: int, arguments: Sequence[str], given: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    """Return the values by option; a required positional without an argument gets its placeholder."""
    places = [option for option in options if option.is_positional]
    filled: dict[str, Any] = {}
    for number, option in enumerate(places):
        here = arguments[number:] if option.syntax is Syntax.REPEATED else arguments[number : number + 1]
        if here:
            filled[option.name] = _values(option, here)
        elif number < needs and option.name not in given:
            filled[option.name] = _values(option, [option.name if _is_code(option) else option.flag])
    return {**filled, **_given(options, given)}


def _given(options: Iterable[Option], given: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return the options of a hint as `Command.read` returns those of a line; options not offered are left out."""
    return {option.name: _values(option, given[option.name]) for option in options if option.name in given}


def _values(option: Option, texts: Sequence[str]) -> Any:
    match option.syntax:
        case Syntax.FLAG:
            return True
        case Syntax.ANTIFLAG:
            return False
        case Syntax.REPEATED:
            return tuple(texts)
        case Syntax.PAIRS:
            return {key: _expression(value or "...") for key, _, value in (text.partition("=") for text in texts)}
    text = texts[0] if texts else ""
    return _expression(text) if _is_code(option) else text


def _expression(source: str) -> Expression:
    return Expression(source, source, "")


def _is_code(option: Option) -> bool:
    return option.syntax in {Syntax.EXPRESSION, Syntax.NUMBER}


def _is_assigned(option: Option, given: Mapping[str, Any]) -> bool:
    return option.syntax is Syntax.VARIABLE and option.name in given


def _with_flag(option: Option) -> Option:
    """Return an option that is written as a keyword even if it is a positional."""
    return Option(option.name, "--" + option.name, option.syntax, option.help)
