"""Find the outside names that source code uses, and when: when it is defined, when it is called, or in type hints only.

Text in, names out; `gathering` looks up their values. Python's `symtable` knows the scopes.
"""

from __future__ import annotations

import ast
import symtable
from collections.abc import Iterator
from dataclasses import dataclass

FUTURE = "from __future__ import annotations\n"
"""The first import of captured files: with it a name that is only a type hint cannot be missing at run time."""

_INLINE = {"listcomp", "setcomp", "dictcomp", "genexpr"}


@dataclass(frozen=True, slots=True)
class Uses:
    """The outside names that a source uses.

    Attributes:
        defining: Needed when the definition runs: bases, decorators, defaults, statements of a class body.
        calling: Needed when its functions are called.
        hinting: Named in annotations only.
    """

    defining: frozenset[str]
    calling: frozenset[str]
    hinting: frozenset[str]

    @property
    def all(self) -> frozenset[str]:
        """Return every name."""
        return self.defining | self.calling | self.hinting


def uses(text: str) -> Uses:
    """Find the outside names that statements use."""
    top = symtable.symtable(FUTURE + text, "<captured>", "exec")
    made = {symbol.get_name() for symbol in top.get_symbols() if symbol.is_assigned() or symbol.is_namespace()}
    made |= {symbol.get_name() for symbol in top.get_symbols() if symbol.is_imported()}
    found = list(_globals(top, is_defining=True))
    defining = {name for name, is_defining in found if is_defining} - made
    calling = {name for name, is_defining in found if not is_defining} - made - defining
    hinting = _hints(ast.parse(text)) - made - defining - calling
    return Uses(frozenset(defining), frozenset(calling), frozenset(hinting))


def attributes(text: str, name: str) -> set[str]:
    """Find the attributes of a name that a source uses."""
    return {
        node.attr
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == name
    }


def _globals(table: symtable.SymbolTable, *, is_defining: bool) -> Iterator[tuple[str, bool]]:
    for symbol in table.get_symbols():
        if symbol.is_referenced() and symbol.is_global():
            yield symbol.get_name(), is_defining
    for child in table.get_children():
        runs_now = child.get_type() != "function" or child.get_name() in _INLINE
        yield from _globals(child, is_defining=is_defining and runs_now)


def _hints(tree: ast.Module) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        for hint in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            if isinstance(hint, ast.expr):
                found |= _names(hint)
    return found


def _names(hint: ast.expr) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(hint):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            try:
                found |= _names(ast.parse(node.value.strip(), mode="eval").body)
            except SyntaxError:
                continue
    return found
