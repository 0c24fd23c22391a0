"""What hangs on a model and is no part of it: class names, thresholds, tokenizers. No file of Keras's keeps them.

`examining` names them, so that a report can say which a reload does not bring back; `extras` keeps those that the user
asks for.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Hashable, Mapping
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any, cast

from colab_save.model.describing import parameters_of
from colab_save.model.walking import own_attributes

MOST = 400
"""Values in a container that are looked at."""

FRAMEWORKS = frozenset({"keras", "tensorflow", "tf_keras"})
"""Packages whose objects are parts of a model."""

BOOKKEEPING = frozenset({"loss", "optimizer", "output_names", "stop_training", "stop_evaluating", "stop_predicting"})
"""What a functional model has, and what ``compile``, ``fit``, ``evaluate`` and ``predict`` leave on any, beside what
every new one has (``functional.py`` in ``keras/src/models``, ``trainer.py`` in ``keras/src/backend``; 3.15.1).
"""

CODE = (type, ModuleType, FunctionType, MethodType, BuiltinFunctionType, functools.partial)
"""Kinds of attributes that are code, and no value."""


def free_attributes(model: Any) -> tuple[str, ...]:
    """Name what the user, or the class, holds in a model that is no part of it: class names, thresholds, tokenizers.

    Not what Keras and TensorFlow track or keep there (layers, variables, optimizers, their own bookkeeping), no
    functions, and nothing private.
    """
    held = vars(model) if hasattr(model, "__dict__") else {}
    own = {key for key, value in own_attributes(model) if key in held and held[key] is value} if held else set()
    named = (key for key in own - BOOKKEEPING if not key.startswith("_") and not hasattr(type(model), key))
    return tuple(sorted(key for key in named if not _is_part(held[key])))


def is_free(model: Any, name: str) -> bool:
    """Say whether an attribute may be set: it is none yet that anything else stands for."""
    if not name.isidentifier() or name.startswith("_") or name in BOOKKEEPING:
        return False
    return name in free_attributes(model) or not hasattr(model, name)


def plain_names(model: Any) -> tuple[str, ...]:
    """Name the free attributes that no constructor argument tells: those that are facts of no other kind."""
    arguments = parameters_of(cast("Hashable", type(model)))
    return tuple(name for name in free_attributes(model) if name not in arguments)


def _is_part(value: Any) -> bool:
    """Say whether a value is, or holds, a function or something of Keras or TensorFlow."""
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
