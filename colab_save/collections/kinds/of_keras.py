"""The kinds of Keras and tf_keras: layers, and what a training has returned, without its model.

``collections/extras.py`` sets the model that it is saved with, if it is of that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from colab_save.collections.kinds.kind import Kind, Making, Parts
from colab_save.collections.kinds.of_layers import is_layer, layer_apart, layer_together
from colab_save.dialect import DIALECTS, classes, dialect_of, import_dialect

ATTRIBUTES = ("params", "epoch", "history")
"""What a History has (``keras/src/callbacks/history.py``, 3.13 and 3.15; ``tf_keras/src/callbacks.py``, 2.20)."""


def is_history(value: object) -> bool:
    """Return whether a value is what ``fit`` returned."""
    return type(value) in classes("callbacks.History")


def _is_of(dialect: str) -> Callable[[Any], bool]:
    return lambda value: is_history(value) and dialect_of(value) == dialect


def _history(value: Any) -> Parts:
    return {name: getattr(value, name) for name in ATTRIBUTES if hasattr(value, name)}


def _make_history(dialect: str) -> Callable[[Mapping[str, Any], Making], Any]:
    def together(parts: Mapping[str, Any], _: Making) -> Any:
        made = import_dialect(dialect).callbacks.History()
        for name in ATTRIBUTES:
            if name in parts:
                setattr(made, name, parts[name])
        return made

    return together


KINDS = (
    *(Kind(f"{dialect}.History", _is_of(dialect), _history, _make_history(dialect)) for dialect in DIALECTS),
    Kind("keras.Layer", is_layer, layer_apart, layer_together, is_part=True),
)
"""The kinds of both."""
