"""Look up names: the value of a name that a source uses, and the name of a live object.

`gathering` calls it, and whatever writes configs. A lookup finds what the live object itself would find now.
"""

from __future__ import annotations

import builtins
import re
import sys
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import SimpleNamespace

from colab_save.custom_code.origins import plain_function
from colab_save.custom_code.sources import functions_of

Namespace = Mapping[str, object]


@contextmanager
def as_when_defined(objects: Iterable[object]) -> Iterator[None]:
    """Have the names of classes mean these classes in their own methods, where a cell has defined them again since.

    ``super(Gate, self)`` in a method of an object of the earlier class raises otherwise.

    Args:
        objects: The classes and functions of a model; of two classes of one name the last counts.
    """
    before: dict[tuple[int, str], tuple[dict[str, object], object, object]] = {}
    try:
        for cls in objects:
            if not isinstance(cls, type):
                continue
            name = cls.__name__
            for space in (function.__globals__ for function in functions_of(cls)):
                if name in space and space[name] is not cls and cls.__qualname__ == name:
                    before.setdefault((id(space), name), (space, space[name], cls))
                    space[name] = cls
        yield
    finally:
        for (_, name), (space, value, cls) in before.items():
            if space.get(name) is cls:
                space[name] = value


def look(name: str, value: object, namespace: Namespace) -> object:
    """Return the value of a global name in an object's module, or else in the notebook.

    Raises:
        KeyError: Neither has the name.
    """
    function = next(functions_of(value), None)
    home = vars(sys.modules.get(str(getattr(value, "__module__", None)), SimpleNamespace()))
    for place in (function.__globals__ if function else home, namespace):
        if name in place:
            return place[name]
    raise KeyError(name)


def is_given(name: str, value: object, namespace: Namespace) -> bool:
    """Return whether a name needs no statement, because it is one of Python's builtins or a special name.

    IPython puts an ``open`` of its own around Python's into the namespace (``core/interactiveshell.py``, 8 and later).
    """
    if re.fullmatch(r"__\w+__", name):
        return True
    try:
        found = look(name, value, namespace)
    except KeyError:
        return hasattr(builtins, name)
    wrapped, where = getattr(found, "__wrapped__", None), getattr(found, "__globals__", {}).get("__name__", "")
    return wrapped is not None and wrapped is vars(builtins).get(name) and str(where).startswith("IPython.")


def own_name(value: object, namespace: Namespace, taken: Container[str]) -> str:
    """Return the name in a value's definition; for a lambda that of a variable that holds it, or a numbered one."""
    function = plain_function(value)
    if function is None or isinstance(value, type):
        return str(getattr(value, "__name__", type(value).__name__))
    if function.__code__.co_name != "<lambda>":
        return function.__code__.co_name
    if function.__name__ != "<lambda>":
        return function.__name__
    for place in (function.__globals__, namespace):
        if names := [name for name, item in place.items() if item is value and re.match(r"[A-Za-z]", name)]:
            return names[0]
    number = 1
    while f"lambda_{number}" in taken:
        number += 1
    return f"lambda_{number}"


def names_from(names: Mapping[int, str]) -> Callable[[object], str]:
    """Return what names a class or function in the custom code.

    Args:
        names: Their names there, by their identity; any other has its own.
    """

    def name_of(value: object) -> str:
        return names.get(id(value), str(getattr(value, "__name__", "")))

    return name_of
