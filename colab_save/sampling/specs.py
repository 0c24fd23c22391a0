"""The inputs of a Keras model: as it declares them, as it was built, or as it was called.

`sampling` makes its sample of them, `fitting` asks which of a notebook's variables fits them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from colab_save.artifact.facts import TensorFacts, given_name
from colab_save.dialect import KERAS_2, classes, dialect_of, dtype_name
from colab_save.model.walking import is_graph
from colab_save.nested import map_structure
from colab_save.sampling.running import arguments_of


def declared_inputs(model: Any) -> Any:
    """Give the inputs that a Keras model declares or was built with, as nested `TensorFacts`; ``None`` if unknown."""
    if not isinstance(model, classes("Model")):
        return None
    if is_graph(model):
        return _graph_inputs(model)
    if dialect_of(model) == KERAS_2:
        return _called_inputs(model)
    return _built_inputs(model) if model.built else None


def _graph_inputs(model: Any) -> Any:
    """Read what a Sequential or functional model declares."""
    if not getattr(model, "inputs", None):
        return None
    structure = model.input if not isinstance(model, classes("Sequential")) else model.inputs[0]
    if isinstance(structure, Mapping):
        return {key: _facts_of(item, str(key)) for key, item in structure.items()}
    names = _input_names([item.name for item in model.inputs])
    return map_structure(lambda item: _facts_of(item, names[item.name]), structure)


def _facts_of(tensor: Any, name: str) -> TensorFacts:
    """Describe a symbolic tensor or a `tf.TensorSpec`."""
    return TensorFacts(name, tuple(tensor.shape), dtype_name(tensor.dtype))


def _called_inputs(model: Any) -> Any:
    """Read what a subclassed model of tf_keras was called with; ``None`` for one that never was."""
    called = model.save_spec()
    if called is None:
        return None
    found = [_facts_of_nested(spec, name) for spec, name in zip(called[0], arguments_of(model), strict=False)]
    return tuple(found) if len(found) > 1 else found[0]


def _facts_of_nested(spec: Any, name: str) -> Any:
    if isinstance(spec, Mapping):
        return {key: _facts_of_nested(item, str(key)) for key, item in spec.items()}
    if isinstance(spec, (list, tuple)):
        return [_facts_of_nested(item, f"{name}_{index}") for index, item in enumerate(spec)]
    return _facts_of(spec, name)


def _built_inputs(model: Any) -> Any:
    """Read what a subclassed model was built with; a tuple for one whose ``call`` needs several arguments.

    Keras records the shapes of all arguments only where a ``build`` takes them; the others are tried with the first's.
    """
    config = model.get_build_config() or {}
    shapes = config.get("shapes_dict") or {}
    shape = config.get("input_shape") or next(iter(shapes.values()), None)
    if shape is None:
        return None
    dtype, names = str(model.input_dtype), arguments_of(model, is_required=True)
    if len(names) < 2:
        return _specs_of_shapes(shape, dtype, "inputs")
    return tuple(_specs_of_shapes(shapes.get(f"{name}_shape", shape), dtype, name) for name in names)


def _input_names(names: list[str]) -> dict[str, str]:
    """Keep the names that the user gave; Keras's own count up in a notebook and say nothing."""
    made_up = [name for name in names if not given_name(name)]
    alone = len(made_up) == 1
    renamed = {name: "inputs" if alone else f"inputs_{index}" for index, name in enumerate(made_up)}
    return {name: renamed.get(name, name) for name in names}


def _specs_of_shapes(shape: Any, dtype: str, name: str) -> Any:
    if isinstance(shape, Mapping):
        return {key: _specs_of_shapes(item, dtype, str(key)) for key, item in shape.items()}
    if shape and all(item is None or isinstance(item, int) for item in shape):
        return TensorFacts(name, (None, *shape[1:]), dtype)
    return [_specs_of_shapes(item, dtype, f"{name}_{index}") for index, item in enumerate(shape)]
