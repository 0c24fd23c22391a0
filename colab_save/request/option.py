"""How one field of a request is typed and explained, in every frontend, and what its value may be.

`request` declares them beside its fields, and checks the values once; `command` and the terminal build their parsers of
them, the panel its fields.
"""

from __future__ import annotations

import enum
import keyword
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from colab_save.errors import RequestError


class Syntax(enum.StrEnum):
    """How a field is asked for in a magic or terminal line.

    In a notebook ``EXPRESSION`` and ``NUMBER`` are evaluated; in a terminal a ``NUMBER`` is a literal, and there is no
    ``EXPRESSION``. A ``VARIABLE`` of the notebook gets the result; in Python that is an assignment. A positional that
    is ``REPEATED`` takes all words that are left.
    """

    POSITIONAL = "positional"
    VALUE = "value"
    EXPRESSION = "expression"
    NUMBER = "number"
    VARIABLE = "variable"
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
        syntax: See `Syntax`.
        text: One sentence, or what gives it when it is asked for.
        metavar: The place-holder of the value.
        words: Gives the words that are allowed, where they are a few.
    """

    name: str
    flag: str
    syntax: Syntax
    text: str | Callable[[], str]
    metavar: str = ""
    words: Callable[[], Iterable[str]] = tuple

    @property
    def help(self) -> str:
        """Explain it in one sentence."""
        return self.text if isinstance(self.text, str) else self.text()

    @property
    def choices(self) -> tuple[str, ...]:
        """Give the words that are allowed; none where any are."""
        return tuple(self.words())

    @property
    def is_positional(self) -> bool:
        """Tell what is given by its place alone from what has a flag."""
        return not self.flag.startswith("-")

    @property
    def is_flag(self) -> bool:
        """Tell what takes no value."""
        return self.syntax in {Syntax.FLAG, Syntax.ANTIFLAG}


def asked(
    flag: str,
    syntax: Syntax,
    text: str | Callable[[], str],
    metavar: str = "",
    words: Callable[[], Iterable[str]] = tuple,
) -> dict[str, Any]:
    """Make the metadata of a request's field, from which its `Option` is read.

    What a table says is given as a function, so that a record which is added later is seen.
    """
    return {"flag": flag, "syntax": syntax, "text": text, "metavar": metavar, "words": words}


def check_numbers(**values: object) -> None:
    """Refuse what is no number, or a negative one.

    Raises:
        RequestError: Names it.
    """
    for name, value in values.items():
        if value is not None and (not isinstance(value, (int, float)) or isinstance(value, bool) or not value >= 0):
            raise RequestError(f"{name} is {value!r}.", f"Give {name} as a number that is not negative.")


def check_texts(**values: object) -> None:
    """Refuse what is no text, or one with half characters, which no file can hold.

    Raises:
        RequestError: Names it.
    """
    for name, value in values.items():
        if value is not None and not is_text(value):
            raise RequestError(f"{name} is {value!r}, which is no text.", f"Give {name} in quotes.")


def texts_of(name: str, value: object) -> tuple[str, ...]:
    """Return one or several texts as a tuple.

    Raises:
        RequestError: They are something else.
    """
    texts = (value,) if isinstance(value, str) else value
    if isinstance(texts, (list, tuple)) and all(map(is_text, texts)):
        return tuple(texts)
    raise RequestError(f"{name} is {value!r}.", f"Give {name} as a text, or as a list of texts.")


def names_of(field: str, value: object) -> tuple[str, ...]:
    """Return the names of one or several attributes or variables, each once.

    Raises:
        RequestError: They are something else.
    """
    names = tuple(dict.fromkeys(texts_of(field, value)))
    for name in names:
        if not name.isidentifier() or keyword.iskeyword(name) or name.startswith("_"):
            raise RequestError(f"{field} is {name!r}, which no attribute has.", "Give a name, such as class_names.")
    return names


def is_text(value: object) -> bool:
    """Say whether a value is a text that a file can hold."""
    return isinstance(value, str) and not any("\ud800" <= letter <= "\udfff" for letter in value)
