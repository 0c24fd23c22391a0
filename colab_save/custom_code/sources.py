"""The source of a live class, function or lambda, as one statement at the left margin.

Every text that Python still has (`texts`) is searched by its syntax tree: notebook cells, scripts and local modules.
`inspect.getsource` is not enough: in a kernel it cannot find a class of ``__main__``, and elsewhere it may return the
newest text of a name instead of that of the live object.
"""

from __future__ import annotations

import ast
import enum
import inspect
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import CodeType, FunctionType
from typing import Any, TypeAlias

from colab_save.custom_code.origins import Import, plain_function
from colab_save.custom_code.texts import Text, Texts
from colab_save.errors import CustomCodeError

Definition: TypeAlias = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
"""A statement that defines a class or function."""


@dataclass(frozen=True, slots=True)
class Source:
    """The source of a live object.

    Attributes:
        text: The statement, or the lambda expression, without its indentation.
        node: Its syntax tree, with the line numbers of the file.
        file: The file or cell, as code objects name it.
    """

    text: str
    node: Definition | ast.Lambda
    file: str

    @property
    def name(self) -> str | None:
        """Return the name that it defines; a lambda has none."""
        return None if isinstance(self.node, ast.Lambda) else self.node.name


@dataclass(frozen=True)
class Library:
    """The files and cells whose text Python has, each parsed once."""

    _texts: Texts = field(default_factory=Texts)

    def imports_around(self, value: object) -> list[Import]:
        """Return the imports that an object may see: those of its own file, or in a notebook those of all cells."""
        function = next(functions_of(value), None)
        own = [] if function is None else [self._texts.of(function.__code__.co_filename)]
        module = sys.modules.get(str(getattr(value, "__module__", None)))
        file = getattr(module, "__file__", None)
        others = [self._texts.of(file)] if file else self._texts.in_cells()
        found = {id(text): text for text in (*own, *others)}
        return [node for text in found.values() for node in text.imports]

    def find(self, value: object) -> Source:
        """Find the source of a live class or function.

        Raises:
            CustomCodeError: Python has no text with its definition.
        """
        function = plain_function(value)
        if isinstance(value, type):
            found = self._find_class(value)
        elif function is None:
            found = None
        elif function.__code__.co_name == "<lambda>":
            found = self._find_lambda(function.__code__)
        else:
            found = self._find_function(function.__code__)
        if found is None:
            raise CustomCodeError(
                "has no source that Python can still find (it was made by exec, in a plain prompt, or in C).",
                "Define it in a notebook cell or in a .py file.",
            )
        return found

    def _find_function(self, code: CodeType) -> Source | None:
        for text in self._texts.of_codes([code]):
            for node in ast.walk(text.tree):
                if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or node.name != code.co_name:
                    continue
                if first_line_number(node) == code.co_firstlineno:
                    return _source(node, text, code.co_filename)
        return None

    def _find_lambda(self, code: CodeType) -> Source | None:
        """Find the smallest lambda whose body contains every position of the code."""
        places = [place for place in code.co_positions() if None not in place and place[2:] not in ((0, 0), (0, 1))]
        for text in self._texts.of_codes([code]):
            fitting = [
                node
                for node in ast.walk(text.tree)
                if isinstance(node, ast.Lambda) and node.lineno == code.co_firstlineno
                if all(_holds(node.body, place) for place in places)
            ]
            if fitting:
                return _source(min(fitting, key=lambda node: len(ast.unparse(node))), text, code.co_filename)
        return None

    def _find_class(self, cls: type) -> Source | None:
        name = cls.__qualname__.rpartition(".")[2]
        codes = [function.__code__ for function in functions_of(cls)]
        for code in codes:
            for text in self._texts.of_codes([each for each in codes if each.co_filename == code.co_filename]):
                holding = [
                    node
                    for node in _classes(text.tree, name)
                    if node.lineno <= code.co_firstlineno <= (node.end_lineno or 0)
                ]
                if holding:
                    return _source(max(holding, key=lambda node: node.lineno), text, code.co_filename)
        file = getattr(sys.modules.get(cls.__module__), "__file__", None)
        for text in [self._texts.of(file)] if file else self._texts.in_cells():
            for node in reversed(list(_classes(text.tree, name))):
                if _fits(cls, node):
                    return _source(node, text, file or "")
        return None


