"""Find the input specs of a Keras model: as it declares them, as it was built, or as it was called.

`sampling` makes samples from them, and `matching` finds the variables of a notebook that fit them.
"""

from __future__ import annotations

from collections.abc import Mapping

from colab_save.artifact.composites import COMPOSITES, Ragged, Sparse
from colab_save.artifact.facts import TensorFacts, given_name
from colab_save.dialect import KERAS_2, classes, dialect_of, dtype_name
from colab_save.model.walking import is_graph
from colab_save.nested import leaves, map_structure
from colab_save.sampling.running import arguments_of
from colab_save.taking import Taking
from colab_save.types import Json, Model, Nested, Specs, Tensor


def declared_inputs(model: Model) -> Specs:
    """Return the inputs that a Keras model declares or was built with, as nested `TensorFacts`; ``None`` if unknown.

    They are unknown too where a class of the user's raises something when it is asked.
    """
    return Taking().fact("the inputs", lambda: _declared(model), None)


def declares_dtypes(model: Model) -> bool:
    """Return whether the dtypes of `declared_inputs` are a model's own; others are guessed from what it computes in."""
    if not isinstance(model, classes("Model")):
        return True
    return bool(getattr(model, "inputs", None)) if is_graph(model) else dialect_of(model) == KERAS_2


def _declared(model: Model) -> Specs:
    if not isinstance(model, classes("Model")):
        return None
    if isinstance(model, classes("Sequential")) and not getattr(model, "inputs", None):
        return _chained_inputs(model)
    if is_graph(model):
        return _graph_inputs(model)
    if dialect_of(model) == KERAS_2:
        return _called_inputs(model)
    return _built_inputs(model) if model.built else None


def _chained_inputs(model: Model) -> Specs:
    """Read the inputs of a Sequential without declared ones: those that its first layer was built with.

    They are unknown where another layer has yet to be built, since a pass would make random weights for it.
    """
    if not model.layers or not all(layer.built for layer in model.layers):
        return None
    first = model.layers[0]
    return _declared(first) if isinstance(first, classes("Model")) else _built_inputs(first)


def _graph_inputs(model: Model) -> Specs:
    """Read the inputs that a Sequential or functional model declares."""
    structure = _structure_of(model)
    if structure is None:
        return None
    if isinstance(structure, Mapping):
        return _facts_of_argument(structure, "inputs")
    names = _input_names([item.name for item in model.inputs])
    return map_structure(lambda item: _facts_of(item, names[item.name]), structure)


def _structure_of(model: Model) -> Nested:
    """Return the symbolic inputs of a Sequential or functional model; ``None`` if it declares none."""
    if not getattr(model, "inputs", None):
        return None
    return model.input if not isinstance(model, classes("Sequential")) else model.inputs[0]


def composite_inputs(model: Model) -> dict[str, type[Sparse | Ragged]]:
    """Return the kinds of the inputs that a model declares as sparse or ragged, by their place."""
    if not (isinstance(model, classes("Model")) and is_graph(model)):
        return {}
    found = {}
    for at, item in leaves(_structure_of(model)):
        spec = type(getattr(item, "type_spec", None)).__name__  # of tf_keras, where all have one
        for word, kind in COMPOSITES.items():
            if getattr(item, word, False) or spec == f"{word.title()}TensorSpec":
                found[at] = kind
    return found


def _facts_of(tensor: Tensor, name: str) -> TensorFacts:
    """Describe a symbolic tensor or a `tf.TensorSpec`."""
    return TensorFacts(name, tuple(tensor.shape), dtype_name(tensor.dtype))


def _called_inputs(model: Model) -> Specs:
    """Read the inputs that a subclassed model of tf_keras was called with; ``None`` before its first call."""
    called = model.save_spec()
    if called is None:
        return None
    found = [_facts_of_argument(spec, name) for spec, name in zip(called[0], arguments_of(model), strict=False)]
    return tuple(found) if len(found) > 1 else found[0]


def _facts_of_argument(spec: Nested, name: str) -> Specs:
    """Describe an argument of ``call``; the keys of a dict are names of their own."""
    if isinstance(spec, Mapping):
        return {key: _facts_of_nested(item, str(key)) for key, item in spec.items()}
    return _facts_of_nested(spec, name)


def _facts_of_nested(spec: Nested, name: str) -> Specs:
    if isinstance(spec, Mapping):
        return {key: _facts_of_nested(item, f"{name}_{key}") for key, item in spec.items()}
    if isinstance(spec, (list, tuple)):
        return [_facts_of_nested(item, f"{name}_{index}") for index, item in enumerate(spec)]
    return _facts_of(spec, name)


def _built_inputs(model: Model) -> Specs:
    """Read the inputs that a model or layer was built with; a tuple if its ``call`` needs several arguments.

    Keras records the shapes of all arguments only where ``build`` takes them; the others get the shape of the first.
    """
    config = model.get_build_config() or {}
    shapes = config.get("shapes_dict") or {}
    shape = config.get("input_shape") or next(iter(shapes.values()), None)
    if shape is None:
        return None
    dtype, names = str(getattr(model, "input_dtype", model.compute_dtype)), arguments_of(model, is_required=True)
    if len(names) < 2:
        return _specs_of_shapes(shape, dtype, "inputs")
    return tuple(_specs_of_shapes(shapes.get(f"{name}_shape", shape), dtype, name) for name in names)


def _input_names(names: list[str]) -> dict[str, str]:
    """Return names for inputs: the user's, and new ones instead of Keras's, which count up in a notebook."""
    made_up = [name for name in names if not given_name(name)]
    alone = len(made_up) == 1
    renamed = {name: "inputs" if alone else f"inputs_{index}" for index, name in enumerate(made_up)}
    return {name: renamed.get(name, name) for name in names}


def _specs_of_shapes(shape: Json, dtype: str, name: str) -> Specs:
    if isinstance(shape, Mapping):
        return {key: _specs_of_shapes(item, dtype, str(key)) for key, item in shape.items()}
    if shape and all(item is None or isinstance(item, int) for item in shape):
        return TensorFacts(name, (None, *shape[1:]), dtype)
    return [_specs_of_shapes(item, dtype, f"{name}_{index}") for index, item in enumerate(shape)]
