"""The objects that a custom ``compile`` gives a model: record them, and put them back after loading.

Keras does not call a custom ``compile`` when it loads. The optimizers, losses and functions that it put into attributes
are lost, and so is the state of those optimizers, although it is in the file (docs/losses.md §5; Keras 3.13.2 and
3.15.1). `examining` records them, `repairing` puts them back.
"""

from __future__ import annotations

import inspect
import json
import math
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from types import FunctionType
from typing import Any

from colab_save.artifact.facts import TensorFacts, comparable
from colab_save.dialect import (
    KERAS,
    KERAS_2,
    classes,
    dialect_of,
    dtype_name,
    is_compiled,
    is_trackable,
    keras_of,
    optimizer_variables,
)
from colab_save.model.attributes import BOOKKEEPING
from colab_save.model.walking import own_attributes, walk_objects
from colab_save.nested import leaves, map_structure
from colab_save.secrecy import concealed, is_secret
from colab_save.taking import Taking
from colab_save.types import Json, Model, Optimizer, Variable

MOST_TOGETHER = 16
"""The most items of a list or dict that is searched for optimizers."""

GONE = "gone"
"""What the paths of weights begin with that an optimizer trained and that the model has no more."""

PLAIN = (bool, int, float, str)
"""Kinds of plain arguments of a custom ``compile``: a temperature, a weight of a loss."""

OWN = "optimizer"
"""The attribute of a model's own optimizer."""


def compile_given(model: Model) -> dict[str, Any]:
    """Return the objects that were passed to Keras's ``compile``, by argument; empty where there are none.

    It reads a private attribute, since no public one has them: ``get_compile_config`` serialises them, which drops
    arguments (``keras/src/trainers/trainer.py``, Keras 3.13.2 and 3.15.1).
    """
    config = getattr(getattr(model, "_compile_config", None), "config", None)
    return config if isinstance(config, dict) else {}


def has_own_compile(model: Model) -> bool:
    """Return whether the class of a model defines its own ``compile``."""
    return type(model).compile is not keras_of(model).Model.compile


def is_optimizer(item: Any) -> bool:
    """Return whether an object is an optimizer of any Keras, a legacy one of tf_keras among them."""
    return isinstance(item, (*classes("optimizers.Optimizer"), *classes("optimizers.legacy.Optimizer")))


def is_legacy(optimizer: Any) -> bool:
    """Return whether an optimizer is a legacy one of tf_keras, whose state no ``.keras`` file of Keras 2 has."""
    return isinstance(optimizer, classes("optimizers.legacy.Optimizer")) and dialect_of(optimizer) == KERAS_2


def optimizers_of(model: Model) -> Iterator[tuple[str, Optimizer]]:
    """Yield every optimizer of a model by name: its own, of which tf_keras allows a list, and those in attributes.

    Those in a list or dict go by their place in it: ``optimizers[0]``.
    """
    if is_trackable(model):
        yield from optimizers_in(model)
        return
    own = [*leaves(getattr(model, "optimizer", None))]
    yield from ((f"{OWN}{place}", item) for place, item in own)
    known = {id(item) for _, item in own}
    for name, value in own_attributes(model):
        held = ((place, item) for place, item in _together(value) if is_optimizer(item) and id(item) not in known)
        yield from ((f"{name}{place}", item) for place, item in held)


