"""Values of a config as Keras writes them: whether it can write one, whether two are equal, how a message shows one.

`constructor_arguments` and `configs` call it for the arguments of constructors.
"""

from __future__ import annotations

import json
import random
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FunctionType
from typing import Any

from colab_save.custom_code.origins import is_users_own, public_module
from colab_save.nested import leaves
from colab_save.secrecy import secret_within
from colab_save.wording import first_line

MAX_LENGTH = 16 << 20
"""The longest argument in a config, in characters; a longer one is data and belongs in a weight."""


def in_words(value: Any) -> str:
    """Return a value as messages show it: a short plain value as it is, anything else by its type."""
    if isinstance(value, FunctionType):
        return value.__name__
    text = repr(value) if is_plain(value) and not secret_within("", value) else ""
    return text if 0 < len(text) <= 40 else f"{type(value).__name__} object"


def problem_of(value: Any) -> str:
    """Return why Keras cannot write a value, or cannot read it again; empty where it can."""
    try:
        return next(filter(None, (_reason_against(leaf) for _, leaf in leaves(value))), "") or _length_problem(value)
    except Exception as error:  # noqa: BLE001 - the user's own get_config may raise anything; it is the reason
        return f"cannot be written ({first_line(error)})"


def _reason_against(leaf: Any) -> str:
    """Return why a config cannot hold one object; empty where it may."""
    if hasattr(leaf, "assign"):
        return "is a variable and not a value for a config"
    if getattr(leaf, "__name__", "") == "<lambda>":
        return "is a lambda without a name in the captured code"
    if (
        isinstance(leaf, FunctionType)
        and not is_users_own(leaf)
        and not (public_module(leaf) or "").startswith("keras")
    ):
        return f"is {leaf.__name__} of {leaf.__module__}, which Keras does not look up"
    if callable(leaf) and not isinstance(leaf, FunctionType) and not hasattr(type(leaf), "get_config"):
        return f"is a {in_words(leaf)}, which a config cannot hold"
    return ""


def _length_problem(value: Any) -> str:
    length = len(_written(value))
    return f"takes {length} characters, more than {MAX_LENGTH}" if length > MAX_LENGTH else ""


def is_same(one: Any, other: Any) -> bool:
    """Return whether two values are equal as Keras writes them, apart from the names that it makes up."""
    if one is other:
        return True
    try:
        return _written(one) == _written(other)
    except Exception:  # noqa: BLE001 - the user's own get_config may raise anything; unknown is not the same
        return False


def _written(value: Any) -> str:
    import keras

    with silent():
        return json.dumps(_nameless(keras.saving.serialize_keras_object(value)), sort_keys=True)


def _nameless(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _nameless(item) for key, item in value.items() if key not in {"name", "build_config"}}
    return [_nameless(item) for item in value] if isinstance(value, (list, tuple)) else value


def is_plain(value: Any) -> bool:
    """Return whether a config holds a value as it is, without a class name."""
    import numpy as np

    if isinstance(value, Mapping):
        return "class_name" not in value and all(map(is_plain, value.values()))
    if isinstance(value, (list, tuple)):
        return all(map(is_plain, value))
    return value is None or isinstance(value, (bool, int, float, str, np.generic))


@contextmanager
def silent() -> Iterator[None]:
    """Suppress warnings, and restore Python's random state: Keras draws seeds for the objects that it makes."""
    state = random.getstate()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        random.setstate(state)
