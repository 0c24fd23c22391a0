"""The words of a typed line, split outside quotes and brackets.

`command` reads a line by them, and `spelling` asks whether what it writes is one word.
"""

from __future__ import annotations

import re

from colab_save.errors import RequestError

_PIECE = re.compile(
    r"""(?P<quoted>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|(?P<space>\s+)|(?P<escaped>\\[\s"'])|(?P<other>.)""", re.DOTALL
)


def split(line: str) -> list[str]:
    """Split a line at the spaces outside quotes and brackets, keeping both; a word that begins with # ends it.

    So ``models['a b']`` and ``(x[:2], y)`` are one word each, and a Windows path keeps its backslashes.

    Raises:
        RequestError: A quote or bracket is not closed.
    """
    words, opened = [""], ""
    for piece in _PIECE.finditer(line):
        text = piece.group()
        if text in {"'", '"'}:
            raise _not_closed("quote", text, line)
        if text == "#" and not (opened or words[-1]):
            break
        if piece["space"] and not opened:
            words.append("")
            continue
        if text in {"(", "[", "{"}:
            opened += text
        elif text in {")", "]", "}"}:
            opened = opened[:-1]
        words[-1] += text
    if opened:
        raise _not_closed("bracket", opened[-1], line)
    return [word for word in words if word]


def _not_closed(what: str, text: str, line: str) -> RequestError:
    return RequestError(f"The {what} {text} is not closed in: {line.strip()}", "Close it, or put the text in quotes.")


def unquote(word: str) -> str:
    """Give the text that a word stands for: without its quotes and escapes."""
    return _PIECE.sub(_plain, word)


def bared(word: str) -> str:
    """Take the quotes away that stand around all of a word; one that is quoted in part stays as it is."""
    whole = _PIECE.fullmatch(word)
    return unquote(word) if whole and whole["quoted"] else word


def _plain(piece: re.Match[str]) -> str:
    text = piece.group()
    if piece["quoted"]:
        return text[1:-1].replace("\\" + text[0], text[0])
    return text[1:] if piece["escaped"] else text
