"""Write a live model or variable that custom code uses as a statement that rebuilds it, with its arrays beside.

`gathering` calls `rebuilt` for a value that is no source and no constant: a loss function that compares the features of
another model, or that a variable of the notebook weighs. Its arrays go into a file beside the captured code.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from colab_save.artifact.layout import CODE_ARRAYS
from colab_save.custom_code.custom_objects import find_custom_objects
from colab_save.dialect import classes, dtype_name, is_functional, keras_of, tensorflow_classes
from colab_save.errors import CustomCodeError
from colab_save.hints import literal
from colab_save.quantities import size_in_words
from colab_save.secrecy import secret_within
from colab_save.types import Array

MOST_BYTES = 1 << 30
"""Bytes of the arrays of one value."""

PART = "Make it a layer of the model, or build it with keras.Sequential or keras.Model."
"""The hint for a model of which no copy can be made."""

READER = "_arrays_of"
"""The function of a captured file that reads the arrays of a name."""

READER_TEXT = f'''
def {READER}(name):
    """Return the arrays of a name from {CODE_ARRAYS}, which lies beside this file."""
    with numpy.load(__file__.removesuffix(".py") + ".npz") as held:
        keys = [key for key in held.files if key.rpartition("/")[0] == name]
        return [held[f"{{name}}/{{index}}"] for index in range(len(keys))]
'''
"""Its source."""


@dataclass(frozen=True, slots=True)
class Written:
    """A statement that rebuilds a live value.

    Attributes:
        text: The statement, which binds the name.
        arrays: What `READER` returns for the name.
    """

    text: str
    arrays: tuple[Array, ...]


def is_weighty(value: object) -> bool:
    """Return whether a value is a live Keras model, or a variable of Keras or TensorFlow."""
    return isinstance(value, (*classes("Model"), *_variables()))


def _variables() -> tuple[type[Any], ...]:
    return (*classes("Variable"), *tensorflow_classes("Variable"))


def rebuilt(name: str, value: Any, refer: Callable[[object], str], saved: frozenset[int]) -> Written:
    """Return the statement that binds a name to a copy of a live value.

    Args:
        name: The name to bind.
        value: A live value that `is_weighty`.
        refer: See `Refer`.
        saved: The identities of the variables of what is saved, of which no copy may be made.

    Raises:
        CustomCodeError: It cannot be rebuilt so.
    """
    is_variable = isinstance(value, _variables())
    if not saved.isdisjoint(map(id, [value] if is_variable else value.variables)):
        raise CustomCodeError(
            "is part of the model that is saved, and would be a copy of it in a new runtime.",
            "Use what call() returns, or let the class compute this loss with add_loss() or compute_loss().",
        )
    arrays = _arrays([value] if is_variable else value.weights)
    text = _variable(name, value, refer) if is_variable else _model(name, value, refer)
    return Written(text, arrays)


def _arrays(variables: list[Any]) -> tuple[Array, ...]:
    import numpy as np
    import tensorflow as tf

    arrays = [np.asarray(tf.convert_to_tensor(variable)) for variable in variables]
    if any(array.dtype == object for array in arrays):
        raise CustomCodeError("holds texts in a variable.", "Make them an argument of the class.")
    if (size := sum(array.nbytes for array in arrays)) > MOST_BYTES:
        raise CustomCodeError(f"holds {size_in_words(size)}, too much for custom code.", PART)
    # NumPy writes bfloat16 as bytes of no type; float32 holds each value exactly
    return tuple(array.astype("float32") if array.dtype.isbuiltin == 2 else array for array in arrays)


def _variable(name: str, value: Any, refer: Callable[[object], str]) -> str:
    maker = refer(sys.modules["tensorflow"] if isinstance(value, tensorflow_classes("Variable")) else keras_of(value))
    how = f"trainable={value.trainable!r}, dtype={dtype_name(value.dtype)!r}"
    return f"{name} = {maker}.Variable({READER}({name!r})[0], {how})\n"


def _model(name: str, value: Any, refer: Callable[[object], str]) -> str:
    if not (isinstance(value, classes("Sequential")) or is_functional(value)) or not value.built:
        what = f"is a live {type(value).__module__}.{type(value).__qualname__}, which no config rebuilds"
        raise CustomCodeError(f"{what}.", PART)
    objects = {str(getattr(item, "__name__", "")): refer(item) for item in find_custom_objects(value)}
    known = "{" + ", ".join(f"{key!r}: {reached}" for key, reached in objects.items()) + "}"
    config = value.to_json()
    if place := secret_within("", json.loads(config)):
        raise CustomCodeError(f"has {literal(place)} in its config, which looks like a secret.", PART)
    made = f"{refer(keras_of(value))}.models.model_from_json({config!r}, custom_objects={known})"
    return f"{name} = {made}\n{name}.set_weights({READER}({name!r}))\n"
