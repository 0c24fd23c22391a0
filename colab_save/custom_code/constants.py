"""Write a live value as a Python expression that evaluates to an equal one, or raise the reason why none can.

`gathering` uses it for the globals and closures of custom code. The rule: evaluating the expression yields a value of
the same type with the same content. A value for which that is not certain is refused.
"""

from __future__ import annotations

import argparse
import collections
import copyreg
import dataclasses
import enum
import functools
import math
import sys
import types
import typing
from collections.abc import Callable
from typing import Any

from colab_save.custom_code.origins import STANDARD, is_builtin
from colab_save.custom_code.weighty import is_weighty
from colab_save.dialect import classes
from colab_save.errors import CustomCodeError
from colab_save.secrecy import is_secret

Refer = Callable[[object], str]
"""Makes a class, function or module reachable in the file, and returns the expression that reaches it."""

MAX_ELEMENTS = 256
"""The largest array, in elements, that counts as a constant; a larger one is data and belongs in the model."""

MAX_LENGTH = 200_000
"""The longest expression, in characters: a vocabulary fits, a data set does not."""

NOT_HERE = "Read it where it is used, such as from the environment or from a file."
"""What to do about a secret."""

_IMPOSSIBLE = ", which source code cannot rebuild"

_PLAIN = (type(None), type(...), bool, int, str, bytes)


def express(value: object, refer: Refer) -> str:
    """Write a value as an expression.

    Args:
        value: Any live value.
        refer: See `Refer`; it raises CustomCodeError for an object that cannot be reached.

    Raises:
        CustomCodeError: No expression evaluates to the value, as for a lock, an open file or a large array.
    """
    text = _express(value, refer, ())
    if len(text) > MAX_LENGTH:
        length = f"{len(text)} characters as source code, more than {MAX_LENGTH}"
        raise _refusal(f"holds a {type(value).__name__} that takes {length}")
    return text


def _express(value: Any, refer: Refer, around: tuple[int, ...]) -> str:
    if id(value) in around:
        raise _refusal(f"holds a {type(value).__name__} that contains itself{_IMPOSSIBLE}")
    inner = (*around, id(value))

    def write(item: object) -> str:
        return _express(item, refer, inner)

    kind = type(value)
    check_secret("", value)
    if kind in _PLAIN or kind is float:
        return f"float({str(value)!r})" if kind is float and not math.isfinite(value) else repr(value)
    if kind in (list, tuple, set, frozenset, dict):
        return _container(value, write)
    if isinstance(value, (type, types.ModuleType, functools.partial)) or _is_function(value):
        return _reachable(value, refer, write)
    for text in (rule(value, refer, write) for rule in (_weighty, _record, _array, _config, _reduced)):
        if text is not None:
            return text
    raise _refusal(f"holds a live {kind.__module__}.{kind.__qualname__}{_IMPOSSIBLE}")


def check_secret(name: str, value: object) -> None:
    """Raise if a value looks like a secret.

    Args:
        name: The name of the value in what holds it; empty where it has none.
        value: Any live value.

    Raises:
        CustomCodeError: It does.
    """
    if is_secret(name, value):
        where = f"holds {name}, which" if name.isidentifier() else "holds what"
        raise CustomCodeError(f"{where} looks like a secret, and is not written.", NOT_HERE)


def _is_function(value: object) -> bool:
    is_named = isinstance(getattr(value, "__name__", None), str) and callable(value)
    return is_named and not isinstance(value, types.GenericAlias) and not hasattr(value, "get_config")


def _refusal(reason: str) -> CustomCodeError:
    return CustomCodeError(f"{reason}.", "Make it an argument of the class, or a weight.")


def _container(value: Any, write: Callable[[object], str]) -> str:
    if type(value) is dict:
        for key, item in value.items():
            check_secret(str(key), item)
        return "{" + ", ".join(f"{write(key)}: {write(item)}" for key, item in value.items()) + "}"
    items = [write(item) for item in value]
    if type(value) in (set, frozenset):
        items.sort()
        text = "{" + ", ".join(items) + "}" if items else "set()"
        return text if type(value) is set else f"frozenset({text if items else ''})"
    inside = ", ".join(items)
    return f"[{inside}]" if type(value) is list else f"({inside},)" if len(items) == 1 else f"({inside})"


def _reachable(value: Any, refer: Refer, write: Callable[[object], str]) -> str:
    if isinstance(value, functools.partial):
        given = [refer(value.func), *map(write, value.args), *(f"**{write(value.keywords)}" if value.keywords else "",)]
        return f"{refer(functools.partial)}({', '.join(item for item in given if item)})"
    return value.__name__ if is_builtin(value) else refer(value)


def _weighty(value: Any, refer: Refer, _: Callable[[object], str]) -> str | None:
    """Write a live model or variable as the name of the statement that rebuilds it."""
    return refer(value) if is_weighty(value) else None


