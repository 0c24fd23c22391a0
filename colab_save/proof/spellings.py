"""Spell compile arguments alike: a loss, metric or optimizer by name, as an object, with or without its defaults.

`comparing` calls it for what differs as it was recorded. ``"mean_squared_error"`` and ``MeanSquaredError()`` are one
loss, and a key that is absent is the default of the constructor; ``MeanSquaredError(reduction="sum")`` is another one.
"""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Hashable, Mapping
from typing import Any, cast

from colab_save.dialect import import_dialect, is_numbered, is_of_keras, snake_case
from colab_save.model.describing import parameters_of
from colab_save.types import Json

MACHINE = frozenset({"is_legacy_optimizer", "jit_compile"})
"""What the config of a tf_keras optimizer says of the machine: it is compiled by XLA where there is a GPU."""

ACCURACY = re.compile(r"acc(uracy)?")
"""The names for which Keras chooses a metric by the shapes of targets and outputs."""

CHOSEN = frozenset({"BinaryAccuracy", "CategoricalAccuracy", "SparseCategoricalAccuracy"})
"""The metrics that it chooses from."""

REDUCTIONS = frozenset({"auto", "sum_over_batch_size"})
"""The reduction of a loss that nobody chose, in tf_keras and in Keras 3."""


def whole(compiled: Json, kind: str) -> Json:
    """Return compile arguments with the defaults of those that are absent.

    Args:
        compiled: See `ModelFacts.compiled`.
        kind: See `ModelFacts.kind`.
    """
    if not isinstance(compiled, Mapping):
        return compiled
    parameters = inspect.signature(import_dialect(kind).Model.compile).parameters
    defaults = {name: item.default for name, item in parameters.items() if item.default is not item.empty}
    return {**defaults, **compiled}


def spelled_alike(one: Json, other: Json, kind: str) -> tuple[Json, Json]:
    """Return two compile arguments, or lists or dicts of them, in the plainest spelling.

    ``"accuracy"`` is spelled as the metric that Keras chose for it on the other side.
    """
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = [spelled_alike(left, right, kind) for left, right in zip(one, other, strict=True)]
        return [left for left, _ in pairs], [right for _, right in pairs]
    if _is_by_name(one) and _is_by_name(other) and one.keys() == other.keys():
        named = {key: spelled_alike(one[key], other[key], kind) for key in one}
        return {key: pair[0] for key, pair in named.items()}, {key: pair[1] for key, pair in named.items()}
    left, right = _plainest(one, kind), _plainest(other, kind)
    return (right, right) if _is_chosen(left, right) or _is_chosen(right, left) else (left, right)


def is_default_loss(facts: Mapping[str, Json], kind: str) -> bool:
    """Return whether the facts of a loss object are those of the loss that Keras makes from its name."""
    reduction, given = facts.get("reduction", "auto"), facts.get("_fn_kwargs") or {}
    name = str(facts.get("name"))
    functions: Any = import_dialect(kind).losses
    function = getattr(functions, name, getattr(functions, name.removesuffix("_loss"), None))
    defaults = inspect.signature(function).parameters if callable(function) else {}
    return reduction in REDUCTIONS and all(key in defaults and defaults[key].default == given[key] for key in given)


def is_default_metric(facts: Mapping[str, Json]) -> bool:
    """Return whether the facts of a metric object, which leave defaults out, are those of one made from its name.

    An AUC makes thresholds of its own; its config has those that were given.
    """
    return facts.keys() <= {"fn", "thresholds"}


def without_number(name: Json) -> Json:
    """Return the name of an object without the number that Keras appends to the second of its class."""
    return re.sub(r"_\d+$", "", name) if isinstance(name, str) else name


def _is_by_name(value: Json) -> bool:
    return isinstance(value, Mapping) and "class_name" not in value


def _is_chosen(name: Json, made: Json) -> bool:
    """Return whether a metric is one that Keras may have chosen for a name."""
    if not isinstance(name, str) or not ACCURACY.fullmatch(name):
        return False
    return isinstance(made, Mapping) and made.get("class_name") in CHOSEN and made == {**made, "config": {"name": name}}


def _plainest(value: Json, kind: str) -> Json:
    """Return an argument in its plainest spelling: a loss or metric with default arguments is its name."""
    if isinstance(value, str):
        return snake_case(value) if value.isidentifier() else value
    if isinstance(value, list):
        return [_plainest(item, kind) for item in value]
    made = _chosen(value, kind)
    is_default = isinstance(made, Mapping) and made.get("config") == {} and is_of_keras(value.get("module"))
    return snake_case(made["class_name"]) if is_default else made


def _chosen(value: Json, kind: str) -> Json:
    """Return a serialised object with what somebody chose: no default, no made-up name, nothing of the machine."""
    if isinstance(value, list):
        return [_chosen(item, kind) for item in value]
    if not isinstance(value, Mapping):
        return value
    name, config = str(value.get("class_name")), value.get("config")
    if name == "function":
        return config
    if not isinstance(config, Mapping):
        return {key: _chosen(item, kind) for key, item in value.items()}
    snake, defaults = snake_case(name), _defaults(value, kind)
    chosen = {
        key: _chosen(item, kind)
        for key, item in config.items()
        if not _is_default(item, defaults.get(key, inspect.Parameter.empty))
        and not (key == "name" and is_numbered(snake, str(item).lower()))
        and not (key == "fn" and item == snake)
        and not (key == "dtype" and item == "float32")
        and key not in MACHINE
    }
    return {"class_name": name, "config": chosen}


def _is_default(value: Json, default: Any) -> bool:
    """Return whether a value is a default; an optimizer holds its learning rate in 32 bits."""
    if isinstance(value, float) and isinstance(default, float):
        return math.isclose(value, default, rel_tol=1e-7)
    return type(value) is type(default) and bool(value == default)


def _defaults(value: Mapping[str, Json], kind: str) -> Mapping[str, Any]:
    """Return the defaults of the constructor that a config is for; none for a class that is not Keras's own."""
    found: Any = import_dialect(kind) if is_of_keras(value.get("module")) else None
    for part in [*str(value.get("module")).split(".")[1:], value["class_name"]]:
        found = getattr(found, part, None)
    if not isinstance(found, type):
        return {}
    name = inspect.signature(found).parameters.get("name")
    return {**parameters_of(cast("Hashable", found)), **({"name": name.default} if name else {})}
