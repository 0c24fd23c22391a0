"""Operations on tensors in a functional model (``x / 127.5 - 1``), which HDF5 files of Keras 3 name and cannot find.

`h5` looks them up for Keras. A ``.keras`` file names the module of each, so `keras` needs none of this.
"""

from __future__ import annotations

from collections.abc import Iterator

from colab_save.dialect import KERAS, dialect_of
from colab_save.model.walking import walk_layers
from colab_save.types import Json, Model

_HOME = "keras.src.ops."
"""The modules with Keras's operations (Keras 3.13.2, 3.15.1): a file gets no other class because it names it."""

_BASES = {"keras.src.ops.function", "keras.src.ops.operation"}
"""Those of them that hold no operation, but what operations and models are made of."""


def operations_in(model: Model) -> dict[str, type]:
    """Return the classes of the operations on tensors in a model and in the models within, by name."""
    if dialect_of(model) != KERAS:
        return {}
    nodes = (node for _, layer in walk_layers(model) for node in getattr(layer, "operations", ()))
    return {type(node).__name__: type(node) for node in nodes if _is_operation(type(node))}


def shared_name(model: Model) -> str:
    """Return a name that an operation and a layer of a model both have; empty if there is none."""
    layers = {type(layer).__name__ for _, layer in walk_layers(model)}
    return next(iter(sorted(layers & set(operations_in(model)))), "")


def operations_named(config: Json) -> dict[str, type]:
    """Return the classes of the operations that the configs in an HDF5 file name, by name.

    What the file names as something else, too, is left to Keras: a class that is given to it counts for all of them.
    """
    nodes = list(_named(config))
    others = {name for name, is_operation in nodes if not is_operation}
    wanted = {name for name, is_operation in nodes if is_operation} - others
    return {name: kind for name, kind in _known().items() if name in wanted} if wanted else {}


def _named(config: Json) -> Iterator[tuple[str, bool]]:
    """Yield each class that a config names, and whether it is an operation, which has neither dtype nor `trainable`."""
    pending = [config]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            name, own = value.get("class_name"), value.get("config")
            if isinstance(name, str) and isinstance(own, dict):
                is_layer = "trainable" in own or "dtype" in own or "module" in value
                yield name, "inbound_nodes" in value and not is_layer
            pending += value.values()
        elif isinstance(value, list):
            pending += value


def _known() -> dict[str, type]:
    """Return Keras's operations by name; no two have one name (Keras 3.13.2 and 3.15.1)."""
    import keras

    found: dict[str, type] = {}
    pending = [keras.Operation]
    while pending:
        for kind in pending.pop().__subclasses__():
            pending.append(kind)
            if _is_operation(kind):
                found[kind.__name__] = kind
    return found


def _is_operation(kind: type) -> bool:
    return kind.__module__.startswith(_HOME) and kind.__module__ not in _BASES