def _together(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield what an attribute has: a value, or those in a short list or dict with their places."""
    if isinstance(value, (list, tuple, Mapping)):
        yield from Taking().fact("the items of an attribute", partial(_items_of, value), [])
    else:
        yield "", value


def _items_of(value: Any) -> list[tuple[str, Any]]:
    if len(value) > MOST_TOGETHER:
        return []
    items = value.items() if isinstance(value, Mapping) else enumerate(value)
    return [(f"[{key!r}]", item) for key, item in items]


def optimizers_in(module: Model) -> Iterator[tuple[str, Optimizer]]:
    """Yield every optimizer that a module, or anything in it, holds in an attribute, a list or a dict, by its path."""
    seen: set[int] = set()
    for path, node in walk_objects(module):
        named = own_attributes(node) if is_trackable(node) else sorted(vars(node).items(), key=lambda pair: pair[0])
        for key, value in named:
            for place, item in leaves(value):
                if is_optimizer(item) and id(item) not in seen:
                    seen.add(id(item))
                    yield f"{path}/{key.lstrip('_')}{place}".lstrip("/"), item


def held_objects(model: Model) -> Iterator[tuple[str, Any]]:
    """Yield the objects, numbers and texts that a custom ``compile`` may have put into attributes, by name.

    So is an optimizer that was set as the attribute of a model which is not compiled.
    """
    own = getattr(model, OWN, None)
    if isinstance(own, classes("optimizers.Optimizer")) and not is_compiled(model):
        yield OWN, own
    if has_own_compile(model):
        keras = keras_of(model)
        kinds, given = (keras.losses.Loss, keras.metrics.Metric, FunctionType), _own_arguments(model)
        named = ((name, value) for name, value in own_attributes(model) if name in vars(model))
        yield from (
            (name, value)
            for name, value in named
            if isinstance(value, kinds)
            or _are_optimizers(value)
            or (name in given and _is_described(value))
            or (type(value) in PLAIN and name not in BOOKKEEPING and not is_secret(name, value))
        )


def _own_arguments(model: Model) -> frozenset[str]:
    """Return the arguments that only the ``compile`` of a model's own class has: the sampler of a language model."""
    own = inspect.signature(type(model).compile).parameters
    return frozenset(own.keys() - inspect.signature(keras_of(model).Model.compile).parameters.keys())


def _is_described(value: Any) -> bool:
    """Return whether a value is an object that a config describes, and has no weights of its own."""
    is_layer = isinstance(value, (*classes("layers.Layer"), *classes("Model")))
    return hasattr(value, "get_config") and hasattr(type(value), "from_config") and not is_layer


def _are_optimizers(value: Any) -> bool:
    """Return whether a value is an optimizer, or a list or dict of them."""
    held = [item for _, item in _together(value)]
    return bool(held) and all(map(is_optimizer, held))


def serialised(model: Model, thing: Any) -> Json:
    """Return an object that a model holds as its Keras serialises it, in JSON values."""
    return concealed(json.loads(json.dumps(keras_of(model).saving.serialize_keras_object(thing))))


def trained_by(optimizer: Optimizer, weights: Iterable[Variable]) -> list[Variable] | None:
    """Return the weights that an optimizer was built for; ``None`` if they are not all among those that are given.

    It reads private attributes, since no public ones have them (``keras/src/optimizers/base_optimizer.py``, Keras
    3.13.2 and 3.15.1; ``tf_keras/src/optimizers/optimizer.py`` and ``legacy/optimizer_v2.py``, 2.20 and 2.21, which
    record only keys of weights).

    Args:
        optimizer: An optimizer of Keras 3 or tf_keras; any other object trains nothing.
        weights: The weights that it may train.
    """
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)  # one that scales the loss has the variables there
    places = getattr(optimizer, "_index_dict", None)
    if is_legacy(optimizer):
        places = {key: at for at, key in enumerate(optimizer._slots)}  # noqa: SLF001 - see above
    if dialect_of(optimizer) != KERAS_2 or places is None:
        return list(getattr(optimizer, "_trainable_variables", ()))
    by_place = {places[key]: item for item in weights if (key := getattr(item, "_unique_id", None)) in places}
    return [by_place[at] for at in sorted(by_place)] if len(by_place) == len(places) else None


def trained_paths(model: Model, weights: Iterable[tuple[str, Variable]]) -> dict[str, tuple[str, ...]]:
    """Return for each optimizer the paths of the weights that it trains, by the optimizer's name.

    Left out is a model's own optimizer where it trains what Keras has it train when it loads the model: its trainable
    weights as they are now.
    """
    return {name: tuple(path for path, _ in found) for name, found in _trained(model, weights).items()}


