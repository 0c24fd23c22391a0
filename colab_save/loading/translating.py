"""What Keras 2 was given, as Keras 3 takes it: the arguments of layers, of operations, and of ``compile``.

`converting` calls it with the layers of a ``tf_keras`` model. The tables name what differs between tf_keras 2.20 and
Keras 3.13 to 3.15; everything else has one name in both.
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

HINT = f"Without {option('convert')} it comes back as a tf_keras model, which predicts and trains as it did."
"""What to do with a model that cannot be converted."""

RENAMED = {("LeakyReLU", "alpha"): "negative_slope", ("Adam", "lr"): "learning_rate", ("SGD", "lr"): "learning_rate"}
"""Arguments that Keras 3 calls otherwise, by class and name."""

IDLE = frozenset({
    "batch_input_shape", "groups", "implementation", "input_length", "is_legacy_optimizer", "jit_compile", "key_shape",
    "kernel_constraint", "kernel_initializer", "kernel_regularizer", "query_shape", "rng_type", "value_shape",
    "vocabulary_size",
})  # fmt: skip
"""Arguments that Keras 3 has not, and that changed nothing of what the layer computes."""

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
"""What a layer that Keras 2 made of a TensorFlow function is in ``keras.ops``."""

BY_OUTPUT = ("accuracy", "acc", "crossentropy", "ce")
"""Names of metrics that both Keras make one of by the model's outputs."""


def layer_arguments(layer: Any) -> tuple[Callable[..., Any], dict[str, Any], list[str]]:
    """Say how to make a layer of ``tf_keras`` with Keras 3.

    Returns:
        The class, its arguments, and what was set and Keras 3 has not.

    Raises:
        FormatError: Keras 3 has no such layer.
    """
    import keras

    name = type(layer).__name__
    if not is_of_keras(type(layer).__module__):
        raise FormatError(f"The layer {layer.name} is of your own class {name}, which is made for Keras 2.", HINT)
    if name == "Lambda":
        return keras.layers.Lambda, {"function": layer.function, "arguments": layer.arguments, "name": layer.name}, []
    return _making(name, layer.get_config())


def _making(name: str, config: Mapping[str, Any]) -> tuple[Callable[..., Any], dict[str, Any], list[str]]:
    """Say how to make a layer of that class from its config."""
    import keras

    make = getattr(keras.layers, name, None)
    if make is None:
        raise FormatError(f"Keras 3 has no layer {name}.", HINT)
    given, dropped = _fitting(make, name, config)
    arguments = {key: _translated(value) for key, value in given.items()}
    if name.endswith("BatchNormalization") and isinstance(arguments["axis"], list):
        (arguments["axis"],) = arguments["axis"]
    return make, arguments, dropped


def _fitting(make: Any, name: str, given: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Keep the arguments that a class of Keras 3 takes, and name those that it does not, where they were set."""
    renamed = {RENAMED.get((name, key), key): value for key, value in given.items()}
    known = _parameters(make)
    kept = _plain({key: value for key, value in renamed.items() if key in known})
    return kept, [f"{key}={value}" for key, value in renamed.items() if key not in known | IDLE and value]


def _parameters(make: type) -> frozenset[str]:
    """Name what a class takes: its own arguments, and those of its bases as far as it passes them on."""
    known: set[str] = set()
    for base in make.__mro__[:-1]:
        if "__init__" in vars(base):
            parameters = inspect.signature(vars(base)["__init__"]).parameters.values()
            known |= {item.name for item in parameters}
            if not any(item.kind is item.VAR_KEYWORD for item in parameters):
                break
    return frozenset(known)


def _plain(config: Mapping[str, Any]) -> dict[str, Any]:
    """Turn a config into JSON values; tf_keras leaves NumPy scalars in it."""
    made: dict[str, Any] = json.loads(json.dumps(config, default=lambda item: item.tolist()))
    return made


def _translated(value: Any) -> Any:
    """Turn what is nested in a config: cells and wrapped layers are made, a dtype policy is its name."""
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
        make, arguments, _ = _making(name, config)
        return make(**arguments)
    return value


def operation(layer: Any) -> Callable[..., Any] | None:
    """Give the function of Keras 3 for a layer that tf_keras made of a TensorFlow function; ``None`` for others.

    Raises:
        FormatError: There is none.
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
    """Make an index of what tf_keras keeps of one: a slice is a dict."""
    if isinstance(item, dict):
        return slice(item["start"], item["stop"], item["step"])
    return tuple(map(_index, item)) if isinstance(item, (list, tuple)) else item


def compile_arguments(model: Any) -> tuple[dict[str, Any], list[str]]:
    """Give what a model of ``tf_keras`` was compiled with, as Keras 3 takes it.

    Returns:
        The arguments of ``compile``, and what could not be kept, one sentence each.

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


def _optimizer(old: Any, notes: list[str]) -> Any:
    import keras

    old = getattr(old, "inner_optimizer", old)  # Keras 3 scales losses by itself
    name = type(old).__name__
    make = getattr(keras.optimizers, name, None)
    if make is None:
        raise FormatError(f"Keras 3 has no optimizer {name}", HINT)
    arguments, dropped = _fitting(make, name, old.get_config())
    if isinstance(arguments.get("learning_rate"), dict):
        arguments["learning_rate"] = keras.optimizers.schedules.deserialize(arguments["learning_rate"])
    notes += [f"{name} of Keras 3 has no {item}; it was left out." for item in dropped]
    return make(**arguments)


def _counterpart(old: Any, module: Any) -> Any:
    """Give what ``compile`` takes in place of a loss or a metric; a function of the user's own is taken as it is.

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
    if name == "MeanMetricWrapper":  # what tf_keras makes of a name
        return old.name
    make = getattr(module, name, None)
    if make is None or is_own:
        raise FormatError(f"Keras 3 has no {name}", HINT)
    arguments, _ = _fitting(make, name, old.get_config())
    return make(**{key: value for key, value in arguments.items() if value is not None and value != "auto"})


def _metrics(old: Any, notes: list[str]) -> Any:
    """Give the metrics that Keras 3 has too."""
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
