"""The terminal command: ``colab-save demo | list | verify TARGET``.

Prints the same reports as a notebook shows. Ends with 0 when all is well, 1 for an error or a model that is not
proven, 2 for a wrong word.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from colab_save.artifact.environment import environment
from colab_save.errors import ColabSaveError
from colab_save.request.command import LIST, add_option
from colab_save.request.option import Option, Syntax
from colab_save.request.request import LoadRequest, SaveRequest, options_of


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: What was typed; default: the process's own.

    Returns:
        The exit status.
    """
    given = vars(_parser().parse_args(arguments))
    run = given.pop("run")
    try:
        return int(run(**given))
    except ColabSaveError as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("colab-save", description="Saved TensorFlow models that are proven to come back.")
    parser.add_argument("--version", action="version", version=f"colab_save {environment()['colab_save']}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    store = [option for option in options_of(SaveRequest) if option.name == "to"]
    # A terminal has no variables to load into, and verifying without a check would be nothing.
    loading = [
        option for option in options_of(LoadRequest) if option.syntax not in {Syntax.EXPRESSION, Syntax.ANTIFLAG}
    ]
    _add(commands, "demo", "Train a small model on real data, save it, load it in a new process.", _demo, store)
    _add(commands, "list", LIST.about, _list, LIST.options)
    _add(commands, "verify", "Load a model and compare it with what was saved.", _verify, loading, needs="target")
    return parser


def _add(
    commands: Any, name: str, about: str, run: Callable[..., int], options: Iterable[Option], needs: str = ""
) -> None:
    parser = commands.add_parser(name, help=about, description=about, allow_abbrev=False)
    parser.set_defaults(run=run)
    for option in options:
        add_option(parser, option, is_needed=option.name == needs)


def _demo(to: str | None) -> int:
    from colab_save.frontends.demo import run_demo

    return run_demo(to)


def _list(pattern: str | None, source: str | None) -> int:
    from colab_save.loading.pipeline import list_models

    print(list_models(pattern or "*", source))
    return 0


def _verify(**fields: Any) -> int:
    from colab_save.frontends.python import load_with_bar

    report = load_with_bar(LoadRequest(**fields))
    print(report)
    return 0 if report.is_proven else 1
