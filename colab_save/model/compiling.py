"""The objects that a custom ``compile`` gives a model: record them, and put them back after loading.

Keras does not call a custom ``compile`` when it loads. The optimizers, losses and functions that it put into attributes
are lost, and so is the state of those optimizers, although it is in the file (docs/losses.md §5; Keras 3.13.2 and
3.15.1). `examining` records them, `repairing` puts them back.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import FunctionType
from typing import Any

from colab_save.dialect import KERAS_2, classes, dialect_of, is_compiled, keras_of, optimizer_variables
from colab_save.model.attributes import BOOKKEEPING
from colab_save.model.walking import own_attributes
from colab_save.nested import leaves
from colab_save.secrecy import is_secret
from colab_save.types import Json, Model, Optimizer, Variable

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


def optimizers_of(model: Model) -> Iterator[tuple[str, Optimizer]]:
    """Yield every optimizer of a model by name: its own, of which tf_keras allows a list, and those in attributes."""
    own = [*leaves(getattr(model, "optimizer", None))]
    yield from ((f"{OWN}{place}", item) for place, item in own)
    known = {id(item) for _, item in own}
    for name, item in own_attributes(model):
        if isinstance(item, classes("optimizers.Optimizer")) and id(item) not in known:
            yield name, item


def held_objects(model: Model) -> Iterator[tuple[str, Any]]:
    """Yield the objects, numbers and texts that a custom ``compile`` may have put into attributes, by name.

    So is an optimizer that was set as the attribute of a model which is not compiled.
    """
    own = getattr(model, OWN, None)
    if isinstance(own, classes("optimizers.Optimizer")) and not is_compiled(model):
        yield OWN, own
    if has_own_compile(model):
        keras = keras_of(model)
        kinds = (keras.optimizers.Optimizer, keras.losses.Loss, keras.metrics.Metric, FunctionType)
        named = ((name, value) for name, value in own_attributes(model) if name in vars(model))
        yield from (
            (name, value)
            for name, value in named
            if isinstance(value, kinds)
            or (type(value) in PLAIN and name not in BOOKKEEPING and not is_secret(name, value))
        )


def serialised(model: Model, thing: Any) -> Json:
    """Return an object that a model holds as its Keras serialises it, in JSON values."""
    return json.loads(json.dumps(keras_of(model).saving.serialize_keras_object(thing)))


def trained_by(optimizer: Optimizer, weights: Iterable[Variable]) -> list[Variable] | None:
    """Return the weights that an optimizer was built for; ``None`` for a legacy optimizer, which does not record them.

    It reads private attributes, since no public ones have them (``keras/src/optimizers/base_optimizer.py``, Keras
    3.13.2 and 3.15.1; ``tf_keras/src/optimizers/optimizer.py``, 2.20 and 2.21, which records only keys of weights).

    Args:
        optimizer: An optimizer of Keras 3 or tf_keras; any other object trains nothing.
        weights: The weights that it may train.
    """
    if isinstance(optimizer, classes("optimizers.legacy.Optimizer")):
        return None if optimizer_variables(optimizer) else []
    places = getattr(optimizer, "_index_dict", None)
    if dialect_of(optimizer) != KERAS_2 or places is None:
        return list(getattr(optimizer, "_trainable_variables", ()))
    by_place = {places[key]: item for item in weights if (key := getattr(item, "_unique_id", None)) in places}
    return [by_place[at] for at in sorted(by_place)] if len(by_place) == len(places) else None


def trained_paths(model: Model, weights: Iterable[tuple[str, Variable]]) -> dict[str, tuple[str, ...]]:
    """Return for each optimizer the paths of the weights that it trains, by the optimizer's name.

    Left out is a model's own optimizer where it trains what Keras has it train when it loads the model: its trainable
    weights as they are now.
    """
    named = [(name, found) for name, found in optimizers_of(model) if is_built(found)]
    known = list(weights) if named else []
    paths = {id(variable): path for path, variable in known}
    trained = ((name, trained_by(found, [variable for _, variable in known]) or ()) for name, found in named)
    usual = [id(variable) for variable in model.trainable_variables] if named else []
    has_own = has_own_compile(model) or not is_compiled(model)
    return {
        name: tuple(paths[id(item)] for item in found if id(item) in paths)
        for name, found in trained
        if name.partition("[")[0] != OWN or has_own or [id(item) for item in found] != usual
    }


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
    missing = [name for name in held if getattr(model, name, None) is None]
    for name in missing:
        setattr(model, name, keras.saving.deserialize_keras_object(dict(held[name])))
    if has_own_compile(model) and (config := _compile_config(path)):  # its constructor may have compiled it anew
        keras.Model.compile(model, **keras.saving.deserialize_keras_object(config))
    return missing


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
        weights: The model's weights by path.

    Returns:
        The names of the optimizers that Keras had not built, or for other weights, or without what they exclude.
    """
    changed = []
    for name in dict.fromkeys([*trains, *undecayed]):
        optimizer, spared = (
            getattr(model, name, None),
            [weights[each] for each in undecayed.get(name, ()) if each in weights],
        )
        if not isinstance(optimizer, keras_of(model).optimizers.Optimizer):
            continue
        now = (trained_by(optimizer, weights.values()) or []) if is_built(optimizer) else []
        wanted = [weights[each] for each in trains[name] if each in weights] if name in trains else now
        if not wanted or (not spared and [id(item) for item in now] == [id(item) for item in wanted]):
            continue
        if is_built(optimizer):  # it takes neither other weights then nor what to exclude
            optimizer = type(optimizer).from_config(optimizer.get_config())
            setattr(model, name, optimizer)
        if spared:
            optimizer.exclude_from_weight_decay(var_list=spared)
        optimizer.build(wanted)
        changed.append(name)
    return changed


def _compile_config(path: Path) -> Json:
    """Read the arguments of Keras's own ``compile`` from a ``.keras`` file; ``None`` where it has none."""
    if not zipfile.is_zipfile(path):
        return None
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read("config.json")).get("compile_config")
