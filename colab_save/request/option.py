"""Options: how each field of a request is typed and explained in every frontend, and the checks of its values.

`request` declares an option beside each field and checks the values once. `command` and `frontends.terminal` build
their parsers from options, the panel its fields.
"""

from __future__ import annotations

import enum
import functools
import keyword
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from typing import Any

from colab_save.errors import RequestError
from colab_save.hints import literal
from colab_save.secrecy import secret_in_text
from colab_save.wording import is_text


class Syntax(enum.StrEnum):
    """How the value of an option is typed in a magic or in a terminal.

    In a notebook ``EXPRESSION`` and ``NUMBER`` are evaluated; in a terminal a ``NUMBER`` is a literal, and options with
    an ``EXPRESSION`` are not offered. A ``VARIABLE`` names the variable for the result; in Python that is an
    assignment. A positional that is ``REPEATED`` takes all remaining words. An ``ANTIFLAG`` sets its field to False.
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
        flag: The flag (``--to``), or the placeholder of a positional (``MODEL``).
        syntax: See `Syntax`.
        text: The help, one sentence that may refer to other options (`hints`), or a function that returns it.
        metavar: The placeholder of the value.
        words: Returns the allowed words, if only a few are.
    """

    name: str
    flag: str
    syntax: Syntax
    text: str | Callable[[], str]
    metavar: str = ""
    words: Callable[[], Iterable[str]] = tuple

    @property
    def help(self) -> str:
        """Return the help, one sentence."""
        return self.text if isinstance(self.text, str) else self.text()

    @property
    def choices(self) -> tuple[str, ...]:
        """Return the allowed words; none if any text is allowed."""
        return tuple(self.words())

    @property
    def is_positional(self) -> bool:
        """Return whether it is given by its position, without a flag."""
        return not self.flag.startswith("-")

    @property
    def is_flag(self) -> bool:
        """Return whether it takes no value."""
        return self.syntax in {Syntax.FLAG, Syntax.ANTIFLAG}


def declare(
    flag: str,
    syntax: Syntax,
    text: str | Callable[[], str],
    metavar: str = "",
    words: Callable[[], Iterable[str]] = tuple,
) -> dict[str, Any]:
    """Return the metadata of a request's field, from which `options_of` makes its `Option`.

    Text and words that come from a table are passed as functions, so that records added later count.
    """
    return {"flag": flag, "syntax": syntax, "text": text, "metavar": metavar, "words": words}


def options_of(request: type[Any]) -> Iterator[Option]:
    """Return the option of each field of a request, in the order of the fields."""
    for item in fields(request):
        declared = dict(item.metadata)
        if isinstance(item.default, (int, float, str)) and item.default and not isinstance(item.default, bool):
            declared["text"] = functools.partial(_with_default, declared["text"], item.default)
        yield Option(item.name, **declared)


def _with_default(text: str | Callable[[], str], default: float | str) -> str:
    """Return a help text with the default, if it has none yet."""
    sentence = text if isinstance(text, str) else text()
    shown = default if isinstance(default, str) else f"{default:g}"
    return sentence if "default" in sentence else f"{sentence.removesuffix('.')}; default: {shown}."


def check_numbers(**values: object) -> None:
    """Refuse values that are not numbers, and negative ones.

    Raises:
        RequestError: A value is not a number of at least 0; ``None`` is allowed.
    """
    for name, value in values.items():
        if value is not None and (not isinstance(value, (int, float)) or isinstance(value, bool) or not value >= 0):
            raise RequestError(
                f"{name} must be a number of at least 0, not {literal(repr(value))}.", "Give a number, such as 0.5."
            )


def check_switches(**values: object) -> None:
    """Refuse values that are neither true nor false: a text such as ``"no"`` would count as true.

    Raises:
        RequestError: A value is not a bool.
    """
    for name, value in values.items():
        if not isinstance(value, bool):
            raise RequestError(f"{name} must be True or False, not {literal(repr(value))}.", "Give one of the two.")


def check_texts(**values: object) -> None:
    """Refuse values that are not texts, and texts with half characters, which no file can hold.

    Raises:
        RequestError: A value is not a text that a file can hold; ``None`` is allowed.
    """
    for name, value in values.items():
        if value is not None and not is_text(value):
            raise _not_a_text(name, "a text", value)


def check_secrets(**texts: Iterable[str]) -> None:
    """Refuse texts with what looks like a secret, since they are written into an artifact for others to read.

    Raises:
        RequestError: The hint says what to do instead.
    """
    for name, given in texts.items():
        if what := next(filter(None, map(secret_in_text, given)), ""):
            raise RequestError(
                f"{name} has {what}, which is written into no artifact.",
                "Leave it out: whoever gets the model can read it.",
            )


def texts_of(name: str, value: object) -> tuple[str, ...]:
    """Return one or several texts as a tuple.

    Raises:
        RequestError: The value is anything else.
    """
    texts = (value,) if isinstance(value, str) else value
    if isinstance(texts, (list, tuple)) and all(map(is_text, texts)):
        return tuple(texts)
    raise _not_a_text(name, "a text or a list of texts", value)


def names_of(field: str, value: object) -> tuple[str, ...]:
    """Return the names of one or several attributes or variables, each once.

    Raises:
        RequestError: The value is anything else, or a name cannot be that of a public attribute.
    """
    names = tuple(dict.fromkeys(texts_of(field, value)))
    for name in names:
        if not name.isidentifier() or keyword.iskeyword(name) or name.startswith("_"):
            raise RequestError(
                f"{field} cannot be {literal(repr(name))}: no public attribute has such a name.",
                "Give a name such as class_names.",
            )
    return names


def _not_a_text(name: str, kind: str, value: object) -> RequestError:
    return RequestError(f"{name} must be {kind}, not {literal(repr(value))}.", f"Give {name} as text in quotes.")
