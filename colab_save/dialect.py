"""The Keras that an object is made with: Keras 3 (``keras``), or Keras 2, which lives on as ``tf_keras``.

A dialect is the import name of a Keras. All other modules ask here for the classes of whichever Keras is loaded.
Importing a Keras takes seconds, so only `import_dialect` and `keras_of` import one.
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
from colab_save.types import Array, Layer, Model, Optimizer, Variable

KERAS = "keras"
"""Keras 3."""

KERAS_2 = "tf_keras"
"""Keras 2: ``tf_keras`` reads and writes the files of ``tf.keras`` before TensorFlow 2.16, and of Keras before 3."""

DIALECTS = (KERAS, KERAS_2)
"""The import names of all dialects; a model's kind is one of these, or ``module``."""

TENSORFLOW_INITIALIZERS = "tensorflow.python.ops.init_ops_v2"
"""The module of TensorFlow's own initializers (``tf.random_normal_initializer``); Keras reads each of them back as its
own one of the same name and config.
"""

POLICY = re.compile(r"(mixed_b?float16|b?float16|float32|float64)$")
"""The plain dtype policies, also at the end of a derived one: ``int8_from_float32``, ``map_mixed_float16``."""


_TYPES: dict[tuple[tuple[ModuleType | None, ...], str], tuple[type[Any], ...]] = {}
"""What `_types_in` has found."""


def classes(name: str) -> tuple[type[Any], ...]:
    """Return the classes of this name from every Keras that is loaded, for `isinstance`.

    Args:
        name: Dotted, such as ``layers.Layer``.
    """
    return _types_in(tuple(map(sys.modules.get, DIALECTS)), name)


def tensorflow_classes(name: str) -> tuple[type[Any], ...]:
    """Return TensorFlow's class of this name, for `isinstance`; an empty tuple if TensorFlow is not loaded."""
    return _types_in((sys.modules.get("tensorflow"),), name)


def is_of_keras(module: object) -> bool:
    """Return whether a dotted module name is inside a Keras package; ``keras_models`` is not."""
    return str(module).partition(".")[0] in DIALECTS


def dialect_of(value: object) -> str:
    """Return the dialect of a model, a layer or another Keras object, or of a class; empty for anything else."""
    kind = value if isinstance(value, type) else type(value)
    roots = [base.__module__.partition(".")[0] for base in kind.__mro__]
    return next((root for root in roots if root in DIALECTS), "")


def keras_of(value: object) -> Any:
    """Import and return the Keras that an object is made with; Keras 3 if it is not a Keras object."""
    return importlib.import_module(dialect_of(value) or KERAS)


def import_dialect(dialect: str) -> ModuleType:
    """Import and return the Keras that a file needs.

    Raises:
        MissingPackageError: It is not installed.
    """
    require_dialect(dialect)
    return importlib.import_module(dialect)


def require_dialect(dialect: str) -> None:
    """Raise early if the Keras that a file needs is missing.

    Raises:
        MissingPackageError: It is not installed.
    """
    if importlib.util.find_spec(dialect) is None:
        raise MissingPackageError(
            f"The file was written by Keras 2. It opens with {KERAS_2}, which is not installed.", pip(KERAS_2)
        )


def snake_case(name: str) -> str:
    """Return the name that Keras makes from that of a class (``keras.src.utils.naming.to_snake_case``)."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def is_numbered(snake: str, name: str) -> bool:
    """Return whether Keras made a name from that of a class; such names count up in a notebook: ``adam_1``.

    Args:
        snake: See `snake_case`.
        name: The name of a layer, an optimizer, a metric or a seed generator.
    """
    return re.fullmatch(rf"{re.escape(snake)}(_\d+)?", name) is not None


def is_functional(model: Model) -> bool:
    """Return whether a model is a graph of layers with declared inputs, which its config rebuilds.

    ``_is_graph_network`` is private to tf_keras (``tf_keras/src/engine/training.py``, 2.20 and 2.21). It has no public
    counterpart: a subclassed model also has ``inputs`` after its first call.
    """
    if dialect_of(model) == KERAS_2:
        return bool(getattr(model, "_is_graph_network", False))
    return hasattr(model, "operations") and getattr(model, "inputs", None) is not None


def is_compiled(model: Model) -> bool:
    """Return whether a model is compiled; tf_keras shows it only by the optimizer."""
    return bool(getattr(model, "compiled", getattr(model, "optimizer", None) is not None))


def optimizer_variables(optimizer: Optimizer) -> list[Variable]:
    """Return the variables of an optimizer; in legacy optimizers of tf_keras ``variables`` is a method."""
    variables = getattr(optimizer, "variables", ())
    return list(variables() if callable(variables) else variables)


def value_of(variable: Variable) -> Array:
    """Return the value of a variable as an array that shares its memory until it changes.

    From the variable itself Keras and TensorFlow copy it, a second per GB; and NumPy cannot read one that a strategy
    mirrors, whose value is that of its first replica, or what the replicas come to where they differ by design.
    """
    import numpy as np
    import tensorflow as tf

    return np.asarray(tf.convert_to_tensor(variable))


def dtype_name(dtype: object) -> str:
    """Return the name of a symbolic tensor's dtype, which is a text in Keras 3 and a TensorFlow dtype in tf_keras."""
    return str(getattr(dtype, "name", dtype))


