"""Texts: suggestions for misspelt words, what a foreign error says, names cut to a length, texts that no file holds."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from colab_save.errors import ColabSaveError, FormatError
from colab_save.hints import literal
from colab_save.quoting import ELLIPSIS, one_line, shorten, without_arrays
from colab_save.secrecy import hidden

LONGEST = 34
"""Most letters of a name in a picture or a table."""

MOST_QUOTED = 320
"""Most characters of a foreign error in a message."""

_WHERE = (
    r"\s*(Exception encountered when calling|in user code:|Graph execution error|Traceback \(|Detected at node|"
    r"<stack traces|Stack trace|\[\[\{\{node)"
)
"""Lines of Keras and TensorFlow that do not say what is wrong."""

_DETAILS = r"\n(?:Arguments received by |List of objects that could not be loaded:)"
"""What Keras appends to what is wrong."""

_STACK = r"(?m)^([ \t]*)File \".*(\n\1[ \t]+\S.*)?$"
"""A call in a stack trace, with the line that it quotes."""

_CAUSE = r"\s*Exception encountered:\s*"

_OFTEN = r" Either the `\S+` method is incorrect, or you need to implement the `[^`]+` method\."
"""What Keras guesses of any error in a layer, between what it did and the error."""


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
    """Return the class of an error and what it says on one line, for a message of ours.

    Of a foreign error with several lines, the first and the last are quoted: either may be the one that tells. What
    Keras and TensorFlow wrap around the error of the user's code is left out.

    Args:
        error: The error; the text of a foreign one is quoted, see `literal`.
        clean: Removes from a foreign text what must not be shown, beside what is shaped like a key or a token.
    """
    if isinstance(error, ColabSaveError):
        return f"{type(error).__name__}: {error.references[0]}"
    error = _innermost(error)
    text = _quoted(hidden(clean(text_of(error))))
    return f"{type(error).__name__}: {literal(text)}" if text else type(error).__name__


def _innermost(error: BaseException) -> BaseException:
    """Return the error that others only wrap: they contain its text."""
    seen = {id(error)}
    while (inner := error.__cause__ or error.__context__) is not None and id(inner) not in seen:
        text = text_of(inner).strip()
        if not text or isinstance(inner, (KeyError, ColabSaveError)) or text not in text_of(error):
            break
        seen.add(id(inner))
        error = inner
    return error


def text_of(error: BaseException) -> str:
    """Return the text of an error; none where its class fails to make one.

    Python writes the text of a `KeyError` as a literal, which shows a key; Keras raises one with what others say.
    """
    try:
        is_told = isinstance(error, KeyError) and len(error.args) == 1 and "\n" in str(error.args[0])
        return str(error.args[0] if is_told else error)
    except Exception:  # noqa: BLE001 - an error of the user's own may fail to say what it is
        return ""


def _quoted(text: str) -> str:
    """Return what a foreign error says, on one line."""
    lines = [*_telling(without_arrays(re.sub(r"\x1b\[[\d;]*m", "", text)))]  # Keras writes the cause in bold
    lines = [one_line(" ".join(line.split())) for line in lines]
    whole = " ".join(lines)
    if len(whole) <= MOST_QUOTED or len(lines) < 2:
        return shorten(whole, MOST_QUOTED)
    # Keras introduces an example by a line that ends with a colon.
    first = " ".join(lines[: 2 if lines[0].endswith(":") else 1])
    last = "" if lines[-1] in first else f" {shorten(lines[-1], MOST_QUOTED // 3)}"
    first = shorten(first, MOST_QUOTED - len(last)).removesuffix(ELLIPSIS).rstrip()
    return f"{first} {ELLIPSIS}{last}".removesuffix(f" {ELLIPSIS}{ELLIPSIS}")


def _telling(text: str) -> Iterator[str]:
    """Yield the lines of a foreign error but for those that only say where in a library it was raised."""
    text = re.sub(f"{_STACK}|{_OFTEN}", "", re.split(_DETAILS, text, maxsplit=1)[0] or text)
    lines = [line for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if not re.match(_WHERE, line)]
    # Keras writes a whole config before the cause.
    causes = [at for at, line in enumerate(telling) if re.match(_CAUSE, line)]
    for line in telling[causes[-1] if causes else 0 :] or lines:
        yield re.sub(_CAUSE, "", line)


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
