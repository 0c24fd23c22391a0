"""Take the facts of a live model: a Keras model or a `tf.Module` in, `ModelFacts` out.

``saving/examining.py`` calls it on the user's model, the fresh process and ``loading/opening.py`` on the reloaded one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import ModuleType
from typing import Any

from colab_save.artifact.facts import ModelFacts, TensorFacts, VariableFacts, comparable
from colab_save.custom_code.custom_objects import find_custom_objects
from colab_save.dialect import (
    KERAS_2,
    classes,
    dialect_of,
    dtype_name,
    is_compiled,
    is_trackable,
    keras_of,
    kind_of,
    value_of,
)
from colab_save.hints import literal
from colab_save.model.attributes import plain_names
from colab_save.model.compiling import (
    OWN,
    compile_given,
    gone_weights,
    held_objects,
    optimizers_of,
    serialised,
    trained_paths,
    undecayed_paths,
)
from colab_save.model.describing import constructor_arguments, describe_layer, feeds_of, plain_attributes
from colab_save.model.state_file import walk_optimizers
from colab_save.model.walking import (
    is_graph,
    parts_in_attributes,
    walk_generators,
    walk_layers,
    walk_recurrent,
    walk_variables,
)
from colab_save.nested import leaves
from colab_save.secrecy import concealed
from colab_save.taking import Taking
from colab_save.types import Json, Model, Variable
from colab_save.wording import translated

MOST_VALUES = 10_000
"""The largest number of values of a state that facts hold."""


def examine(model: Model) -> ModelFacts:
    """Return the facts of a model, without changing it.

    Raises:
        UnsupportedError: See `kind_of`.
        FormatError: A weight cannot be read.
    """
    kind, taking = kind_of(model), Taking()
    class_name = f"{type(model).__module__}.{type(model).__qualname__}"
    weights = tuple(walk_variables(model, taking))
    variables = tuple(_weight(path, variable) for path, variable in weights)
    attributes = taking.fact("the attributes", lambda: plain_names(model), ())
    known = ModelFacts(kind, class_name, variables, attributes=attributes, remarks=taking.remarks)
    add = _with_optimizers if kind == "module" else _with_keras
    return add(known, model, weights, taking)


def _with_optimizers(
    known: ModelFacts, model: Model, weights: Sequence[tuple[str, Variable]], taking: Taking
) -> ModelFacts:
    """Add to the facts of a module those of its optimizers and of the layers in it; a program has neither."""
    if not is_trackable(model):
        return known
    return replace(
        known,
        optimizer=tuple(taking.facts("optimizer", lambda: _optimizer_variables(model), _facts_of).values()),
        trains=taking.fact("the weights that each optimizer trains", lambda: trained_paths(model, weights), {}),
        undecayed=taking.fact("what is excluded from weight decay", lambda: undecayed_paths(model, weights), {}),
        layers=tuple(describe_layer(path, layer, (), taking) for path, layer in walk_layers(model)),
    )


def _with_keras(known: ModelFacts, model: Model, weights: Sequence[tuple[str, Variable]], taking: Taking) -> ModelFacts:
    """Add to the facts of a model those that a Keras model has."""
    take, feeds = taking.fact, feeds_of(model, taking)
    return replace(
        known,
        optimizer=tuple(taking.facts("optimizer", lambda: _optimizer_variables(model), _facts_of).values()),
        iterations=take("iterations", lambda: _iterations(model), None),
        compiled=take("compile", lambda: _compile_arguments(model), {}),
        layers=tuple(describe_layer(path, layer, feeds.get(path, ()), taking) for path, layer in walk_layers(model)),
        inputs=take("inputs", lambda: _declared(model, "inputs"), ()),
        outputs=take("outputs", lambda: _declared(model, "outputs"), ()),
        losses=taking.facts("loss", lambda: loss_objects(model), plain_attributes),
        metrics=_metric_arguments(model, taking),
        states=taking.facts("state", lambda: walk_recurrent(model), _values),
        generators=taking.facts("generator", lambda: walk_generators(model), _values),
        held=comparable(taking.facts("held", lambda: held_objects(model), lambda item: serialised(model, item))),
        trains=take("the weights that each optimizer trains", lambda: trained_paths(model, weights), {}),
        gone=take("the weights that are gone", lambda: gone_weights(model, weights), {}),
        undecayed=take("what is excluded from weight decay", lambda: undecayed_paths(model, weights), {}),
        parts=take("the layers in attributes", lambda: parts_in_attributes(model), {}),
        custom=take("the custom objects", lambda: _custom_names(model), ()),
        floatx=take("floatx", lambda: _floatx(model), ""),
    )


def _floatx(model: Model) -> str:
    """Return the dtype of variables without a policy, which may not be that of the moment: that of a learning rate."""
    rates = (item.dtype for path, item in walk_optimizers(model) if path.endswith("/rate"))
    return dtype_name(next(rates, keras_of(model).backend.floatx()))


def _weight(path: str, variable: Variable) -> VariableFacts:
    """Describe a weight: the one fact without which nothing is proven, so that a save ends where it cannot be taken."""
    hint = "Give it a value, such as with assign(), and save again."
    with translated(f"The weight {literal(path)} has no value that could be read", hint):
        return _describe(path, variable)


def _custom_names(model: Model) -> tuple[str, ...]:
    """Return the names of the custom classes that a reload rebuilds."""
    return tuple(
        sorted({str(getattr(item, "__name__", "")) for item in find_custom_objects(model) if _is_rebuilt(item)})
    )


def _metric_arguments(model: Model, taking: Taking) -> dict[str, Json]:
    named = taking.fact("metric", lambda: list(metric_objects(model)), [])
    return {place: constructor_arguments(metric, f"metric.{place}", taking) for place, metric in named}


def _iterations(model: Model) -> int | None:
    """Return the steps that a model's own optimizer has taken; those of the first where it has several."""
    name, optimizer = next(iter(optimizers_of(model)), ("", None))
    return int(value_of(optimizer.iterations)) if name.startswith(OWN) and optimizer is not None else None


