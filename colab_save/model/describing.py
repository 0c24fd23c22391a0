"""Take the facts of one layer, loss or metric from the live object's attributes, independent of its ``get_config``.

`examining` calls it for every such object in a model. Of the user's code ``get_build_config``, ``get_vocabulary``,
properties and, for graph models, ``get_config`` run here; what they raise costs one fact, see `Taking`.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import inspect
import itertools
import json
from collections.abc import Hashable, Iterator, Mapping
from contextvars import ContextVar
from functools import partial
from typing import Any, cast

from colab_save.artifact.facts import DIGEST, LayerFacts
from colab_save.dialect import TENSORFLOW_INITIALIZERS, classes, is_numbered, is_of_keras, keras_of, snake_case
from colab_save.model.walking import is_graph, named_layers, walk_layers
from colab_save.secrecy import WITHHELD, secret_within
from colab_save.taking import Taking
from colab_save.types import Json, Layer, Model

LONGEST = 400
"""The longest argument that facts hold, in characters; a longer one is recorded by its digest."""

MOST_COLLECTED = 1 << 20
"""The longest value that `long_values` collects, in characters."""

_LONG: ContextVar[dict[str, Json] | None] = ContextVar("colab_save_long_values", default=None)

PASSING = frozenset({"_allow_sum_over_batch_size"})
"""Attributes that tf_keras sets in a loss object once the model has been trained."""

COMMON = frozenset({"self", "args", "kwargs", "name", "dtype", "trainable", "autocast"})
"""Arguments that every layer has; other facts record them, or none needs to."""


@contextlib.contextmanager
def long_values() -> Iterator[dict[str, Json]]:
    """Collect the values of which facts hold a digest only, by that digest, while layers are described."""
    found: dict[str, Json] = {}
    token = _LONG.set(found)
    try:
        yield found
    finally:
        _LONG.reset(token)


def describe_layer(path: str, layer: Layer, inputs: tuple[str, ...], taking: Taking) -> LayerFacts:
    """Take the facts of one layer.

    Args:
        path: See `LayerFacts`.
        layer: A live Keras layer.
        inputs: See `LayerFacts`.
        taking: Takes each of them.
    """
    take, name = taking.fact, path or "the model"
    return LayerFacts(
        path=path,
        class_name=type(layer).__name__,
        trainable=take(f"trainable.{path or '.'}", lambda: bool(layer.trainable), otherwise=True),
        dtype=take(f"{name}.dtype", lambda: str(getattr(layer.dtype_policy, "name", layer.dtype_policy)), ""),
        arguments={**constructor_arguments(layer, name, taking), **_vocabulary(layer, name, taking)},
        build=take(f"the build config of {name}", lambda: _build_config(layer), None),
        shape=take(f"the output of {name}", lambda: output_shape(layer), None),
        inputs=inputs,
    )


def _build_config(layer: Layer) -> Json:
    """Return for what shapes a layer was built.

    The classes of a package may say nothing of it, and make parts only when they are built, as the preprocessors of
    keras_hub do (``PreprocessingLayer.get_build_config``, 0.32.0); Keras's own base class knows.
    """
    config = layer.get_build_config() if layer.built else None
    if config is None and layer.built:
        config = keras_of(layer).layers.Layer.get_build_config(layer)
    return json.loads(json.dumps(config, default=str))


def constructor_arguments(thing: Any, place: str, taking: Taking) -> dict[str, Json]:
    """Read the constructor's arguments back from an object's attributes, as JSON; defaults are left out.

    An argument is read from an attribute of its name, with or without an underscore before it. Values that JSON
    cannot hold, such as layers and tensors, are left to other facts.
    """
    found: dict[str, Json] = {}
    known = vars(thing)
    for name, default in parameters_of(cast("Hashable", type(thing))).items():
        attribute = name if name in known else f"_{name}"
        if attribute in known:
            found |= taking.fact(f"{place}.{name}", partial(_argument, name, known[attribute], default), {})
    return found


def _argument(name: str, value: Any, default: Any) -> dict[str, Json]:
    if secret_within(name, value):
        return {name: WITHHELD}
    with contextlib.suppress(TypeError, ValueError):
        text = json.dumps(_plain(value), sort_keys=True)
        if text != _as_default(default):
            return {name: _readable(text) if len(text) <= LONGEST else _digest(text, _readable(text))}
    return {}


def _as_default(default: Any) -> str:
    with contextlib.suppress(TypeError, ValueError):
        return json.dumps(_plain(default), sort_keys=True)
    return ""


def plain_attributes(thing: Any) -> dict[str, Json]:
    """Return the attributes of an object that JSON can hold."""
    found = {}
    for name, value in vars(thing).items():
        if name in PASSING:
            continue
        if secret_within(name, value):
            found[name] = WITHHELD
            continue
        with contextlib.suppress(TypeError, ValueError):
            found[name] = _readable(json.dumps(value))
    return found


def _readable(text: str) -> Json:
    value = json.loads(text)
    json.dumps(value, ensure_ascii=False).encode()  # half characters raise a ValueError: no file can hold them
    return value


@functools.cache
def parameters_of(cls: Hashable) -> Mapping[str, Any]:
    """Return the named arguments of the constructors of a class and its bases, with their defaults."""
    found: dict[str, Any] = {}
    for base in reversed(cast("type", cls).__mro__[:-1]):
        with contextlib.suppress(TypeError, ValueError):  # a constructor in C has no signature
            parameters = inspect.signature(vars(base).get("__init__", object.__init__)).parameters.values()
            named = [item for item in parameters if item.kind not in {item.VAR_POSITIONAL, item.VAR_KEYWORD}]
            found.update({item.name: item.default for item in named if item.name not in COMMON})
    return found


def _plain(value: Any) -> Json:
    """Turn an argument into JSON values.

    Raises:
        TypeError: JSON cannot hold it.
    """
    import numpy as np

    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist() if value.size <= LONGEST else _digest(value.tobytes())
    module = type(value).__module__
    if hasattr(value, "get_config") and (is_of_keras(module) or module == TENSORFLOW_INITIALIZERS):
        if hasattr(value, "build"):
            raise TypeError("a layer among the arguments is examined by itself")
        return {type(value).__name__: _config(value)}
    if callable(value):
        return getattr(value, "__name__", type(value).__name__)
    if value is None or isinstance(value, (str, int, float)):
        return value
    raise TypeError(f"JSON cannot hold a {type(value).__name__}")


def _config(thing: Any) -> Json:
    """Return the config of one of Keras's initializers, regularizers or constraints, without entries that are None.

    Names that Keras made up are left out, since they count up: ``seed_generator_8``.
    """
    config = json.loads(json.dumps(thing.get_config(), default=lambda item: type(item).__name__))
    if is_numbered(snake_case(type(thing).__name__), str(config.get("name"))):
        del config["name"]
    return {key: item for key, item in config.items() if item is not None}


def _digest(data: str | bytes, value: Json = None) -> str:
    """Return the digest of a long value, which `long_values` collects unless there is none that JSON can hold."""
    raw = data.encode() if isinstance(data, str) else data
    digest = f"{DIGEST}{hashlib.sha256(raw).hexdigest()}"
    collected = _LONG.get()
    if collected is not None and value is not None and len(raw) <= MOST_COLLECTED:
        collected[digest] = value
    return digest


def vocabulary_of(layer: Layer) -> list[str] | None:
    """Return the words of a layer that has a vocabulary, in its order; ``None`` for any other."""
    if not hasattr(layer, "get_vocabulary"):
        return None
    found = layer.get_vocabulary()
    words = [str(word) for word in found]
    return sorted(words) if isinstance(found, (set, frozenset)) else words  # a set has another order in each process


def _vocabulary(layer: Layer, place: str, taking: Taking) -> dict[str, Json]:
    """Return the size and digest of a preprocessing layer's vocabulary, which is in neither config nor weights."""

    def read() -> dict[str, Json]:
        words = vocabulary_of(layer)
        return {} if words is None else {"vocabulary": [len(words), _digest("\0".join(words), words)]}

    return taking.fact(f"{place}.vocabulary", read, {})


