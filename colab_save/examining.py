"""Take the facts of a live model: what comes in is a Keras model or a `tf.Module`, what goes out is `ModelFacts`.

`saving` calls it on the user's model, the fresh process and `loading` on the reloaded one. Paths are those of
attributes and layers, not Keras's own: ``variable.path`` depends on how often a class was instantiated in the
process and on when a model was built, so it is not the same after loading (Keras 3.13.2 and 3.15.1).
"""

from __future__ import annotations

import functools
import hashlib
import json
import math
import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from colab_save.errors import UnsupportedError, first_line
from colab_save.facts import ModelFacts, TensorFacts, VariableFacts

WEIGHTS_BY_PATH = "colab_save_weights"
"""The attribute under which our SavedModels keep their variables by path."""


def kind_of(model: Any) -> str:
    """Tell what a model is made with: ``keras`` or ``module``.

    Raises:
        UnsupportedError: Neither a Keras 3 model nor a `tf.Module`.
    """
    keras, tensorflow = sys.modules.get("keras"), sys.modules.get("tensorflow")
    if keras is not None and isinstance(model, keras.Model):
        return "keras"
    if tensorflow is not None and (isinstance(model, tensorflow.Module) or hasattr(model, "program")):
        return "module"
    raise UnsupportedError(
        f"A {type(model).__module__}.{type(model).__qualname__} cannot be saved as a model.",
        "Give a Keras model, or a tf.Module whose methods are tf.functions.",
    )


def is_graph(model: Any) -> bool:
    """Say whether a Keras model is Sequential or functional: rebuilt from its config, with declared inputs."""
    import keras

    return isinstance(model, keras.Sequential) or (hasattr(model, "operations") and model.inputs is not None)


def examine(model: Any) -> ModelFacts:
    """Take the facts of a model; nothing in it is changed.

    Raises:
        UnsupportedError: See `kind_of`.
    """
    kind = kind_of(model)
    variables = tuple(_describe(path, variable) for path, variable in walk_variables(model))
    class_name = f"{type(model).__module__}.{type(model).__qualname__}"
    if kind == "module":
        return ModelFacts(kind, class_name, variables)
    optimizer = getattr(model, "optimizer", None)
    layers = list(walk_layers(model))
    return ModelFacts(
        kind,
        class_name,
        variables,
        optimizer=tuple(_optimizer_facts(optimizer)),
        iterations=int(optimizer.iterations) if optimizer is not None else None,
        compiled=_compile_arguments(model),
        trainable={path or ".": bool(layer.trainable) for path, layer in layers},
        inputs=_declared(model.inputs) if is_graph(model) else (),
        outputs=_declared(model.outputs) if is_graph(model) else (),
        compute_dtypes=tuple(sorted({str(layer.compute_dtype) for _, layer in layers})),
    )


def size_of(model: Any) -> int:
    """Sum the bytes of a model's variables and of its optimizer's; an estimate, before anything is read."""
    variables = [*getattr(model, "variables", ()), *getattr(getattr(model, "optimizer", None), "variables", ())]
    return sum(_bytes_of(variable) for variable in variables)


def _bytes_of(variable: Any) -> int:
    bits = int("".join(letter for letter in getattr(variable.dtype, "name", str(variable.dtype)) if letter.isdigit()) or 8)
    return math.prod(size or 1 for size in variable.shape) * bits // 8


def walk_variables(model: Any) -> Iterator[tuple[str, Any]]:
    """Give every weight of a model once, with a path that is the same after loading.

    Seeds and metric state are left out, as in Keras's ``weights``.
    """
    program = getattr(model, "program", None)  # a loaded SavedModel
    if program is not None:
        stored = getattr(program, WEIGHTS_BY_PATH, None)
        yield from stored.items() if stored is not None else (item for item in _walk(program) if _is_variable(item[1]))
        return
    wanted = {id(variable) for variable in _weights(model)}
    for path, node in _walk(model):
        if id(node) in wanted:
            wanted.discard(id(node))
            yield path, node
    for variable in _weights(model):  # held in a way that no attribute shows
        if id(variable) in wanted:
            yield f"?/{getattr(variable, 'path', variable.name)}", variable


def walk_layers(model: Any) -> Iterator[tuple[str, Any]]:
    """Give every Keras layer of a model once, with its path; the model itself has the empty path."""
    import keras

    return ((path, node) for path, node in _walk(model) if isinstance(node, keras.layers.Layer))


def _weights(model: Any) -> list[Any]:
    return list(model.weights) if hasattr(model, "weights") else list(model.variables)


def _walk(root: Any) -> Iterator[tuple[str, Any]]:
    """Walk the object tree depth first: each layer, module and variable once, under the first path that reaches it."""
    seen: set[int] = set()
    stack = [("", root)]
    while stack:
        path, node = stack.pop()
        if isinstance(node, (list, tuple, Mapping)):
            if id(node) not in seen:
                seen.add(id(node))
                stack += reversed([(_join(path, key), item) for key, item in _items(node)])
            continue
        if id(node) in seen or not (_is_variable(node) or _is_holder(node)):
            continue
        seen.add(id(node))
        yield path, node
        if not _is_variable(node):
            stack += reversed([(_join(path, key), item) for key, item in _children(node)])