def _record(value: Any, refer: Refer, write: Callable[[object], str]) -> str | None:
    """Write enums, named tuples, dataclass instances and namespaces as the call that makes them."""
    kind = type(value)
    if isinstance(value, enum.Enum):
        return f"{refer(kind)}({write(value.value)})"
    if isinstance(value, tuple) and hasattr(kind, "_fields"):
        for name, item in zip(kind._fields, value, strict=True):
            check_secret(name, item)
        return f"{refer(kind)}({', '.join(map(write, value))})"
    if kind in (types.SimpleNamespace, argparse.Namespace):
        return f"{refer(kind)}(**{write(vars(value))})"
    if dataclasses.is_dataclass(value) and all(field.init for field in dataclasses.fields(value)):
        for field in dataclasses.fields(value):
            check_secret(field.name, getattr(value, field.name))
        given = ", ".join(f"{field.name}={write(getattr(value, field.name))}" for field in dataclasses.fields(value))
        return f"{refer(kind)}({given})"
    if isinstance(value, typing.TypeVar):
        return f"{refer(typing.TypeVar)}({value.__name__!r})"
    return None


def express_fields(named_tuple: Any, refer: Refer) -> str:
    """Write a class made by `collections.namedtuple`, which has no source, as that call.

    Raises:
        CustomCodeError: A default cannot be written down.
    """
    defaults = _container(tuple(named_tuple._field_defaults.values()), lambda item: express(item, refer))
    maker = refer(collections.namedtuple)  # noqa: PYI024 - this repeats the user's call
    return f"{maker}({named_tuple.__name__!r}, {named_tuple._fields!r}, defaults={defaults})"


GIVEN = {"__module__", "__doc__", "__dict__", "__weakref__", "__firstlineno__", "__static_attributes__"}
"""What Python itself sets in every class."""


def express_class(kind: type, refer: Refer) -> str:
    """Write a class made by a call of `type` as that call.

    Raises:
        CustomCodeError: One of its members cannot be written down.
    """
    bases = _container(kind.__bases__, lambda base: express(base, refer))
    members = {name: item for name, item in vars(kind).items() if name not in GIVEN}
    return f"type({kind.__name__!r}, {bases}, {express(members, refer)})"


def _array(value: Any, refer: Refer, write: Callable[[object], str]) -> str | None:
    """Write NumPy scalars, dtypes and small arrays, and small eager tensors."""
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return None
    if isinstance(value, numpy.dtype) and value.isbuiltin:
        return f"{refer(numpy.dtype)}({value.name!r})"
    if isinstance(value, numpy.generic) and value.dtype.kind in "biufcSU" and value.dtype.isbuiltin:
        return f"{refer(type(value))}({write(value.item())})" if value.dtype.name != "longdouble" else None
    if type(value).__name__ == "EagerTensor" and type(value).__module__.startswith("tensorflow."):
        tensorflow, held = sys.modules["tensorflow"], numpy.asarray(value)
        inside = _array(held, refer, write)
        return inside and f"{refer(tensorflow)}.constant({inside})"
    if type(value) is not numpy.ndarray or value.dtype.kind not in "biufcSU" or not value.dtype.isnative:
        return None
    if value.size > MAX_ELEMENTS:
        raise _refusal(f"holds an array of {value.size} elements, more than {MAX_ELEMENTS}")
    text = f"{refer(numpy.array)}({write(value.tolist())}, dtype={value.dtype.str[1:]!r})"
    return text if value.size else f"{text}.reshape({value.shape})"


def _config(value: Any, refer: Refer, write: Callable[[object], str]) -> str | None:
    """Write a Keras object without state (initializer, regularizer, loss, schedule) as a call of its from_config.

    A metric is one of them: its state begins anew with each epoch.
    """
    if not hasattr(type(value), "from_config") or not hasattr(value, "get_config"):
        return None
    if (hasattr(value, "variables") or hasattr(value, "state")) and not isinstance(value, classes("metrics.Metric")):
        return None
    return f"{refer(type(value))}.from_config({write(value.get_config())})"


def _reduced(value: Any, _: Refer, write: Callable[[object], str]) -> str | None:
    """Write a value of the standard library, or a TensorFlow dtype, as the call that pickle would make."""
    kind = type(value)
    if kind.__module__.partition(".")[0] not in STANDARD and kind.__name__ not in ("DType", "TensorShape"):
        return None
    try:
        made = value.__reduce_ex__(2)
    except Exception:  # noqa: BLE001 - whatever it raises (ctypes: ValueError), pickle cannot make it again
        return None
    if isinstance(made, str) or any(part is not None for part in made[2:]):
        return None
    function, arguments = made[:2]
    if function is copyreg.__newobj__:  # type: ignore[attr-defined]
        cls, *arguments = arguments
        function = cls
    return f"{write(function)}({', '.join(map(write, arguments))})"
