"""Which Keras a thing is made of: Keras 3 (``keras``), or the Keras 2 that lives on as ``tf_keras``.

A dialect is named by its import name, so that the rest asks here for a class of whichever Keras is loaded instead of
naming one. Importing either takes seconds: nothing is imported here but by `import_dialect`.
"""

from __future__ import annotations

import importlib.util
import math
import re
import sys
from types import ModuleType
from typing import Any

from colab_save.errors import MissingPackageError, UnsupportedError
from colab_save.hints import pip

KERAS = "keras"
"""Keras 3."""

KERAS_2 = "tf_keras"
"""Keras 2: ``tf_keras`` reads and writes the files of ``tf.keras`` before TensorFlow 2.16, and of Keras before 3."""

DIALECTS = (KERAS, KERAS_2)
"""Every Keras, by its import name; a model's kind is one of these, or ``module``."""

POLICY = re.compile(r"(mixed_b?float16|b?float16|float32|float64)$")
"""The policies that a model can be made under, also at the end of those that it has got since: ``int8_from_float32``,
``map_mixed_float16``."""


def classes(name: str) -> tuple[Any, ...]:
    """Give the classes of one name from every Keras that is loaded, as `isinstance` takes them.

    Args:
        name: Dotted, such as ``layers.Layer``.
    """
    found = [_attribute(sys.modules.get(dialect), name) for dialect in DIALECTS]
    return tuple(item for item in found if isinstance(item, type))


def tensorflow_classes(name: str) -> tuple[Any, ...]:
    """Return the class of a name from TensorFlow as `isinstance` takes it; none where TensorFlow is not loaded."""
    found = _attribute(sys.modules.get("tensorflow"), name)
    return (found,) if isinstance(found, type) else ()


def is_of_keras(module: object) -> bool:
    """Say whether a module is Keras's own, by its dotted name: one of the user's may begin with the same letters."""
    return str(module).partition(".")[0] in DIALECTS


def dialect_of(thing: Any) -> str:
    """Name the Keras that a model, a layer, or any class of theirs is made of; empty when it is made of none."""
    kind = thing if isinstance(thing, type) else type(thing)
    roots = [base.__module__.partition(".")[0] for base in kind.__mro__]
    return next((root for root in roots if root in DIALECTS), "")


def keras_of(thing: Any) -> Any:
    """Give the Keras that a thing is made of, as a module; Keras 3 for one that is made of none."""
    return importlib.import_module(dialect_of(thing) or KERAS)


def import_dialect(dialect: str) -> ModuleType:
    """Import a Keras that a file needs.

    Raises:
        MissingPackageError: It is not installed.
    """
    require_dialect(dialect)
    return importlib.import_module(dialect)


def require_dialect(dialect: str) -> None:
    """Refuse a file early, whose Keras is not there.

    Raises:
        MissingPackageError: It is not installed.
    """
    if importlib.util.find_spec(dialect) is None:
        raise MissingPackageError(
            f"The file was written by Keras 2, and {dialect}, which opens it, is not installed.",
            pip(dialect),
        )


def is_functional(model: Any) -> bool:
    """Say whether a model is a graph of layers that its config rebuilds, with its inputs declared.

    ``_is_graph_network`` is private to tf_keras (``tf_keras/src/engine/training.py``, 2.20 and 2.21); there is no
    public word for it, and a subclassed model has ``inputs`` as well once it was called.
    """
    if dialect_of(model) == KERAS_2:
        return bool(getattr(model, "_is_graph_network", False))
    return hasattr(model, "operations") and getattr(model, "inputs", None) is not None


def is_compiled(model: Any) -> bool:
    """Say whether a model was compiled; one of tf_keras that was has an optimizer."""
    return bool(getattr(model, "compiled", getattr(model, "optimizer", None) is not None))


def optimizer_variables(optimizer: Any) -> list[Any]:
    """Give the variables of an optimizer; the old ones of tf_keras give them when they are called for."""
    variables = getattr(optimizer, "variables", ())
    return list(variables() if callable(variables) else variables)


def dtype_name(dtype: Any) -> str:
    """Name a dtype of a symbolic tensor: Keras 3 has its name, tf_keras the dtype of TensorFlow."""
    return str(getattr(dtype, "name", dtype))


def nodes_of(model: Any) -> list[tuple[Any, Any]]:
    """Give each layer of a functional model of tf_keras with each call of it, in the order of the calls.

    ``_nodes_by_depth`` is private to tf_keras (``tf_keras/src/engine/functional.py``, 2.20 and 2.21); its own
    ``call`` goes along it.
    """
    depths = model._nodes_by_depth  # noqa: SLF001
    return [(node.layer, node) for depth in sorted(depths, reverse=True) for node in depths[depth]]


def _attribute(module: object, name: str) -> object:
    for part in name.split("."):
        module = getattr(module, part, None)
    return module


def kind_of(model: Any) -> str:
    """Tell what a model is made with: ``keras``, ``tf_keras`` or ``module``.

    Raises:
        UnsupportedError: Neither a Keras model nor a `tf.Module`.
    """
    if isinstance(model, classes("Model")):
        return dialect_of(model)
    tensorflow = sys.modules.get("tensorflow")
    if hasattr(model, "program") or (tensorflow is not None and isinstance(model, tensorflow.Module)):
        return "module"
    raise UnsupportedError(
        f"A {type(model).__module__}.{type(model).__qualname__} cannot be saved as a model.",
        "Give a Keras model, or a tf.Module whose methods are tf.functions.",
    )


def size_of(model: Any) -> int:
    """Sum the bytes of a model's variables and of its optimizer's; an estimate, before anything is read."""
    variables = [*getattr(model, "variables", ()), *optimizer_variables(getattr(model, "optimizer", None))]
    return sum(_bytes_of(variable) for variable in variables if hasattr(variable, "dtype"))


def _bytes_of(variable: Any) -> int:
    bits = int(
        "".join(letter for letter in getattr(variable.dtype, "name", str(variable.dtype)) if letter.isdigit()) or 8
    )
    values: int = math.prod(size or 1 for size in variable.shape)
    return values * bits // 8


def plain_policy(name: str) -> str:
    """Give the policy under which a model with this one was made; empty for what is none."""
    found = POLICY.search(name)
    return found[1] if found else ""
