"""How one field of a request is typed and explained, at every door.

`request` declares them beside its fields; `command` builds its parser of them, `functions` its docstrings.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any


class Door(enum.StrEnum):
    """How a field is asked for in a magic or terminal line."""

    POSITIONAL = "positional"
    VALUE = "value"
    EXPRESSION = "expression"
    REPEATED = "repeated"
    FLAG = "flag"
    ANTIFLAG = "antiflag"
    PAIRS = "pairs"


@dataclass(frozen=True, slots=True)
class Option:
    """How one field of a request is typed and explained.

    Attributes:
        name: The field, and the keyword of the Python function.
        flag: How it is written in a line (``--to``); for a positional its place-holder (``MODEL``).
        door: See `Door`. ``EXPRESSION`` values are evaluated in the notebook's namespace.
        help: One sentence.
        metavar: The place-holder of the value.
        choices: The words that are allowed, where they are a fixed few.
    """

    name: str
    flag: str
    door: Door
    help: str
    metavar: str = ""
    choices: tuple[str, ...] = ()


def asked(flag: str, door: Door, text: str, metavar: str = "", choices: tuple[str, ...] = ()) -> dict[str, Any]:
    """Make the metadata of a request's field, from which its `Option` is read."""
    return {"flag": flag, "door": door, "help": text, "metavar": metavar, "choices": choices}