def gone_weights(model: Model, weights: Iterable[tuple[str, Variable]]) -> dict[str, TensorFacts]:
    """Return the weights that an optimizer trained and that the model has no more, by the paths of `trained_paths`.

    Quantising a layer replaces its kernel, and a head may be taken off. The optimizer still has their state, between
    that of the others.
    """
    found = [pair for pairs in _trained(model, weights).values() for pair in pairs if pair[0].startswith(GONE)]
    return {path: TensorFacts(path, tuple(map(int, item.shape)), dtype_name(item.dtype)) for path, item in found}


def _trained(model: Model, weights: Iterable[tuple[str, Variable]]) -> dict[str, list[tuple[str, Variable]]]:
    named = [(name, found) for name, found in optimizers_of(model) if is_built(found)]
    known = list(weights) if named else []
    paths = {id(variable): path for path, variable in known}
    if is_trackable(model):
        every = ((name, trained_by(found, [variable for _, variable in known]) or ()) for name, found in named)
        return {name: [(paths[id(item)], item) for item in found if id(item) in paths] for name, found in every}
    usual = [id(variable) for variable in model.trainable_variables] if named else []
    has_own = has_own_compile(model) or not is_compiled(model)
    # what another train_step() trains may also be no part of the model
    may_be_gone = dialect_of(model) == KERAS and type(model).train_step is keras_of(model).Model.train_step
    trained: dict[str, list[tuple[str, Variable]]] = {}
    for name, optimizer in named:
        found = trained_by(optimizer, [variable for _, variable in known]) or ()
        if name != OWN or has_own or is_legacy(optimizer) or [id(item) for item in found] != usual:
            pairs = ((paths.get(id(item), f"{GONE}/{name}/{at}"), item) for at, item in enumerate(found))
            trained[name] = [pair for pair in pairs if may_be_gone or id(pair[1]) in paths]
    return trained


def undecayed_paths(model: Model, weights: Iterable[tuple[str, Variable]]) -> dict[str, tuple[str, ...]]:
    """Return the paths of the weights that an optimizer excludes from its weight decay, by the optimizer's name.

    No config has them, and no public method tells them (``keras/src/optimizers/base_optimizer.py``, Keras 3.13.2 and
    3.15.1; ``tf_keras/src/optimizers/optimizer.py``, 2.20 and 2.21).
    """
    excluding = [item for item in optimizers_of(model) if "_exclude_from_weight_decay" in vars(item[1])]
    known = [pair for pair in weights if pair[1].trainable] if excluding else []
    found = {
        name: tuple(path for path, weight in known if not optimizer._use_weight_decay(weight))  # noqa: SLF001 - see above
        for name, optimizer in excluding
    }
    return {name: paths for name, paths in found.items() if paths}


def is_built(optimizer: Optimizer) -> bool:
    """Return whether an optimizer has its variables; tf_keras keeps that in a private attribute."""
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)
    if is_legacy(optimizer):
        return bool(optimizer_variables(optimizer))
    return bool(getattr(optimizer, "built", getattr(optimizer, "_built", False)))


def restore_compile(model: Model, path: Path, held: Mapping[str, Json]) -> list[str]:
    """Put back the objects of a custom ``compile``.

    Args:
        model: A model that Keras loaded.
        path: The ``.keras`` file.
        held: `held_objects` of the saved model.

    Returns:
        The attributes that were put back.
    """
    keras = keras_of(model)
    given = _own_arguments(model) if has_own_compile(model) else frozenset()
    missing = [name for name in held if getattr(model, name, None) is None or _is_other(model, name, held, given)]
    for name in missing:
        setattr(model, name, keras.saving.deserialize_keras_object(_registered(model, name, held[name])))
    if has_own_compile(model) and (config := _compile_config(path)):  # its constructor may have compiled it anew
        keras.Model.compile(model, **keras.saving.deserialize_keras_object(config))
    return missing