def nodes_of(model: Model) -> list[tuple[Layer, Any]]:
    """Return each call in a functional model of tf_keras as a layer and its node, in the order of the calls.

    ``_nodes_by_depth`` is private to tf_keras (``tf_keras/src/engine/functional.py``, 2.20 and 2.21), whose own
    ``call`` uses it.
    """
    depths = model._nodes_by_depth  # noqa: SLF001
    return [(node.layer, node) for depth in sorted(depths, reverse=True) for node in depths[depth]]


def _types_in(modules: tuple[ModuleType | None, ...], name: str) -> tuple[type[Any], ...]:
    """Return the classes of a name in the modules that are loaded; a walk asks for the same ones for every object."""
    known = _TYPES.get((modules, name))
    if known is None:
        found = [_attribute(module, name) for module in modules if module is not None]
        known = tuple(item for item in found if isinstance(item, type))
        if len(known) == len(found):  # one that is still being imported may have it later
            _TYPES[modules, name] = known
    return known


def _attribute(module: object, name: str) -> object:
    for part in name.split("."):
        module = getattr(module, part, None)
    return module


def kind_of(model: object) -> str:
    """Return what a model is made with: ``keras``, ``tf_keras`` or ``module``.

    Raises:
        UnsupportedError: It is neither a Keras model nor an object that TensorFlow tracks, such as a `tf.Module`.
    """
    if isinstance(model, classes("Model")):
        return dialect_of(model)
    if hasattr(model, "program") or isinstance(model, tensorflow_classes("Module")) or is_trackable(model):
        return "module"
    raise UnsupportedError(
        f"An object of class {type(model).__module__}.{type(model).__qualname__} cannot be saved as a model.",
        "Pass a Keras model, a tf.Module, or a tf.train.Checkpoint that holds what belongs together.",
    )


def is_trackable(value: object) -> bool:
    """Return whether TensorFlow tracks the attributes of an object, and no Keras does: a module, a checkpoint.

    What `tf.saved_model.load` returns is no such object: it has functions, and no class that could make it again.
    """
    is_tracked = isinstance(value, tensorflow_classes("__internal__.tracking.AutoTrackable"))
    return is_tracked and not dialect_of(value) and ".saved_model." not in type(value).__module__


def size_of(model: Model) -> int:
    """Return the bytes of a model's variables and of its optimizer's, estimated from shapes and dtypes.

    They are 0 where a class of the user's raises something instead: the disk tells soon whether it has the room.
    """
    try:
        variables = [*getattr(model, "variables", ()), *optimizer_variables(getattr(model, "optimizer", None))]
        return sum(_bytes_of(variable) for variable in variables if hasattr(variable, "dtype"))
    except Exception:  # noqa: BLE001 - a property may raise anything
        return 0


def _bytes_of(variable: Variable) -> int:
    bits = int(
        "".join(letter for letter in getattr(variable.dtype, "name", str(variable.dtype)) if letter.isdigit()) or 8
    )
    values: int = math.prod(size or 1 for size in variable.shape)
    return values * bits // 8


def plain_policy(name: str) -> str:
    """Return the plain policy that a dtype policy derives from; empty if there is none."""
    found = POLICY.search(name)
    return found[1] if found else ""
