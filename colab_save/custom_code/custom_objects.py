"""Find the classes and functions that a live Keras model needs and that Keras itself does not have.

``saving/examining.py`` passes them to `growing`, which captures them. The walk follows attributes, lists and dicts, so
that it meets layers, losses, metrics, schedules and functions wherever the model holds them, in Keras 3 and tf_keras.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Iterable, Iterator, Mapping
from types import FunctionType, MethodType
from typing import Any

from colab_save.custom_code.origins import STANDARD, is_users_module, is_users_own
from colab_save.dialect import DIALECTS, dialect_of
from colab_save.taking import Taking

_GIVEN = STANDARD | {*DIALECTS, "tensorflow", "numpy", "colab_save"}
"""The packages whose objects every reload has."""

_GRAPH = frozenset(f"_{way}_nodes{of}" for way in ("inbound", "outbound") for of in ("", "_value"))
"""The attributes of a layer that hold all of its calls: they lead out of a model that is cut out of another.

Their names are private to Keras (3.13.2 and 3.15.1) and tf_keras (2.20 and 2.21, with ``_value``).
"""

_ENDS = (str, bytes, int, float, complex, type(None), type(...))


def find_custom_objects(model: Any) -> list[object]:
    """Find the classes and functions, of the user and of installed packages, that a reload of a model needs.

    Args:
        model: A live model, or a list of models and other objects of Keras.
    """
    found: dict[int, object] = {}
    for item in held_by(model):
        found |= Taking().fact("a custom object", functools.partial(_needed_by, item), {})
    return list(found.values())


def find_function(model: Any, name: str) -> object | None:
    """Return the function of a name that a model holds, such as ``tf.sin`` as an activation; ``None`` without one.

    Args:
        model: A live model, or a list of models and other objects of Keras.
        name: The name under which Keras looks it up.
    """
    functions = (item for item in held_by(model) if isinstance(item, FunctionType))
    return next((item for item in functions if item.__name__ == name), None)


def _needed_by(item: object) -> dict[int, object]:
    """Return the class or function that an object needs, by its identity, if a reload does not have it."""
    needed = item if isinstance(item, (type, FunctionType)) or _is_wrapped(item) else type(item)
    return {id(needed): needed} if _is_needed(needed, item) else {}


def held_by(model: Any) -> Iterator[object]:
    """Yield once each object in a model that may be custom or may hold custom objects.

    One that raises something when it is looked into holds none that could be found.
    """
    seen: dict[int, object] = {}
    open_items: list[object] = [model]
    while open_items:
        item = open_items.pop()
        if issubclass(type(item), _ENDS) or id(item) in seen:
            continue
        seen[id(item)] = item
        yield item
        open_items.extend(Taking().fact("the objects in it", lambda: [*_inside(item)][::-1], []))  # noqa: B023 - called at once


def _root(cls: type) -> str:
    return cls.__module__.partition(".")[0]


def _is_wrapped(item: object) -> bool:
    """Return whether an object is a decorated function, such as one of `tf.function`."""
    return hasattr(item, "__wrapped__") and callable(item) and isinstance(inspect.unwrap(item), FunctionType)


def _is_needed(needed: Any, item: object) -> bool:
    if isinstance(needed, type):
        if is_users_module(needed.__module__):
            return bool(dialect_of(needed)) or hasattr(needed, "get_config")
        return needed is not item and _root(needed) not in _GIVEN and bool(dialect_of(needed))
    function = inspect.unwrap(needed)
    return is_users_own(needed) and isinstance(function, FunctionType) and not isinstance(function, MethodType)


def _inside(item: Any) -> Iterator[object]:
    """Yield the objects inside an object where custom ones may be: never tensors, variables or graphs."""
    if isinstance(item, Mapping):
        yield from item.values()
    elif isinstance(item, (list, tuple, set, frozenset)):
        yield from item
    elif isinstance(item, functools.partial):
        yield from (item.func, *item.args, *item.keywords.values())
    elif isinstance(item, MethodType):
        yield item.__self__
    elif _holds_objects(item):
        yield from (value for key, value in getattr(item, "__dict__", {}).items() if key not in _GRAPH)
        yield from _registered(item)


def _holds_objects(item: object) -> bool:
    has_values = hasattr(type(item), "numpy")
    if isinstance(item, type) or has_values:
        return False
    return bool(dialect_of(item)) or is_users_module(type(item).__module__)


def _registered(item: Any) -> Iterable[object]:
    """Return the registered objects that the config of an object of the user names."""
    if not is_users_module(type(item).__module__) or not hasattr(item, "get_config"):
        return []
    try:
        config = item.get_config()
    except Exception:  # noqa: BLE001 - the user's own method may raise anything; examining reports it
        return []
    known = [sys.modules[name].saving.get_custom_objects() for name in DIALECTS if name in sys.modules]
    return [registry[name] for name in _strings(config) for registry in known if name in registry]


def _strings(config: object) -> Iterator[str]:
    """Yield every string in nested dicts and lists."""
    if isinstance(config, str):
        yield config
    elif isinstance(config, Mapping):
        for item in config.values():
            yield from _strings(item)
    elif isinstance(config, (list, tuple)):
        for item in config:
            yield from _strings(item)