def _items(node: Any) -> list[tuple[str, Any]]:
    if isinstance(node, Mapping):
        return sorted(((str(key), item) for key, item in node.items()), key=lambda pair: pair[0])
    return [(str(index), item) for index, item in enumerate(node)]


def _children(node: Any) -> list[tuple[str, Any]]:
    """Name what a layer or module holds: a graph model's layers by name, anything else by attribute."""
    import keras

    named: list[tuple[str, Any]] = []
    if isinstance(node, keras.Model) and is_graph(node):
        named = _named_layers(node.layers)
    return named + own_attributes(node)


def own_attributes(node: Any) -> list[tuple[str, Any]]:
    """Name what the user, or the layer's class, holds in a layer, sorted; not Keras's and TensorFlow's bookkeeping."""
    own = [
        (key.lstrip("_"), value)
        for key, value in vars(node).items()
        if key not in _keras_attributes() and not key.startswith("_self_") and key != "optimizer"
    ]
    return sorted(own, key=lambda pair: pair[0])


def _named_layers(layers: list[Any]) -> list[tuple[str, Any]]:
    """Name layers as the user did; where Keras made the name up, by class and position, which do not drift."""
    counts: dict[str, int] = {}
    named = []
    for layer in layers:
        snake, name = _snake(type(layer).__name__), layer.name
        if is_made_up(layer):
            position = counts[snake] = counts.get(snake, -1) + 1
            name = f"{snake}_{position}" if position else snake
        named.append((name, layer))
    return named


def is_made_up(layer: Any) -> bool:
    """Say whether Keras made a layer's name up from its class; such names count up in a notebook."""
    return re.fullmatch(rf"{_snake(type(layer).__name__)}(_\d+)?", layer.name) is not None


def _snake(name: str) -> str:
    """Turn a class name into the layer name Keras makes of it (``keras.src.utils.naming.to_snake_case``)."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


@functools.cache
def _keras_attributes() -> frozenset[str]:
    """Name the attributes that Keras itself gives each layer: its bookkeeping, not what the user holds there."""
    import keras

    return frozenset(vars(keras.layers.Layer())) | frozenset(vars(keras.Sequential()))


def _is_variable(node: Any) -> bool:
    import keras
    import tensorflow as tf

    return isinstance(node, (keras.Variable, tf.Variable))


def _is_holder(node: Any) -> bool:
    import tensorflow as tf

    return isinstance(node, tf.__internal__.tracking.AutoTrackable)  # layers, modules, what a SavedModel restores


def _join(path: str, key: str) -> str:
    return f"{path}/{key}" if path else key


def _describe(path: str, variable: Any) -> VariableFacts:
    import numpy as np

    value = np.asarray(variable)
    is_text = value.dtype == object
    if is_text:
        data: Any = b"\0".join(bytes(item) for item in value.ravel().tolist())
    else:
        data = np.ascontiguousarray(value).reshape(-1).view(np.uint8)
    return VariableFacts(
        path,
        tuple(int(size) for size in value.shape),
        "string" if is_text else value.dtype.name,
        bool(variable.trainable),
        hashlib.sha256(data).hexdigest(),
    )


def _optimizer_facts(optimizer: Any) -> Iterator[VariableFacts]:
    """Describe the optimizer's variables by position: their names hold layer names, which drift."""
    if optimizer is None:
        return
    for index, variable in enumerate(optimizer.variables):
        yield _describe(f"optimizer/{index}/{variable.name.rsplit('_', 1)[-1]}", variable)


def _compile_arguments(model: Any) -> Mapping[str, Any] | None:
    """Give the compile arguments as Keras serialises them, or ``None`` for a model that is not compiled."""
    import keras

    if not getattr(model, "compiled", False):
        return None
    try:
        config = dict(model.get_compile_config())
        config["optimizer"] = keras.saving.serialize_keras_object(model.optimizer)  # see formats.keras.whole_compile_config
    except Exception as error:  # the user's own get_config may raise anything; then nothing of it is kept
        return {"not serialisable": first_line(error)}
    return {
        key: _one_name(value) if key in {"loss", "metrics", "weighted_metrics"} else value
        for key, value in _comparable(json.loads(json.dumps(config, default=str))).items()
    }


def _comparable(value: Any) -> Any:
    """Drop from a serialised config where a custom object was defined: that changes by design when it is reloaded."""
    if isinstance(value, dict):
        if "class_name" in value and "config" in value and not str(value.get("module")).startswith("keras"):
            value = {key: item for key, item in value.items() if key not in {"module", "registered_name"}}
        return {key: _comparable(item) for key, item in value.items()}
    return [_comparable(item) for item in value] if isinstance(value, list) else value


def _one_name(value: Any) -> Any:
    """Give a loss or metric one name: ``mse``, the function and its serialised form all mean the same."""
    import keras

    if isinstance(value, list):
        return [_one_name(item) for item in value]
    if isinstance(value, dict) and value.get("class_name") == "function":
        return value["config"]
    if isinstance(value, dict) and "class_name" not in value:
        return {key: _one_name(item) for key, item in value.items()}
    try:
        return keras.losses.get(value).__name__ if isinstance(value, str) else value
    except ValueError:  # a metric's name that is no loss, such as "accuracy"
        return value


def _declared(tensors: list[Any]) -> tuple[TensorFacts, ...]:
    return tuple(TensorFacts(tensor.name, tuple(tensor.shape), str(tensor.dtype)) for tensor in tensors)
