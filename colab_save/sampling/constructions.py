"""Find in a notebook's cells the call that made an object: ``model = Translator(64, heads=4)``.

`saving.examining` asks for objects that neither their config nor their attributes make again. The call is taken only
where nothing that it names has been bound or changed since, and its arguments are evaluated without effects.
"""

from __future__ import annotations

import ast
import dataclasses
import enum
import inspect
from collections.abc import Iterator
from functools import partial
from typing import Any

from colab_save.dialect import classes, is_of_keras
from colab_save.model.constructor_calls import ConstructorCall
from colab_save.nested import leaves
from colab_save.sampling.expressions import MOST_CELLS, arguments_of, statements_in, value_of
from colab_save.sampling.notebook import Notebook
from colab_save.sampling.seeding import seeds_restored
from colab_save.taking import Taking

ARRAYS = frozenset({"arange", "array", "asarray", "eye", "full", "geomspace", "linspace", "logspace", "ones", "zeros"})
"""The functions of NumPy that make an array of what they are given."""

CHANGING = frozenset(
    {
        *("add", "append", "clear", "discard", "extend", "insert", "pop", "popitem", "remove", "reverse"),
        *("setdefault", "sort", "update"),
    }
)
"""The methods that change a list, a dict or a set."""

GENERATED = "<string>"
"""The file of the code that `dataclasses` writes (``_create_fn`` in Python 3.11 to 3.13)."""

SCOPES = (ast.AsyncFunctionDef, ast.ClassDef, ast.FunctionDef, ast.Lambda)
"""What has names of its own, and runs at another time."""


def construction_of(item: Any, notebook: Notebook) -> ConstructorCall | None:
    """Return the call that made an object; ``None`` if there is none in the cells, or if it cannot be made again.

    Args:
        item: The live object, which a variable of the notebook leads to.
        notebook: The cells that ran, and the variables as they are now.
    """
    later: set[str] = set()
    for cell in reversed(notebook.cells[-MOST_CELLS:]):
        for statement in reversed(list(statements_in(cell))):
            call = _making(statement, item, notebook)
            later |= set(_changed_by(statement))
            if call is None:
                continue
            named = {node.id for node in ast.walk(call) if isinstance(node, ast.Name)}
            return None if named & later else _evaluated(call, item, notebook)
    return None


def _making(statement: ast.stmt, item: Any, notebook: Notebook) -> ast.Call | None:
    """Return the call in a statement that made an object, by the variable that it was assigned to."""
    for target, value in () if isinstance(statement, SCOPES) else _assignments(statement):
        if isinstance(value, ast.Call):
            found, function = (
                Taking().fact("", partial(value_of, node, notebook.variables), None) for node in (target, value.func)
            )
            if found is item and _is_class_of(function, item):
                return value
    return None


def _is_class_of(function: Any, item: Any) -> bool:
    """Return whether something is the class of an object, or what its name means since its cell ran again."""
    kind = type(item)
    if not isinstance(function, type):
        return False
    return function is kind or (function.__module__, function.__qualname__) == (kind.__module__, kind.__qualname__)


def _assignments(statement: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Yield the targets in a statement with what they are assigned, without those of functions in it."""
    match statement:
        case ast.Assign(targets, value):
            for target in targets:
                pairs = [(target, value)]
                if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                    pairs = list(zip(target.elts, value.elts, strict=False))
                yield from pairs
        case ast.AnnAssign(target, _, value) | ast.NamedExpr(target, value) if value is not None:
            yield target, value
    for part in ast.iter_child_nodes(statement):
        if not isinstance(part, SCOPES):
            yield from _assignments(part)


def _changed_by(statement: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement binds or removes, and those of values that it changes."""
    for node in ast.walk(statement):
        match node:
            case ast.Name(name, ast.Store() | ast.Del()):
                yield name
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name
            case ast.alias(name, other):
                yield (other or name).partition(".")[0]
            case ast.Attribute(_, _, ast.Store() | ast.Del()) | ast.Subscript(_, _, ast.Store() | ast.Del()):
                yield from _root(node)
            case ast.Call(ast.Attribute(value, method)) if method in CHANGING:
                yield from _root(value)


def _root(node: ast.AST) -> Iterator[str]:
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    if isinstance(node, ast.Name):
        yield node.id


def _evaluated(call: ast.Call, item: Any, notebook: Notebook) -> ConstructorCall | None:
    """Return a call with its arguments, where all can be evaluated and the constructor takes them."""

    def made() -> ConstructorCall:
        inner = partial(value_of, variables=notebook.variables, may_call=_is_without_effects)
        with seeds_restored():
            arguments, keywords = arguments_of(call.args, call.keywords, inner)
        inspect.signature(type(item)).bind(*arguments, **keywords)
        return ConstructorCall(tuple(arguments), keywords)

    return Taking().fact("the call that made it", made, None)


def _is_without_effects(function: Any, given: list[Any]) -> bool:
    """Return whether a call makes a value of its arguments, and does nothing else.

    An object of Keras around a live layer changes that: a `Sequential` calls it once more.
    """
    module, name = getattr(function, "__module__", ""), getattr(function, "__name__", "")
    if not isinstance(function, type):
        return str(module).partition(".")[0] == "numpy" and name in ARRAYS
    if dataclasses.is_dataclass(function):
        return _only_holds(function)
    if issubclass(function, enum.Enum):
        return True
    is_around = any(isinstance(leaf, classes("layers.Layer")) for _, leaf in leaves(given))
    return is_of_keras(module) and hasattr(function, "get_config") and not is_around


def _only_holds(kind: Any) -> bool:
    """Return whether a dataclass only assigns its fields: no code of the user's runs when one is made."""
    plain = (dataclasses.MISSING, dict, list, set, tuple)
    is_frozen = kind.__dataclass_params__.frozen
    return (
        kind.__init__.__code__.co_filename == GENERATED
        and kind.__new__ is object.__new__
        and (is_frozen or kind.__setattr__ is object.__setattr__)
        and not hasattr(kind, "__post_init__")
        and all(each.default_factory in plain for each in dataclasses.fields(kind))
    )