def _is_other(model: Model, name: str, held: Mapping[str, Json], given: frozenset[str]) -> bool:
    """Return whether a constructor has compiled a model with another argument of its own ``compile``."""
    value = vars(model).get(name)
    if name not in given or not (_is_described(value) or type(value) in PLAIN):
        return False
    now = comparable(Taking().fact(name, partial(serialised, model, value), None))
    return not is_optimizer(value) and now != held[name]


def _registered(model: Model, name: str, held: Json) -> Json:
    """Return what an attribute held, with the package that the class of its present value is registered in."""
    now = keras_of(model).saving.get_registered_name(type(vars(model).get(name)))
    package, is_registered, _ = now.partition(">")
    if not is_registered or not isinstance(held, dict) or "class_name" not in held or "registered_name" in held:
        return held
    return {**held, "module": None, "registered_name": f"{package}>{held['class_name']}"}


def rebuild_optimizers(
    model: Model,
    trains: Mapping[str, Iterable[str]],
    undecayed: Mapping[str, Iterable[str]],
    weights: Mapping[str, Variable],
) -> list[str]:
    """Build each optimizer for the weights that it trained; ``load_weights`` then reads its state.

    Args:
        model: A model that Keras loaded, compiled as it was.
        trains: `trained_paths` of the saved model.
        undecayed: `undecayed_paths` of the saved model.
        weights: The model's weights by path, and variables in place of those that are gone.

    Returns:
        The names of the optimizers that Keras had not built, or for other weights, or without what they exclude.
    """
    changed, optimizers = [], dict(optimizers_of(model))
    for name in dict.fromkeys([*trains, *undecayed]):
        optimizer = optimizers.get(name)
        if optimizer is None:
            continue
        spared = [weights[each] for each in undecayed.get(name, ()) if each in weights]
        now = (trained_by(optimizer, weights.values()) or []) if is_built(optimizer) else []
        wanted = [weights[each] for each in dict.fromkeys(trains[name]) if each in weights] if name in trains else now
        is_alike = not spared and [id(item) for item in now] == [id(item) for item in wanted]
        is_new = is_legacy(optimizer) and not is_built(optimizer)  # it may count its steps without any state
        if not is_new and (is_alike or not wanted):
            continue
        if is_built(optimizer):  # it takes neither other weights then nor what to exclude
            optimizer = _exchanged(model, name, optimizer)
        if spared:
            optimizer.exclude_from_weight_decay(var_list=spared)
        build(optimizer, wanted)
        changed.append(name)
    return changed


def build(optimizer: Optimizer, weights: list[Variable]) -> None:
    """Build an optimizer for weights; a legacy one has only the private method that Keras calls when it opens HDF5."""
    if is_legacy(optimizer):
        optimizer._create_all_weights(weights)  # noqa: SLF001 - see above
    else:
        optimizer.build(weights)


def _exchanged(model: Model, name: str, optimizer: Optimizer) -> Optimizer:
    """Put a new optimizer of the same config in the place of one, and return it."""
    made = type(optimizer).from_config(optimizer.get_config())
    attribute = name.partition("[")[0]
    held = getattr(model, attribute)
    setattr(model, attribute, map_structure(lambda item: made if item is optimizer else item, held))
    return made


def stand_ins(model: Model, gone: Mapping[str, TensorFacts], most: int) -> dict[str, Variable]:
    """Return variables in place of the weights that an optimizer trained and that the model has no more.

    Args:
        model: A model of Keras 3.
        gone: `gone_weights` of the saved model.
        most: The most elements of all of them: a payload with their state has at least as many bytes.
    """
    import numpy as np

    made: dict[str, Variable] = {}
    for path, each in gone.items():
        shape = [max(int(size or 0), 0) for size in each.shape]
        most -= math.prod(shape)
        if most >= 0:
            made[path] = keras_of(model).Variable(np.zeros(shape), dtype=each.dtype)
    return made


def _compile_config(path: Path) -> Json:
    """Read the arguments of Keras's own ``compile`` from a ``.keras`` file; ``None`` where it has none."""
    if not zipfile.is_zipfile(path):
        return None
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read("config.json")).get("compile_config")
