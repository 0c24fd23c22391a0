"""The terminal command: ``colab-save save | load | list | verify | …``, one for each action of the table that has one.

Prints the same reports as a notebook shows, or with ``--json`` one JSON document. Ends with 0 when all is well, 1 for
an error or a model that is not proven, and 2 for wrong usage.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import json
import math
import sys
from collections.abc import Callable, Sequence
from typing import Any

from colab_save.artifact.environment import environment
from colab_save.artifact.round_trip import Outcome
from colab_save.errors import ColabSaveError
from colab_save.frontends.action import Action, Result, Runner
from colab_save.frontends.actions import commands
from colab_save.frontends.languages import PROGRAM, TERMINAL, entered
from colab_save.hints import render, speaking
from colab_save.quieting import quiet_start
from colab_save.request.command import add_option
from colab_save.request.option import Option, Syntax

PASSED, FAILED = 0, 1
"""Exit codes; argparse ends with 2, and 3 is reserved."""

EXIT_CODES = "Exit codes: 0 all is well, 1 an error or not proven, 2 wrong usage."

JSON_HELP = 'Print one JSON document; for an error {"error": {"type", "message", "hint"}}.'


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: What was typed; default: the process's own.

    Returns:
        The exit code.
    """
    quiet_start()
    with speaking(TERMINAL):
        given = vars(make_parser().parse_args(arguments))
        action, as_json = given.pop("action"), given.pop("json")
        try:
            # Standard output is for the document alone; what is printed on the way goes to the other stream.
            with entered(TERMINAL), contextlib.redirect_stdout(sys.stderr) if as_json else contextlib.nullcontext():
                result = _carry_out(action, given)
        except ColabSaveError as error:
            _print_error(error, as_json=as_json)
            return FAILED
        print(json_text(result.to_json()) if as_json else result)
    return exit_code(action, result)


def make_parser() -> argparse.ArgumentParser:
    """Make the parser of the command from the table of actions."""
    parser = argparse.ArgumentParser(
        PROGRAM, description="Saved TensorFlow models that are proven to come back.", epilog=EXIT_CODES
    )
    parser.add_argument("--version", action="version", version=f"colab_save {environment()['colab_save']}")
    added = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, action in commands().items():
        about = render((action.terminal and action.terminal.help) or action.help)
        command = added.add_parser(
            name,
            help=about.replace("%", "%%"),
            description=about,
            epilog=EXIT_CODES,
            allow_abbrev=False,
            argument_default=argparse.SUPPRESS,
        )
        command.set_defaults(action=action)
        places = 0
        for option in action.terminal_options:
            places += option.is_positional
            is_needed = option.is_positional and places <= action.terminal_needs
            add_option(command, option, is_needed=is_needed, **_read_as(option))
        command.add_argument("--json", action="store_true", default=False, help=JSON_HELP)
    return parser


def _read_as(option: Option) -> dict[str, Callable[[str], Any]]:
    """Choose how the value of an option is read: numbers and pairs as literals, everything else as it is."""
    if option.syntax is Syntax.NUMBER:
        return {"type": number}
    return {"type": pair} if option.syntax is Syntax.PAIRS else {}


def number(text: str) -> float:
    """Read a number, such as ``1e-3``.

    Raises:
        ArgumentTypeError: It is none; argparse tells that.
    """
    value = literal(text)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number")
    return value


def pair(text: str) -> tuple[str, Any]:
    """Read ``KEY=VALUE``; a value that is no literal of Python is a text.

    Raises:
        ArgumentTypeError: It has no key or no equals sign; argparse tells that.
    """
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise argparse.ArgumentTypeError(f"{text!r} is not KEY=VALUE")
    return key.strip(), literal(value)


def literal(text: str) -> Any:
    """Read a literal of Python: a number, text, list or dict; anything else is the text itself."""
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return text


def _carry_out(action: Action, given: dict[str, Any]) -> Any:
    """Carry an action out with what was typed: by the function of its own for terminals, else as anywhere."""
    pairs = {option.name for option in action.terminal_options if option.syntax is Syntax.PAIRS}
    typed: dict[str, Any] = {name: dict(value) if name in pairs else value for name, value in given.items()}
    own = action.terminal.runs if action.terminal else ""
    run = Runner({action.name: own or action.runs})
    if action.request is not None and not own:
        return run.under_a_bar(action, action.request(**typed))
    return run.under_a_bar(action, **typed)


def exit_code(action: Action, result: Any) -> int:
    """Return how the process ends: a proof that proves nothing, or a model that came back different, is a failure."""
    if action.result is Result.PROOF:
        return PASSED if result.is_proven else FAILED
    return FAILED if getattr(result, "outcome", None) is Outcome.FAILED else PASSED


def json_text(value: Any) -> str:
    """Return a value as a JSON document; a number that JSON does not have becomes null."""
    return json.dumps(_plain(value), indent=1)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _print_error(error: ColabSaveError, *, as_json: bool) -> None:
    kind = type(error).__name__
    if as_json:
        print(json_text({"error": {"type": kind, "message": error.message, "hint": error.hint}}))
        return
    sys.stderr.write(f"{kind}: {error}\n")