def output_shape(layer: Layer) -> tuple[int | None, ...] | None:
    """Return the shape of a layer's first output; ``None`` unless it was called on symbolic tensors.

    A layer of the user's may have an ``output`` of its own, which is anything and may raise anything.
    """
    with contextlib.suppress(AttributeError, ValueError, RuntimeError):  # as Keras reports "never called"
        output = layer.output
        while isinstance(output, (list, tuple, Mapping)):
            output = next(iter(output.values() if isinstance(output, Mapping) else output))
        return tuple(None if size is None else int(size) for size in output.shape)
    return None


def feeds_of(model: Model, taking: Taking) -> dict[str, tuple[str, ...]]:
    """Return for each layer of a graph model, and of those nested in it, the paths of the layers that feed it."""
    found: dict[str, tuple[str, ...]] = {}
    for path, layer in walk_layers(model):
        found |= taking.fact(f"the connections of {path or 'the model'}", partial(_feeds_in, path, layer, model), {})
    return found


def _feeds_in(path: str, layer: Layer, root: Model) -> dict[str, tuple[str, ...]]:
    """Return the feeds of the layers of one graph model, by their paths; none for any other layer."""
    if not hasattr(layer, "layers") or not is_graph(layer):
        return {}
    names = {part.name: f"{path}/{name}" if path else name for name, part in named_layers(layer, root)}
    return {names[to]: tuple(names[item] for item in before) for to, before in _feeds(layer, names)}


def _feeds(model: Model, names: Mapping[str, str]) -> Iterator[tuple[str, list[str]]]:
    """Yield the layers of one graph model with those that feed them, by Keras's names, as in its config."""
    if isinstance(model, classes("Sequential")):
        chain = [layer.name for layer in model.layers]
        yield from ((to, [before]) for before, to in itertools.pairwise(chain))
        return
    for item in model.get_config().get("layers", ()):
        before = [name for name in dict.fromkeys(_histories(item.get("inbound_nodes"))) if name in names]
        if item.get("name") in names:
            yield item["name"], before


def _histories(node: Json) -> Iterator[str]:
    """Yield the names of the layers whose tensors a node was called on (``keras_history`` in a functional config)."""
    if isinstance(node, Mapping):
        history = node.get("keras_history")
        yield from [str(history[0])] if history else []
        for item in node.values():
            yield from _histories(item)
    elif isinstance(node, (list, tuple)):
        if len(node) > 2 and isinstance(node[0], str) and isinstance(node[1], int):  # a tensor, as tf_keras writes it
            yield node[0]
        for item in node:
            yield from _histories(item)