def _source(node: Definition | ast.Lambda, text: Text, file: str) -> Source:
    if isinstance(node, ast.Lambda):
        return Source(ast.get_source_segment("".join(text.lines), node) or ast.unparse(node), node, file)
    statement = "".join(text.lines[first_line_number(node) - 1 : node.end_lineno]).rstrip("\n") + "\n"
    return Source(statement if not node.col_offset else _dedent(statement, node), node, file)


def first_line_number(node: Definition) -> int:
    """Return the first line of a definition, decorators included, as code objects count it."""
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])


def normal(node: ast.AST) -> str:
    """Return a text that is equal for definitions that differ only in layout, comments or docstring indentation."""
    tree = _copied(node)
    for item in ast.walk(tree):
        if isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant) and isinstance(item.value.value, str):
            item.value.value = inspect.cleandoc(item.value.value)
    return ast.dump(tree)


def _copied(value: Any) -> Any:
    """Copy a tree by its fields alone: tools that show tracebacks attach whole files to nodes that all trees share."""
    if isinstance(value, ast.AST):
        return type(value)(**{name: _copied(part) for name, part in ast.iter_fields(value)})
    return [_copied(part) for part in value] if isinstance(value, list) else value


def _dedent(text: str, node: Definition) -> str:
    """Move a nested definition to the left margin; where that would change a string, write it anew from its tree."""
    dedented = textwrap.dedent(text)
    try:
        (moved,) = ast.parse(dedented).body
    except (SyntaxError, ValueError):
        return ast.unparse(node) + "\n"
    return dedented if normal(moved) == normal(node) else ast.unparse(node) + "\n"


def functions_of(value: object) -> Iterator[FunctionType]:
    """Yield the functions that a value's own source defines."""
    if not isinstance(value, type):
        function = plain_function(value)
        yield from [] if function is None else [function]
        return
    for item in vars(value).values():
        method = plain_function(item)
        if method is not None and method.__qualname__ == f"{value.__qualname__}.{method.__name__}":
            yield method


def _classes(tree: ast.Module, name: str) -> Iterator[ast.ClassDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == name)


def _holds(body: ast.expr, place: tuple[int | None, ...]) -> bool:
    """Return whether an expression spans a position (line, end line, column, end column) of code."""
    line, end_line, column, end_column = (number or 0 for number in place)
    starts = (body.lineno, body.col_offset) <= (line, column)
    return starts and (end_line, end_column) <= (body.end_lineno or 0, body.end_col_offset or 0)


def _fits(cls: type, node: ast.ClassDef) -> bool:
    """Return whether a definition without functions may be a live class's: same line, bases and plain attributes."""
    if getattr(cls, "__firstlineno__", first_line_number(node)) != first_line_number(node):
        return False
    bases = [ast.unparse(base).rpartition(".")[2] for base in node.bases if not isinstance(base, ast.Starred)]
    if bases and bases != [base.__name__ for base in cls.__bases__] and len(bases) == len(cls.__bases__):
        return any(isinstance(base, (ast.Subscript, ast.Call)) for base in node.bases)
    return all(_agrees(cls, statement) for statement in node.body)


def _agrees(cls: type, statement: ast.stmt) -> bool:
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    for target in (item for item in targets if isinstance(item, ast.Name)):
        if target.id not in vars(cls):
            return False
        live = vars(cls)[target.id] if not isinstance(cls, enum.EnumMeta) else cls[target.id].value
        try:
            written = ast.literal_eval(statement.value)  # type: ignore[attr-defined]
        except ValueError:
            continue
        if repr(written) != repr(live):
            return False
    return True