def loss_objects(model: Model) -> Iterator[tuple[str, Any]]:
    """Yield every loss object that a model was compiled with, by its place in the argument."""
    if is_compiled(model):
        yield from (item for item in leaves(model.loss) if isinstance(item[1], classes("losses.Loss")))


def metric_objects(model: Model) -> Iterator[tuple[str, Any]]:
    """Yield every metric object that a model was compiled with, by the argument and its place in it."""
    given = compile_given(model)
    for name in ("metrics", "weighted_metrics"):
        found = leaves(_of_one_output(given.get(name)))
        yield from ((f"{name}{place}", item) for place, item in found if _is_metric(item))


def _is_metric(item: Any) -> bool:
    """Return whether the user made a metric; one that tf_keras made from a name is compared as a compile argument."""
    is_wrapper = type(item).__name__ == "MeanMetricWrapper" and dialect_of(item) == KERAS_2
    return isinstance(item, classes("metrics.Metric")) and not is_wrapper


def _is_rebuilt(item: Any) -> bool:
    """Return whether a custom object is a class that a reload rebuilds; callbacks are not part of a model."""
    return isinstance(item, type) and not issubclass(item, classes("callbacks.Callback"))


def _values(variable: Variable) -> Json:
    """Return the values of a variable as JSON, or their digest where they are too many for a manifest."""
    value = value_of(variable)
    return value.tolist() if value.size <= MOST_VALUES else _describe("", variable).digest


def _describe(path: str, variable: Variable) -> VariableFacts:
    import numpy as np

    value = value_of(variable)
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


def _optimizer_variables(model: Model) -> Iterator[tuple[str, tuple[str, Variable]]]:
    return ((path, (path, variable)) for path, variable in walk_optimizers(model))


def _facts_of(named: tuple[str, Variable]) -> VariableFacts:
    return _describe(*named)


def _compile_arguments(model: Model) -> Mapping[str, Json] | None:
    """Return the compile arguments as Keras serialises them, or ``None`` for a model that is not compiled."""
    if not is_compiled(model):
        return None
    keras = keras_of(model)
    config = dict(model.get_compile_config())
    # Writing HDF5 may have popped it: see whole_compile_config in formats/keras.py.
    config["optimizer"] = keras.saving.serialize_keras_object(model.optimizer)
    return {
        key: _one_name(value, keras) if key in {"loss", "metrics", "weighted_metrics"} else value
        for key, value in comparable(concealed(json.loads(json.dumps(config, default=str)))).items()
    }


def _of_one_output(value: Any) -> Any:
    """Return the metrics of a model with one output as a flat list; ``.h5`` files of tf_keras list them by output."""
    return value[0] if isinstance(value, list) and len(value) == 1 and isinstance(value[0], list) else value


def _one_name(value: Json, keras: ModuleType) -> Json:
    """Return one name for a loss or metric: ``mse``, the function and its serialised form all mean the same."""
    if isinstance(value, list):
        return [_one_name(item, keras) for item in _of_one_output(value)]
    if isinstance(value, dict) and value.get("class_name") == "function":
        return value["config"]
    if isinstance(value, dict) and value.get("class_name") == "MeanMetricWrapper":  # tf_keras makes it from a name
        value = value["config"]["name"]
    if isinstance(value, dict) and "class_name" not in value:
        return {key: _one_name(item, keras) for key, item in value.items()}
    try:
        return getattr(keras.losses.get(value), "__name__", value) if isinstance(value, str) else value
    except ValueError:  # the name of a metric that is not a loss, such as "accuracy"
        return value


def _declared(model: Model, name: str) -> tuple[TensorFacts, ...]:
    """Return the inputs or outputs that a graph model declares; an unbuilt Sequential has no such attribute."""
    tensors = getattr(model, name, None) if is_graph(model) else None
    return tuple(TensorFacts(tensor.name, tuple(tensor.shape), dtype_name(tensor.dtype)) for tensor in tensors or ())
