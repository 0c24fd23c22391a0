"""The source of a live class, function or lambda, as one statement at the left margin.

Every text that Python still has is searched by its syntax tree: notebook cells (IPython leaves each execution in
`linecache`), scripts and local modules. `inspect.getsource` is not enough: in a kernel it cannot find a class of
``__main__``, and elsewhere it may return the newest text of a name instead of that of the live object.
"""

from __future__ import annotations

import ast
import enum
import inspect
import linecache
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, TypeAlias

from colab_save.custom_code.origins import Import, plain_function
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

    _trees: dict[str, ast.Module] = field(default_factory=dict)
    _imports: dict[str, list[Import]] = field(default_factory=dict)

    def tree(self, file: str) -> ast.Module:
        """Return the syntax tree of a file or cell; an empty one if it has no text or is not Python."""
        if file not in self._trees:
            try:
                self._trees[file] = ast.parse("".join(linecache.getlines(file)))
            except (SyntaxError, ValueError):
                self._trees[file] = ast.Module([], [])
        return self._trees[file]

    def _imports_of(self, file: str) -> list[Import]:
        if file not in self._imports:
            nodes = ast.walk(self.tree(file))
            self._imports[file] = [node for node in nodes if isinstance(node, (ast.Import, ast.ImportFrom))]
        return self._imports[file]

    def cells(self) -> list[str]:
        """Return the names of the cells, newest first: entries of `linecache` without a file on disk."""
        entries = reversed(list(linecache.cache.items()))
        return [name for name, entry in entries if len(entry) > 1 and not Path(name).exists()]

    def imports_around(self, value: object) -> list[Import]:
        """Return the imports that an object may see: those of its own file, or in a notebook those of all cells."""
        function = next(functions_of(value), None)
        files = [] if function is None else [function.__code__.co_filename]
        module = sys.modules.get(str(getattr(value, "__module__", None)))
        file = getattr(module, "__file__", None)
        names = dict.fromkeys([*files, *([file] if file else self.cells())])
        return [node for name in names for node in self._imports_of(name)]

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
        for node in ast.walk(self.tree(code.co_filename)):
            if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or node.name != code.co_name:
                continue
            if first_line_number(node) == code.co_firstlineno:
                return self._source(node, code.co_filename)
        return None

    def _find_lambda(self, code: CodeType) -> Source | None:
        """Find the smallest lambda whose body contains every position of the code."""
        places = [place for place in code.co_positions() if None not in place and place[2:] not in ((0, 0), (0, 1))]
        fitting = [
            node
            for node in ast.walk(self.tree(code.co_filename))
            if isinstance(node, ast.Lambda) and node.lineno == code.co_firstlineno
            if all(_holds(node.body, place) for place in places)
        ]
        fitting.sort(key=lambda node: len(ast.unparse(node)))
        return self._source(fitting[0], code.co_filename) if fitting else None

    def _find_class(self, cls: type) -> Source | None:
        name = cls.__qualname__.rpartition(".")[2]
        for function in functions_of(cls):
            file, line = function.__code__.co_filename, function.__code__.co_firstlineno
            named = _classes(self.tree(file), name)
            holding = [node for node in named if node.lineno <= line <= (node.end_lineno or 0)]
            if holding:
                return self._source(max(holding, key=lambda node: node.lineno), file)
        module_file = getattr(sys.modules.get(cls.__module__), "__file__", None)
        for file in [module_file] if module_file else self.cells():
            for node in reversed(list(_classes(self.tree(file), name))):
                if _fits(cls, node):
                    return self._source(node, file)
        return None

    def _source(self, node: Definition | ast.Lambda, file: str) -> Source:
        lines = linecache.getlines(file)
        if isinstance(node, ast.Lambda):
            return Source(ast.get_source_segment("".join(lines), node) or ast.unparse(node), node, file)
        text = "".join(lines[first_line_number(node) - 1 : node.end_lineno]).rstrip("\n") + "\n"
        return Source(text if not node.col_offset else _dedent(text, node), node, file)


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
