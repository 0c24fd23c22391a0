"""The terminal command ``colab-save save | load | list | verify | …``: one command for each action that has one.

It prints the same reports as a notebook shows, or with ``--json`` one JSON document. The exit code is 0 for success, 1
for an error or a model that is not proven, 2 for wrong usage, 3 for what is saved in part, and 130 after Ctrl-C.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import io
import json
import math
import os
import sys
from collections.abc import Sequence
from typing import Any

from colab_save.artifact.environment import environment
from colab_save.artifact.round_trip import Outcome
from colab_save.errors import ColabSaveError, RequestError, UnknownNameError
from colab_save.frontends.action import Action, Result, Runner
from colab_save.frontends.actions import commands
from colab_save.frontends.languages import PROGRAM, TERMINAL, entered
from colab_save.hints import literal, render, speaking
from colab_save.quieting import quiet_start
from colab_save.request.command import Parser, add_option, check_flags
from colab_save.request.option import Option, Syntax
from colab_save.types import Json
from colab_save.wording import did_you_mean

PASSED, FAILED, MISUSED, PARTIAL, INTERRUPTED = 0, 1, 2, 3, 130
"""Exit codes; the last is that of a shell for Ctrl-C."""

EXIT_CODES = "Exit codes: 0 success, 1 error or model not proven, 2 wrong usage, 3 saved in part, 130 interrupted."

JSON_HELP = 'Print one JSON document, for an error {"error": {"type", "message", "hint"}}; default: text.'


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: The words after the program's name. Default: those of this process.

    Returns:
        The exit code.
    """
    quiet_start()
    _write_any_text()
    try:
        try:
            with speaking(TERMINAL):
                return _run(sys.argv[1:] if arguments is None else arguments)
        finally:
            print(end="", flush=True)
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        return INTERRUPTED
    except OSError as error:
        if not _is_output_lost():
            raise
        if not isinstance(error, BrokenPipeError):  # who closes a pipe early, as `head` does, has read enough
            sys.stderr.write(f"{PROGRAM}: cannot write to standard output: {error.strerror}\n")
        return FAILED


def read(arguments: Sequence[str]) -> dict[str, Any]:
    """Return the typed options by name, with the action as ``action``, and as ``json`` whether to print JSON.

    Raises:
        UnknownNameError: There is no such command or option.
        RequestError: A word is missing, wrong or unexpected.
        SystemExit: Help or the version was printed.
    """
    command = next((word for word in arguments if not word.startswith("-")), "")
    if command and command not in commands():
        raise UnknownNameError(f"There is no command {literal(repr(command))}.", did_you_mean(command, commands()))
    parsed, words = make_parser().parse_known_args(arguments)
    action: Action = parsed.action
    flags = [option.flag for option in action.terminal_options if not option.is_positional]
    check_flags(f"{PROGRAM} {command}", words, [*flags, "--json"])
    if words:
        raise RequestError(
            f"{PROGRAM} {command}: unexpected argument {literal(repr(words[0]))}.",
            f"Put a text with spaces in quotes; {PROGRAM} {command} --help shows what may follow.",
        )
    return vars(parsed)


def _run(arguments: Sequence[str]) -> int:
    """Run one command, print its result or its error, and return the exit code."""
    try:
        given = read(arguments)
    except RequestError as error:
        _print_error(error, as_json=False)
        return MISUSED
    action, as_json = given.pop("action"), given.pop("json")
    try:
        # Standard output is for the document alone; everything else that prints goes to standard error.
        with entered(TERMINAL), contextlib.redirect_stdout(sys.stderr) if as_json else contextlib.nullcontext():
            result = _carry_out(action, given)
    except ColabSaveError as error:
        _print_error(error, as_json=as_json)
        return FAILED
    print(json_text(result.to_json()) if as_json else result)
    return exit_code(action, result)


def _write_any_text() -> None:
    """Write a character that the encoding of an output lacks as its escape in Python, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _is_output_lost() -> bool:
    """Return whether not even a newline can be written to standard output; what is in its buffer is dropped then."""
    try:
        print(flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return True
    return False


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command, made from the table of actions."""
    parser = Parser(
        PROGRAM,
        description="Save TensorFlow models and prove that they come back.",
        epilog=EXIT_CODES,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"colab_save {environment().get('colab_save', '')}")
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


def _read_as(option: Option) -> dict[str, Any]:
    """Return the arguments for argparse that read an option's value: numbers and pairs as literals, else text."""
    if option.is_positional and option.syntax is Syntax.REPEATED:
        return {"default": ()}
    if option.syntax is Syntax.NUMBER:
        return {"type": number}
    return {"type": pair} if option.syntax is Syntax.PAIRS else {}


def number(text: str) -> float:
    """Read a number, such as ``1e-3``.

    Raises:
        ArgumentTypeError: It is not a number; argparse reports it.
    """
    value = read_literal(text)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number")
    return value


def pair(text: str) -> tuple[str, Any]:
    """Read ``KEY=VALUE``; a value that is not a Python literal is a text.

    Raises:
        ArgumentTypeError: It has no key or no equals sign; argparse reports it.
    """
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise argparse.ArgumentTypeError(f"{text!r} is not KEY=VALUE")
    return key.strip(), read_literal(value)


def read_literal(text: str) -> Any:
    """Return the value of a Python literal (a number, text, list or dict), else the text itself."""
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return text


def _carry_out(action: Action, given: dict[str, Any]) -> Any:
    """Carry an action out with the typed options, by its function for terminals if it has one."""
    pairs = {option.name for option in action.terminal_options if option.syntax is Syntax.PAIRS}
    typed: dict[str, Any] = {name: dict(value) if name in pairs else value for name, value in given.items()}
    own = action.terminal.runs if action.terminal else ""
    run = Runner({action.name: own or action.runs})
    if action.request is not None and not own:
        return run.under_a_bar(action, action.request(**typed))
    return run.under_a_bar(action, **typed)


def exit_code(action: Action, result: Any) -> int:
    """Return the exit code; a proof that proves nothing and a model that came back different are failures."""
    if getattr(result, "outcome", None) is Outcome.PARTIAL:
        return PARTIAL
    if action.result is Result.PROOF:
        return PASSED if result.is_proven else FAILED
    return FAILED if getattr(result, "outcome", None) is Outcome.FAILED else PASSED


def json_text(value: Json) -> str:
    """Return a value as a JSON document; a number that JSON does not have becomes null."""
    return json.dumps(_plain(value), indent=1)


def _plain(value: Json) -> Json:
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
