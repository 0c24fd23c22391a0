"""Find the free attributes of a model: class names, thresholds, tokenizers, which no file of Keras holds.

`examining` records their names, so that a report can name those that a reload does not bring back;
``collections/extras.py`` saves those that the user asks for.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Hashable, Mapping
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any, cast

from colab_save.model.describing import parameters_of
from colab_save.model.walking import own_attributes
from colab_save.taking import Taking
from colab_save.types import Model

MOST = 400
"""The largest number of values in a container that are looked at."""

FRAMEWORKS = frozenset({"keras", "tensorflow", "tf_keras"})
"""Packages whose objects are parts of a model."""

BOOKKEEPING = frozenset({"loss", "optimizer", "output_names", "stop_training", "stop_evaluating", "stop_predicting"})
"""Attributes that functional models have, and that ``compile``, ``fit``, ``evaluate`` and ``predict`` set on any model
(``functional.py`` in ``keras/src/models``, ``trainer.py`` in ``keras/src/backend``; 3.15.1).
"""

CODE = (type, ModuleType, FunctionType, MethodType, BuiltinFunctionType, functools.partial)
"""Kinds of attributes that are code rather than values."""


def free_attributes(model: Model) -> tuple[str, ...]:
    """Return the names of the attributes that the user or the class set and that are not part of the model.

    Left out are objects that Keras and TensorFlow track or use (layers, variables, optimizers, their bookkeeping),
    functions, and private attributes.
    """
    held = vars(model) if hasattr(model, "__dict__") else {}
    own = {key for key, value in own_attributes(model) if key in held and held[key] is value} if held else set()
    named = (key for key in own - BOOKKEEPING if not key.startswith("_") and not hasattr(type(model), key))
    looks = {key: functools.partial(_is_part, held[key]) for key in named}
    return tuple(sorted(key for key, look in looks.items() if not Taking().fact(key, look, otherwise=True)))


def is_free(model: Model, name: str) -> bool:
    """Return whether an attribute may be set: it is free, or the model has none of that name."""
    if not name.isidentifier() or name.startswith("_") or name in BOOKKEEPING:
        return False
    return name in free_attributes(model) or not hasattr(model, name)


def plain_names(model: Model) -> tuple[str, ...]:
    """Return the names of the free attributes that are not constructor arguments, which other facts record."""
    arguments = parameters_of(cast("Hashable", type(model)))
    return tuple(name for name in free_attributes(model) if name not in arguments)


def _is_part(value: Any) -> bool:
    """Return whether a value is or contains a function or an object of Keras or TensorFlow."""
    waiting, seen = [value], 0
    while waiting and seen < MOST:
        item = waiting.pop()
        seen += 1
        if isinstance(item, Mapping):
            waiting += itertools.islice(item.values(), MOST)
        elif isinstance(item, (list, tuple, set, frozenset)):
            waiting += itertools.islice(item, MOST)
        elif isinstance(item, CODE) or any(
            base.__module__.partition(".")[0] in FRAMEWORKS for base in type(item).mro()
        ):
            return True
    return False
