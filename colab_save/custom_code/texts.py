"""The texts that Python still has: files, cells, and the texts inside cells that were executed by themselves.

`sources` looks for definitions in them. The body of a ``%%time`` cell and what a cell hands to ``exec`` are constants
of that cell; no code object says which, so that a text counts as that of a function only where it compiles to its code.
"""

from __future__ import annotations

import ast
import linecache
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import CodeType

DEFINING = re.compile(r"\b(class|def|lambda|import)\b")
"""What a text has that defines anything."""

MAGIC = re.compile(r"^([ \t]*)[%!].*$", re.MULTILINE)
"""A line that only IPython reads; cells have theirs translated, texts inside cells do not."""


@dataclass(frozen=True)
class Text:
    """One text.

    Attributes:
        lines: Its lines, each with its end.
        tree: Its syntax tree; an empty one if it has no text or is not Python.
    """

    lines: list[str]
    tree: ast.Module

    @cached_property
    def imports(self) -> list[ast.Import | ast.ImportFrom]:
        """Return its import statements."""
        return [node for node in ast.walk(self.tree) if isinstance(node, (ast.Import, ast.ImportFrom))]

    def holds(self, codes: Iterable[CodeType]) -> bool:
        """Return whether it compiles to all of these code objects, at their lines."""
        return all(any(_is_same(code, other) for other in self._codes) for code in codes)

    @cached_property
    def _codes(self) -> list[CodeType]:
        try:
            return list(_codes(compile("".join(self.lines), "<text>", "exec", dont_inherit=True)))
        except (SyntaxError, ValueError):
            return []


def _parsed(lines: list[str]) -> Text:
    try:
        return Text(lines, ast.parse("".join(lines)))
    except (SyntaxError, ValueError):
        return Text(lines, ast.Module([], []))


@dataclass(frozen=True)
class Texts:
    """All texts, each parsed once."""

    _known: dict[str, Text] = field(default_factory=dict)
    _inner: dict[str, list[Text]] = field(default_factory=dict)

    def of(self, file: str) -> Text:
        """Return the text of a file or cell."""
        if file not in self._known:
            self._known[file] = _parsed(linecache.getlines(file))
        return self._known[file]

    def in_cells(self) -> Iterator[Text]:
        """Yield the texts of all cells, newest first, and after each those inside it."""
        for file in cells():
            yield self.of(file)
            yield from self._inside(file)

    def of_codes(self, codes: list[CodeType]) -> Iterator[Text]:
        """Yield the texts that code objects of one file may come from."""
        file = codes[0].co_filename
        found = self.of(file)
        inside = (text for cell in cells() for text in self._inside(cell) if text.holds(codes))
        if not found.lines:
            yield from inside
        elif not Path(file).exists() or found.holds(codes):
            yield found
        else:  # it was written again since it was imported, perhaps by a cell that still holds the text
            yield from inside
            yield found

    def _inside(self, file: str) -> list[Text]:
        if file not in self._inner:
            self._inner[file] = list(_inside(self.of(file)))
        return self._inner[file]


def cells() -> list[str]:
    """Return the names of the cells, newest first: entries of `linecache` without a file on disk."""
    entries = reversed(list(linecache.cache.items()))
    return [name for name, entry in entries if len(entry) > 1 and not Path(name).exists()]


def _inside(text: Text) -> Iterator[Text]:
    for node in ast.walk(text.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and DEFINING.search(node.value):
            found = _parsed(MAGIC.sub(r"\1pass", node.value).splitlines(keepends=True))
            if found.tree.body:
                yield found
                yield from _inside(found)


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _codes(inner)


def _is_same(one: CodeType, other: CodeType) -> bool:
    def of(code: CodeType) -> tuple[object, ...]:
        plain = [repr(each) for each in code.co_consts if not isinstance(each, CodeType)]
        return code.co_firstlineno, code.co_qualname, code.co_code, code.co_names, code.co_varnames, plain

    inner = ([each for each in code.co_consts if isinstance(each, CodeType)] for code in (one, other))
    return of(one) == of(other) and all(map(_is_same, *inner))
