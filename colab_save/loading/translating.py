"""Translate arguments of Keras 2 for Keras 3: those of layers, of operations, and of ``compile``.

`converting` calls it with the layers of a ``tf_keras`` model. The tables hold the differences between tf_keras 2.20 and
Keras 3.13 to 3.15; everything else has the same name in both.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from typing import Any

from colab_save.dialect import is_of_keras
from colab_save.errors import FormatError
from colab_save.hints import option
from colab_save.model.compiling import compile_given
from colab_save.types import Layer, Model, Optimizer, Tensor

HINT = f"Without {option('convert')} it loads as a tf_keras model, which predicts and trains as before."
"""What to do with a model that cannot be converted."""

RENAMED = {("LeakyReLU", "alpha"): "negative_slope", ("Adam", "lr"): "learning_rate", ("SGD", "lr"): "learning_rate"}
"""New names of arguments that Keras 3 has renamed, by class and old name."""

IDLE = frozenset({
    "batch_input_shape", "groups", "implementation", "input_length", "is_legacy_optimizer", "jit_compile", "key_shape",
    "kernel_constraint", "kernel_initializer", "kernel_regularizer", "query_shape", "rng_type", "value_shape",
    "vocabulary_size",
})  # fmt: skip
"""Arguments that Keras 3 lacks and that do not change what the layer computes."""

OPERATIONS = {
    "__operators__.add": "add", "__operators__.getitem": "get_item", "cast": "cast", "concat": "concatenate",
    "expand_dims": "expand_dims", "linalg.matmul": "matmul", "math.abs": "abs", "math.add": "add", "math.exp": "exp",
    "math.log": "log", "math.maximum": "maximum", "math.minimum": "minimum", "math.multiply": "multiply",
    "math.negative": "negative", "math.pow": "power", "math.reduce_max": "max", "math.reduce_mean": "mean",
    "math.reduce_sum": "sum", "math.sigmoid": "sigmoid", "math.sqrt": "sqrt", "math.square": "square",
    "math.subtract": "subtract", "math.tanh": "tanh", "math.truediv": "true_divide", "nn.relu": "relu",
    "nn.sigmoid": "sigmoid", "nn.softmax": "softmax", "reshape": "reshape", "squeeze": "squeeze",
    "transpose": "transpose",
}  # fmt: skip
"""The name in ``keras.ops`` for each TensorFlow function that Keras 2 turns into a layer."""

BY_OUTPUT = ("accuracy", "acc", "crossentropy", "ce")
"""Names for which both versions of Keras choose a metric by the model's outputs."""


def layer_arguments(layer: Layer) -> tuple[Callable[..., Layer], dict[str, Any], list[str]]:
    """Return how to rebuild a layer of ``tf_keras`` with Keras 3.

    Returns:
        The class, its arguments, and those that were set and that Keras 3 lacks.

    Raises:
        FormatError: Keras 3 has no such layer.
    """
    import keras

    name = type(layer).__name__
    if not is_of_keras(type(layer).__module__):
        raise FormatError(f"The layer {layer.name} is of your own class {name}, which is written for Keras 2.", HINT)
    if name == "Lambda":
        return keras.layers.Lambda, {"function": layer.function, "arguments": layer.arguments, "name": layer.name}, []
    return _layer_from_config(name, layer.get_config())


def _layer_from_config(name: str, config: Mapping[str, Any]) -> tuple[Callable[..., Layer], dict[str, Any], list[str]]:
    """Return how to make a layer of a class from its config, as `layer_arguments` does."""
    import keras

    make = getattr(keras.layers, name, None)
    if make is None:
        raise FormatError(f"Keras 3 has no layer {name}.", HINT)
    accepted, dropped = _accepted(make, name, config)
    arguments = {key: _translated(value) for key, value in accepted.items()}
    if name.endswith("BatchNormalization") and isinstance(arguments["axis"], list):
        (arguments["axis"],) = arguments["axis"]
    return make, arguments, dropped


