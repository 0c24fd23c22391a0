"""Read the cells of a notebook, and evaluate expressions in them without effects.

`calls` asks for what a model was called with, `constructions` for what it was made with. Names, attributes, subscripts,
literals and displays of them are evaluated; `constructions` allows some calls of classes, too.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, TypeAlias

MOST_CELLS = 500
"""The most cells that are read, the newest ones."""

OPERATIONS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.FloorDiv: operator.floordiv,
    ast.Mult: operator.mul,
    ast.Sub: operator.sub,
    ast.Div: operator.truediv,
}
"""The operations on plain numbers that are evaluated; a power may take all memory."""

_COMMAND = re.compile(r"^\s*[%!?].*$", re.MULTILINE)
"""A line for IPython in the body of a cell magic, which IPython has not translated yet."""


def statements_in(source: str) -> Iterator[ast.stmt]:
    """Yield the statements of a cell in their order; those below a magic stand in its place."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return
    for statement in tree.body:
        yield statement
        for call in ast.walk(statement):
            for text in _below_a_magic(call) if isinstance(call, ast.Call) else ():
                yield from statements_in(text)


def calls_in(source: str) -> Iterator[ast.Call]:
    """Yield the calls in a cell in the order of the text, also those below a magic and behind one."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    for call in sorted(found, key=lambda call: (call.lineno, call.col_offset)):
        yield call
        for text in _below_a_magic(call):
            yield from calls_in(text)


def _below_a_magic(call: ast.Call) -> Iterator[str]:
    """Yield the Python that a magic is called with."""
    if isinstance(call.func, ast.Attribute) and call.func.attr in {"run_cell_magic", "run_line_magic"}:
        for argument in call.args[1:]:
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                yield _COMMAND.sub("", argument.value)


MayCall: TypeAlias = Callable[[Any, list[Any]], bool]
"""Returns whether a function may be called with these arguments."""


def _calls_nothing(function: Any, given: list[Any]) -> bool:  # noqa: ARG001 - see `MayCall`
    return False


def value_of(node: ast.expr | None, variables: Mapping[str, Any], may_call: MayCall = _calls_nothing) -> Any:
    """Evaluate an expression.

    Args:
        node: The expression.
        variables: The variables of the notebook.
        may_call: See `MayCall`; none may be called otherwise.

    Raises:
        LookupError: It is of another kind, or calls something else.
    """
    inner = partial(value_of, variables=variables, may_call=may_call)
    match node:
        case ast.Constant(value):
            return value
        case ast.Name(name):
            return variables[name]
        case ast.Attribute(value, name):
            return getattr(inner(value), name)
        case ast.Subscript(value, index):
            return _item(inner(value), _index(index, variables))
        case ast.Call(function, arguments, keywords):
            return _called(inner(function), arguments, keywords, inner, may_call)
    return _displayed(node, inner)


def _displayed(node: ast.expr | None, inner: Callable[[ast.expr | None], Any]) -> Any:
    """Evaluate a display of a tuple, a list or a dict, or an operation on plain numbers.

    Raises:
        LookupError: It is of another kind.
    """
    match node:
        case ast.Tuple(items):
            return tuple(map(inner, items))
        case ast.List(items):
            return list(map(inner, items))
        case ast.Dict(keys, items):
            return {inner(key): inner(item) for key, item in zip(keys, items, strict=True)}
        case ast.UnaryOp(ast.USub(), ast.Constant(int() | float() as number)):
            return -number
        case ast.BinOp(left, operation, right) if type(operation) in OPERATIONS:
            return OPERATIONS[type(operation)](_number(inner(left)), _number(inner(right)))
    raise LookupError(type(node).__name__)


def arguments_of(
    arguments: list[ast.expr], keywords: list[ast.keyword], inner: Callable[[ast.expr], Any]
) -> tuple[list[Any], dict[str, Any]]:
    """Return the arguments of a call by position and by name; a starred one is of another kind.

    Raises:
        LookupError: One is of another kind.
    """
    named: dict[str, Any] = {}
    for word in keywords:
        value = inner(word.value)
        if word.arg is None and type(value) is not dict:
            raise LookupError("**")
        named |= value if word.arg is None else {word.arg: value}
    return [inner(each) for each in arguments], named


def _called(
    function: Any,
    arguments: list[ast.expr],
    keywords: list[ast.keyword],
    inner: Callable[[ast.expr], Any],
    may_call: MayCall,
) -> Any:
    given, named = arguments_of(arguments, keywords, inner)
    if not may_call(function, [*given, *named.values()]):
        raise LookupError("a call")
    return function(*given, **named)


def _number(value: Any) -> Any:
    if type(value) not in (bool, int, float):
        raise LookupError(type(value).__name__)
    return value


def _index(node: ast.expr | None, variables: Mapping[str, Any]) -> Any:
    match node:
        case None:
            return None
        case ast.Slice(lower, upper, step):
            return slice(*(_index(part, variables) for part in (lower, upper, step)))
        case ast.UnaryOp(ast.USub(), ast.Constant(value)):
            return -value  # type: ignore[operator]  # another constant raises
        case ast.Tuple(items):
            return tuple(_index(item, variables) for item in items)
    return value_of(node, variables)


def _item(value: Any, index: Any) -> Any:
    """Return an item of a list, a dict, an array, a tensor or a table; what else has items may do more.

    Raises:
        LookupError: It is something else.
    """
    if not isinstance(value, (list, tuple, dict)) and not hasattr(value, "dtype") and not hasattr(value, "iloc"):
        raise LookupError(type(value).__name__)
    if isinstance(value, dict) and index not in value:  # a defaultdict would make it
        raise LookupError(index)
    return value[index]
