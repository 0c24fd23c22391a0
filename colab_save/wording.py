"""Texts: suggestions for misspelt words, the first line of a foreign error, texts cut to a length or refused."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from colab_save.errors import ColabSaveError, FormatError
from colab_save.hints import literal

LONGEST = 34
"""Most letters of a name in a picture or a table."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a sentence with the closest known words, for a hint.

    Returns:
        ``"Did you mean 'cats'?"``, or the known words if none is close, or an empty text if there are none.
    """
    names = sorted(set(known))
    close = difflib.get_close_matches(word, names, n=2, cutoff=0.6)
    if close:
        return "Did you mean " + " or ".join(literal(repr(name)) for name in close) + "?"
    if not names:
        return ""
    shown = literal(", ".join(names[:8])) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
    return f"There is: {shown}."


def first_line(error: BaseException, clean: Callable[[str], str] = str) -> str:
    """Return the class and the first line of an error, for a message of ours; with the next one after a colon.

    Args:
        error: The error; the text of a foreign one is quoted, see `literal`.
        clean: Removes from a foreign text what must not be shown, such as secrets.
    """
    if isinstance(error, ColabSaveError):
        return f"{type(error).__name__}: {error.references[0]}"
    text = clean(_text_of(error))
    text = re.sub(r"\x1b\[\d*m", "", text)  # Keras writes the cause in bold
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    lines = [line for line in lines if not line.startswith("Exception encountered when calling")] or lines
    # Keras writes a whole config before the cause.
    cause = [
        line.removeprefix("Exception encountered: ") for line in lines if line.startswith("Exception encountered:")
    ]
    found = [*cause, *lines]
    # Keras introduces an example by a line that ends with a colon.
    first = " ".join(found[: 2 if found and found[0].endswith(":") else 1])
    return f"{type(error).__name__}: {literal(first[:200])}" if first else type(error).__name__


def _text_of(error: BaseException) -> str:
    """Return the text of an error; none where its class fails to make one."""
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - the class may be the user's, and raise anything
        return ""


def reason_of(error: BaseException) -> str:
    """Return what an error says, without the full stop: the text of our own, or what `first_line` returns."""
    return error.references[0].rstrip(".") if isinstance(error, ColabSaveError) else first_line(error)


def is_text(value: object) -> bool:
    """Return whether a value is a text that a file can hold: one without half characters."""
    return isinstance(value, str) and not any("\ud800" <= letter <= "\udfff" for letter in value)


@contextmanager
def translated(what: str, hint: str) -> Iterator[None]:
    """Turn any error of Keras, TensorFlow or the user's code into a `FormatError` that quotes it.

    Args:
        what: What failed, as the beginning of a sentence.
        hint: What to do next.
    """
    try:
        yield
    except ColabSaveError:
        raise
    except Exception as error:  # a model is the user's code: its get_config, build or call may raise anything
        raise FormatError(f"{what} ({first_line(error)}).", hint) from error


def letters_in(text: str) -> int:
    """Return the width of a text in letters; wide letters count twice."""
    return len(text) + sum(unicodedata.east_asian_width(letter) in {"W", "F"} for letter in text)


def cut(text: str, most: int = LONGEST) -> str:
    """Return a text, cut and with an ellipsis if it is too long."""
    return text if len(text) <= most else text[: most - 1] + "…"
