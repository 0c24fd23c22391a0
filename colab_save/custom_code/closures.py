"""The values that a live class or function holds and that its source alone does not show.

`gathering` writes these values beside the source: the cells of closures, defaults and bases whose name means another
value by now (``lambda x, i=i`` in a loop), and methods that were attached to a class after its definition.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from types import FunctionType

from colab_save.custom_code.origins import cells, is_users_own, plain_function
from colab_save.custom_code.sources import Library, Source, first_line_number, functions_of

Look = Callable[[str], object]
"""Returns the value of a global name, or raises KeyError."""


def local_values(value: object, source: Source, look: Look) -> dict[str, object]:
    """Return the names in a source that do not mean what the globals say now, with their values."""
    found: dict[str, object] = {}
    for node, function in _functions(value, source):
        found |= {name: item for name, item in cells(function).items() if name != "__class__" and item is not value}
        if node is not None:
            found |= {name: item for name, item in _defaults(node.args, function) if not _means(look, name, item)}
    bases = source.node.bases if isinstance(source.node, ast.ClassDef) else []
    if isinstance(value, type) and len(bases) == len(value.__bases__):
        pairs = zip(bases, value.__bases__, strict=True)
        found |= {
            base.id: live for base, live in pairs if isinstance(base, ast.Name) and not _means(look, base.id, live)
        }
    return found


def is_equal(one: object, other: object, library: Library) -> bool:
    """Return whether two objects of the user have the same source and module, and hold no values beside it."""
    if not all(_is_plain(first, second) for first, second in zip(functions_of(one), functions_of(other), strict=False)):
        return False
    homes = getattr(one, "__module__", None), getattr(other, "__module__", None)
    return homes[0] == homes[1] and library.find(one).text == library.find(other).text


def _is_plain(one: FunctionType, other: FunctionType) -> bool:
    held = cells(one).keys() | cells(other).keys()
    return not held - {"__class__"} and repr(one.__defaults__) == repr(other.__defaults__)


def attached(cls: type, source: Source) -> list[str]:
    """Return the names of the user's functions in a class that its source does not define."""
    written = _methods(source)
    body = source.node.body if isinstance(source.node, ast.ClassDef) else []
    targets = [item for item in body if isinstance(item, (ast.Assign, ast.AnnAssign))]
    assigned = {node.id for item in targets for node in ast.walk(item) if isinstance(node, ast.Name)} - set(written)
    found = []
    for name, item in vars(cls).items():
        function = plain_function(item)
        if function is None or not is_users_own(function) or name in assigned or _is_inside(function, source):
            continue
        full_name = getattr(item, "__qualname__", function.__qualname__)
        is_generated = name not in written and full_name == f"{cls.__qualname__}.{name}"
        is_decorated = name in written and bool(written[name].decorator_list)
        if not is_generated and not is_decorated:
            found.append(name)
    return found


def _methods(source: Source) -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef]:
    body = source.node.body if isinstance(source.node, ast.ClassDef) else []
    return {item.name: item for item in body if isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef))}


def _is_inside(function: FunctionType, source: Source) -> bool:
    line, last = function.__code__.co_firstlineno, source.node.end_lineno or 0
    assert not isinstance(source.node, ast.Lambda)
    return function.__code__.co_filename == source.file and first_line_number(source.node) <= line <= last


def _means(look: Look, name: str, value: object) -> bool:
    try:
        return look(name) is value
    except KeyError:
        return False


def _functions(
    value: object, source: Source
) -> Iterator[tuple[ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | None, FunctionType]]:
    """Yield each function of a value with its syntax tree, or with ``None`` where it has none."""
    if not isinstance(value, type):
        function = plain_function(value)
        if function is not None and not isinstance(source.node, ast.ClassDef):
            yield source.node, function
        return
    written = _methods(source)
    for name, item in vars(value).items():
        function = plain_function(item)
        if function is not None and is_users_own(function) and _is_inside(function, source):
            yield written.get(name), function


def _defaults(arguments: ast.arguments, function: FunctionType) -> Iterator[tuple[str, object]]:
    """Yield the defaults that are written as a bare name, with their live values."""
    live = function.__defaults__ or ()
    if len(live) == len(arguments.defaults):
        for written, value in zip(arguments.defaults, live, strict=True):
            if isinstance(written, ast.Name):
                yield written.id, value
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if isinstance(default, ast.Name) and argument.arg in (function.__kwdefaults__ or {}):
            yield default.id, (function.__kwdefaults__ or {})[argument.arg]
