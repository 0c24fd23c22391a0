"""Texts of others in a message of ours: on one line, arrays by dtype and shape, cut where a word or a sentence ends.

`wording.first_line` quotes an error with it, the comparison of two models the values that differ.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence

ELLIPSIS = "…"

SHORT = 80
"""Most characters of a value in a message."""

AROUND = 16
"""Characters that are shown before the first one that differs."""

_NUMBER = r"(?:[-+]?(?:nan|inf|\d[\d.]*+(?:e[-+]?\d++)?+|\.\d++(?:e[-+]?\d++)?+)j?|True|False|\.\.\.)"
_MADE_BY = r"(?:<(?:tf\.)?\w+[^<>\n]{0,200}numpy=\s*)?(?:(?:tf\.\w+|array|Array|tensor)\(\s*)?"
_NUMBERS = rf"{_MADE_BY}(?P<block>\[(?:[\s,\[\]]++|{_NUMBER})*+)"
_SHAPE = r"shape=\(([\d, ]*)\)"
_DTYPE = r"dtype=(?:<dtype: ')?(?:torch\.)?(\w+)"
_REST = r"(?:,\s*(?:shape=\([\d, ]*\)|\w+=[\w.<>']++)\s*)*+\)?(?:,\s*dtype=\w+)?>?"
_PIECE = rf"{_NUMBER}|[\[\]]"

LONG = 40
"""Characters of numbers in brackets from which on they are an array and no shape."""


def visible(text: str) -> str:
    r"""Return a text with control characters and lone surrogates as escapes (``\x1b``)."""
    return "".join(c if c.isprintable() or c in "\n\u200d" else ascii(c)[1:-1] for c in text)


def one_line(text: str) -> str:
    r"""Return a text on one line, with control characters and line breaks as escapes."""
    return visible(text).replace("\n", "\\n")


def shorten(text: str, most: int) -> str:
    """Return a text, cut after a sentence or else between two words if it is too long; an ellipsis stands for the rest.

    A name is never cut: without a place to cut, only the ellipsis remains.
    """
    if len(text) <= most:
        return text
    sentences = [found.end() for found in re.finditer(r"[.!?;](?=\s)|[。！？]", text[: most - 1])]  # noqa: RUF001
    if sentences and sentences[-1] > most // 2:
        return f"{text[: sentences[-1]]} {ELLIPSIS}"
    end = next((at for at in range(most - 2, 0, -1) if _may_end(text, at)), 0)
    return f"{text[:end].rstrip()} {ELLIPSIS}".lstrip()


def _may_end(text: str, at: int) -> bool:
    """Return whether a text may be cut before a character: neither side is part of a name or a number there."""
    before, after = text[at - 1], text[at]
    if _is_wide(before) or _is_wide(after):  # scripts that put no spaces between words
        return True
    return after.isspace() or (before in ",;:)]}" and not after.isalnum())


def _is_wide(letter: str) -> bool:
    return unicodedata.east_asian_width(letter) in {"W", "F"}


def without_arrays(text: str) -> str:
    """Return a text with each array and tensor in it replaced by its dtype and its shape."""
    pieces, end = [], 0
    for found in re.finditer(_NUMBERS, text):
        start = found.start("block")
        stop = _closed(text, start, found.end())
        if found.start() < end or stop - start <= LONG:
            continue
        rest = re.compile(_REST).match(text, stop)
        stop = max(stop, rest.end()) if rest and found.start() < start else stop
        pieces += [text[end : found.start()], _described(text[found.start() : stop])]
        end = stop
    return "".join([*pieces, text[end:]])


def _closed(text: str, start: int, end: int) -> int:
    """Return where the bracket that opens at a place is closed; the end where the text breaks off before."""
    depth = 0
    for at in range(start, end):
        depth += {"[": 1, "]": -1}.get(text[at], 0)
        if not depth:
            return at + 1
    return end


def _described(array: str) -> str:
    """Return the dtype and the shape of an array, as far as its text tells them."""
    dtype, shape = re.search(_DTYPE, array), re.search(_SHAPE, array)
    sizes = [*map(int, re.findall(r"\d+", shape[1]))] if shape else _shape_of(array[array.index("[") :])
    if sizes is None:
        return f"an array of {dtype[1]}" if dtype else "an array"
    return f"{dtype[1]} {sizes}" if dtype else f"an array of shape {sizes}"


def _shape_of(block: str) -> list[int] | None:
    """Return the sizes of nested brackets; ``None`` if they are not regular, or not all there."""
    counts = [0]
    sizes: dict[int, int] = {}
    for piece in re.findall(_PIECE, block):
        if piece == "...":
            return None
        if piece != "]":
            counts[-1] += 1
        if piece == "[":
            counts.append(0)
        elif piece == "]" and sizes.setdefault(len(counts), counts[-1]) != counts.pop():
            return None
    return [sizes[depth] for depth in sorted(sizes)] if len(counts) == 1 else None


_COUNT = r"\s*and (\d+) more"


def is_count(line: str) -> bool:
    """Return whether a line only says how many more there are."""
    return re.fullmatch(_COUNT, line) is not None


def cut_lines(lines: Sequence[str], most: int) -> list[str]:
    """Return the first lines, and as the last one how many more there are.

    Lines that count already (``and 5 more``) are counted on.
    """
    if len(lines) <= most:
        return [*lines]
    hidden = sum(int(found[1]) if (found := re.fullmatch(_COUNT, line)) else 1 for line in lines[most - 1 :])
    return [*lines[: most - 1], f"and {hidden} more"]


def cut_blocks(text: str, most: int) -> str:
    """Return the first paragraphs of a text, each a line with the indented lines below it, and count the others.

    Args:
        text: Any text of several lines.
        most: Lines after which no further paragraph begins.
    """
    blocks = re.split(r"\n(?=\S)", text)
    kept = 1
    while kept < len(blocks) and "\n".join(blocks[: kept + 1]).count("\n") < most:
        kept += 1
    more = len(blocks) - kept
    return "\n".join(blocks[:kept]) + (f"\nand {more} more, in the same way" if more else "")


def listed(names: Sequence[str], most: int = 3) -> str:
    """Return the first names, and how many more there are."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def differing(expected: object, actual: object) -> tuple[str, str, str]:
    """Return where two long texts begin to differ, empty for other values, and both values in words."""
    if isinstance(expected, str) and isinstance(actual, str) and max(len(expected), len(actual)) > SHORT:
        at = next((i for i, pair in enumerate(zip(expected, actual, strict=False)) if pair[0] != pair[1]), None)
        at = min(len(expected), len(actual)) if at is None else at
        begin = max(at - AROUND, 0)
        begin = expected.find(" ", max(begin - AROUND, 0), begin) + 1 or begin
        return f"from character {at} on", _window(expected, begin), _window(actual, begin)
    nothing = "nothing" if isinstance(expected or actual, (Mapping, list, tuple)) else "None"
    before, after = (nothing if value is None else in_short(value) for value in (expected, actual))
    return "", before, after


def _window(text: str, begin: int) -> str:
    """Return a piece of a long text, with an ellipsis for what is left out on either side."""
    end = begin + SHORT - 4
    if end < len(text):
        end = max(text.rfind(" ", begin + SHORT // 2, end), 0) or end
    return ELLIPSIS * (begin > 0) + repr(text[begin:end]) + ELLIPSIS * (end < len(text))


def in_short(value: object) -> str:
    """Return a value as Python writes it; of a long one as much as fits, and how many more entries there are."""
    text = repr(value)
    if len(text) <= SHORT:
        return text
    if isinstance(value, str):
        return _window(value, 0)
    if not isinstance(value, (Mapping, list, tuple)) or not value:
        return shorten(one_line(text), SHORT)
    shown: list[str] = []
    for item in _entries(value):
        if len(", ".join([*shown, item])) > SHORT:
            break
        shown.append(item)
    opening, closing = text[0], text[-1]
    if not shown:
        return f"{len(value)} entries"
    return f"{opening}{', '.join(shown)} and {len(value) - len(shown)} more{closing}"


def _entries(value: Mapping[object, object] | Sequence[object]) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield from (f"{key!r}: {item!r}" for key, item in value.items())
    else:
        yield from map(repr, value)