def _accepted(make: Any, name: str, config: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the arguments that a class of Keras 3 accepts, and those that were set and that it does not."""
    renamed = {RENAMED.get((name, key), key): value for key, value in config.items()}
    known = _parameters(make)
    accepted = _plain({key: value for key, value in renamed.items() if key in known})
    return accepted, [f"{key}={value}" for key, value in renamed.items() if key not in known | IDLE and value]


def _parameters(make: type) -> frozenset[str]:
    """Return the names of the arguments of a class, with those of its bases if it passes them on."""
    known: set[str] = set()
    for base in make.__mro__[:-1]:
        if "__init__" in vars(base):
            parameters = inspect.signature(vars(base)["__init__"]).parameters.values()
            known |= {item.name for item in parameters}
            if not any(item.kind is item.VAR_KEYWORD for item in parameters):
                break
    return frozenset(known)


def _plain(config: Mapping[str, Any]) -> dict[str, Any]:
    """Turn a config into JSON values: tf_keras leaves NumPy scalars in it."""
    made: dict[str, Any] = json.loads(json.dumps(config, default=lambda item: item.tolist()))
    return made


def _translated(value: Any) -> Any:
    """Translate a nested value of a config: cells and wrapped layers are made, a dtype policy becomes its name."""
    import keras

    if isinstance(value, list):
        return [_translated(item) for item in value]
    if not isinstance(value, dict) or not {"class_name", "config"} <= value.keys():
        return value
    name, config = value["class_name"], value["config"]
    if name == "Policy":
        return config["name"]
    is_layer = isinstance(made := getattr(keras.layers, name, None), type) and issubclass(made, keras.layers.Layer)
    if is_layer and value.get("module") in {None, "keras.layers"}:
        make, arguments, _ = _layer_from_config(name, config)
        return make(**arguments)
    return value


def operation(layer: Layer) -> Callable[..., Tensor] | None:
    """Return the function of Keras 3 for a layer that tf_keras made of a TensorFlow function; ``None`` for others.

    Raises:
        FormatError: Keras 3 has no such function.
    """
    import keras

    if type(layer).__name__ not in {"TFOpLambda", "SlicingOpLambda"}:
        return None
    name = OPERATIONS.get(layer.symbol)
    if name is None:
        raise FormatError(f"The model calls tf.{layer.symbol}, which has no layer in Keras 3.", HINT)
    function = None if name == "get_item" else getattr(keras.ops, name)

    def call(*args: Any, **kwargs: Any) -> Any:
        if function is None:
            return args[0][_index(args[1])]
        other = [kwargs.pop(key) for key in ("y",) if key in kwargs]
        return function(*args, *other, **{key: value for key, value in kwargs.items() if value is not None})

    return call


def _index(item: Any) -> Any:
    """Rebuild an index from a config of tf_keras, in which a slice is a dict."""
    if isinstance(item, dict):
        return slice(item["start"], item["stop"], item["step"])
    return tuple(map(_index, item)) if isinstance(item, (list, tuple)) else item


def compile_arguments(model: Model) -> tuple[dict[str, Any], list[str]]:
    """Return the compile arguments of a ``tf_keras`` model, translated for Keras 3.

    Returns:
        The arguments of ``compile``, and what was left out, one sentence each.

    Raises:
        FormatError: Keras 3 has no such optimizer or loss.
    """
    import keras

    given, notes = compile_given(model), list[str]()
    arguments = {key: given.get(key) for key in ("loss_weights", "run_eagerly", "steps_per_execution")}
    arguments = {key: value for key, value in arguments.items() if value is not None}
    arguments["optimizer"] = _optimizer(model.optimizer, notes)
    arguments["loss"] = _counterpart(model.loss, keras.losses)
    for key in ("metrics", "weighted_metrics"):
        if given.get(key):
            arguments[key] = _metrics(given[key], notes)
    return arguments, notes


def _optimizer(old: Optimizer, notes: list[str]) -> Optimizer:
    import keras

    old = getattr(old, "inner_optimizer", old)  # a wrapper that scales losses; Keras 3 does that by itself
    name = type(old).__name__
    make = getattr(keras.optimizers, name, None)
    if make is None:
        raise FormatError(f"Keras 3 has no optimizer {name}.", HINT)
    arguments, dropped = _accepted(make, name, old.get_config())
    if isinstance(arguments.get("learning_rate"), dict):
        arguments["learning_rate"] = keras.optimizers.schedules.deserialize(arguments["learning_rate"])
    notes += [f"{name} of Keras 3 has no {item}; it was left out." for item in dropped]
    return make(**arguments)


def _counterpart(old: Any, module: Any) -> Any:
    """Return Keras 3's counterpart of a loss or a metric, as ``compile`` takes it; the user's functions are unchanged.

    Raises:
        FormatError: Keras 3 has none.
    """
    if isinstance(old, (list, tuple)):
        return [_counterpart(item, module) for item in old]
    if isinstance(old, Mapping):
        return {key: _counterpart(item, module) for key, item in old.items()}
    if old is None or isinstance(old, str):
        return old
    is_function = not hasattr(old, "get_config")
    kind = old if is_function else type(old)
    name, is_own = kind.__name__, not is_of_keras(kind.__module__)
    if is_function:
        return old if is_own else name
    if name == "MeanMetricWrapper":  # tf_keras turns a name into one
        return old.name
    make = getattr(module, name, None)
    if make is None or is_own:
        raise FormatError(f"Keras 3 has no {name}.", HINT)
    arguments, _ = _accepted(make, name, old.get_config())
    return make(**{key: value for key, value in arguments.items() if value is not None and value != "auto"})


def _metrics(old: Any, notes: list[str]) -> Any:
    """Return the counterparts of metrics, with a note for each that Keras 3 lacks."""
    import keras

    if isinstance(old, Mapping):
        return {key: _metrics(item, notes) for key, item in old.items()}
    if isinstance(old, (list, tuple)):
        found = (_metrics(item, notes) for item in old)
        return [item for item in found if item is not None]
    try:
        made = _counterpart(old, keras.metrics)
        if isinstance(made, str) and made not in BY_OUTPUT:
            keras.metrics.get(made)
    except (FormatError, ValueError):
        notes.append(f"Keras 3 has no metric {getattr(old, 'name', old)}; it was left out.")
        return None
    return made
