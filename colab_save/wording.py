"""Words of messages: near misses, the first line of somebody else's error, texts cut to a length."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from colab_save.errors import ColabSaveError, FormatError

LONGEST = 34
"""Letters of a name in a picture or a table."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Name the closest known words, as a sentence for a hint.

    Returns:
        ``"Did you mean 'cats'?"``, or the list of what there is, or an empty string when there is nothing.
    """
    names = sorted(set(known))
    close = difflib.get_close_matches(word, names, n=2, cutoff=0.6)
    if close:
        return "Did you mean " + " or ".join(repr(name) for name in close) + "?"
    if not names:
        return ""
    shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
    return f"There is: {shown}."


def first_line(error: BaseException) -> str:
    """Give the first line that somebody else's error says, for a message of ours."""
    text = error.references[0] if isinstance(error, ColabSaveError) else str(error)
    text = re.sub(r"\x1b\[\d*m", "", text)  # Keras sets what went wrong in bold, and puts where before it
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    lines = [line for line in lines if not line.startswith("Exception encountered when calling")] or lines
    # Keras puts a whole config before what went wrong in it.
    cause = [
        line.removeprefix("Exception encountered: ") for line in lines if line.startswith("Exception encountered:")
    ]
    said = [*cause, *lines]
    return f"{type(error).__name__}: {said[0][:200]}" if said else type(error).__name__


@contextmanager
def translated(what: str, hint: str) -> Iterator[None]:
    """Turn whatever Keras, TensorFlow or the user's own code raises into a `FormatError` in their words.

    Args:
        what: What could not be done, as the beginning of a sentence.
        hint: What to do next.
    """
    try:
        yield
    except ColabSaveError:
        raise
    except Exception as error:  # a model is the user's code: its get_config, build or call may raise anything
        raise FormatError(f"{what} ({first_line(error)}).", hint) from error


def letters_in(text: str) -> int:
    """Count the letters of a text, wide ones twice."""
    return len(text) + sum(unicodedata.east_asian_width(letter) in {"W", "F"} for letter in text)


def cut(text: str, most: int = LONGEST) -> str:
    """Shorten a text that is too long."""
    return text if len(text) <= most else text[: most - 1] + "…"
