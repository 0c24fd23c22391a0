"""Take the facts of a live model: what comes in is a Keras model or a `tf.Module`, what goes out is `ModelFacts`.

`saving` calls it on the user's model, the fresh process and `loading` on the reloaded one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from colab_save.artifact.facts import ModelFacts, TensorFacts, VariableFacts, comparable
from colab_save.custom_code.custom_objects import find_custom_objects
from colab_save.dialect import (
    KERAS_2,
    classes,
    dialect_of,
    dtype_name,
    is_compiled,
    keras_of,
    kind_of,
    optimizer_variables,
)
from colab_save.model.attributes import plain_names
from colab_save.model.compiling import compile_given, held_objects, optimizers_of, trained_paths
from colab_save.model.describing import constructor_arguments, describe_layer, feeds_of, plain_attributes
from colab_save.model.walking import is_graph, walk_layers, walk_states, walk_variables
from colab_save.nested import leaves
from colab_save.wording import first_line

MOST_VALUES = 10_000
"""Values of a state that facts hold."""


def examine(model: Any) -> ModelFacts:
    """Take the facts of a model; nothing in it is changed.

    Raises:
        UnsupportedError: See `kind_of`.
    """
    kind = kind_of(model)
    variables = tuple(_describe(path, variable) for path, variable in walk_variables(model))
    class_name = f"{type(model).__module__}.{type(model).__qualname__}"
    if kind == "module":
        return ModelFacts(kind, class_name, variables, attributes=plain_names(model))
    optimizer, weights = getattr(model, "optimizer", None), walk_variables(model)
    feeds = feeds_of(model)
    custom = {str(getattr(item, "__name__", "")) for item in find_custom_objects(model) if _is_rebuilt(item)}
    return ModelFacts(
        kind,
        class_name,
        variables,
        optimizer=tuple(item for name, found in optimizers_of(model) for item in _optimizer_facts(name, found)),
        iterations=int(optimizer.iterations) if optimizer is not None else None,
        compiled=_compile_arguments(model),
        layers=tuple(describe_layer(path, layer, feeds.get(path, ())) for path, layer in walk_layers(model)),
        inputs=_declared(model, "inputs"),
        outputs=_declared(model, "outputs"),
        losses={place: plain_attributes(loss) for place, loss in loss_objects(model)},
        metrics={place: constructor_arguments(metric) for place, metric in metric_objects(model)},
        states={path: _values(variable) for path, variable in walk_states(model)},
        held=comparable(held_objects(model)),
        trains=trained_paths(model, weights),
        custom=tuple(sorted(custom)),
        attributes=plain_names(model),
        floatx=str(keras_of(model).backend.floatx()),
    )


def loss_objects(model: Any) -> Iterator[tuple[str, Any]]:
    """Give every loss object that a model was compiled with, by its place in the argument."""
    if is_compiled(model):
        yield from (item for item in leaves(model.loss) if isinstance(item[1], classes("losses.Loss")))


def metric_objects(model: Any) -> Iterator[tuple[str, Any]]:
    """Give every metric object that a model was compiled with, by the argument and its place in it."""
    given = compile_given(model)
    for name in ("metrics", "weighted_metrics"):
        found = leaves(_of_one_output(given.get(name)))
        yield from ((f"{name}{place}", item) for place, item in found if _is_metric(item))


def _is_metric(item: Any) -> bool:
    """Say whether the user made a metric; tf_keras wraps one that was given by name, which the arguments compare."""
    is_wrapper = type(item).__name__ == "MeanMetricWrapper" and dialect_of(item) == KERAS_2
    return isinstance(item, classes("metrics.Metric")) and not is_wrapper


def _is_rebuilt(item: Any) -> bool:
    """Say whether a custom object is a class that a reload must build again; callbacks are not part of a model."""
    return isinstance(item, type) and not issubclass(item, classes("callbacks.Callback"))


def _values(variable: Any) -> Any:
    """Give the values of a variable as JSON, or their digest where they are too many for a manifest."""
    import numpy as np

    value = np.asarray(variable)
    return value.tolist() if value.size <= MOST_VALUES else _describe("", variable).digest


def _describe(path: str, variable: Any) -> VariableFacts:
    import numpy as np
    import tensorflow as tf

    # Of the tensor, which NumPy shares; of the variable, which Keras and TensorFlow copy: a second per GB
    value = np.asarray(tf.convert_to_tensor(variable))
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


def _optimizer_facts(name: str, optimizer: Any) -> Iterator[VariableFacts]:
    """Describe an optimizer's variables by position: their names hold layer names, which drift."""
    for index, variable in enumerate(optimizer_variables(optimizer)):
        yield _describe(f"{name}/{index}{_role(variable.name)}", variable)


def _role(name: str) -> str:
    """Give what a variable is to its optimizer; tf_keras names it by its layer, and otherwise after loading."""
    return "" if ":" in name else f"/{name.rsplit('_', 1)[-1]}"


def _compile_arguments(model: Any) -> Mapping[str, Any] | None:
    """Give the compile arguments as Keras serialises them, or ``None`` for a model that is not compiled."""
    if not is_compiled(model):
        return None
    keras = keras_of(model)
    try:
        config = dict(model.get_compile_config())
        config["optimizer"] = keras.saving.serialize_keras_object(
            model.optimizer
        )  # see formats.keras.whole_compile_config
    except Exception as error:  # noqa: BLE001 - the user's own get_config may raise anything; then nothing of it is kept
        return {"not serialisable": first_line(error)}
    return {
        key: _one_name(value, keras) if key in {"loss", "metrics", "weighted_metrics"} else value
        for key, value in comparable(json.loads(json.dumps(config, default=str))).items()
    }


def _of_one_output(value: Any) -> Any:
    """Give the metrics of a model with one output in the one way; ``.h5`` files of tf_keras list them by output."""
    return value[0] if isinstance(value, list) and len(value) == 1 and isinstance(value[0], list) else value


def _one_name(value: Any, keras: Any) -> Any:
    """Give a loss or metric one name: ``mse``, the function and its serialised form all mean the same."""
    if isinstance(value, list):
        return [_one_name(item, keras) for item in _of_one_output(value)]
    if isinstance(value, dict) and value.get("class_name") == "function":
        return value["config"]
    if isinstance(value, dict) and value.get("class_name") == "MeanMetricWrapper":  # what tf_keras makes of a name
        value = value["config"]["name"]
    if isinstance(value, dict) and "class_name" not in value:
        return {key: _one_name(item, keras) for key, item in value.items()}
    try:
        return keras.losses.get(value).__name__ if isinstance(value, str) else value
    except ValueError:  # a metric's name that is no loss, such as "accuracy"
        return value


def _declared(model: Any, name: str) -> tuple[TensorFacts, ...]:
    """Describe the inputs or outputs that a graph model declares; an unbuilt Sequential has none and says so loudly."""
    tensors = getattr(model, name, None) if is_graph(model) else None
    return tuple(TensorFacts(tensor.name, tuple(tensor.shape), dtype_name(tensor.dtype)) for tensor in tensors or ())
