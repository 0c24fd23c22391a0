"""Find what the parts of a collection share: models by name in, a `Shared` for each object that two hold out.

`splitting` records it, of the live collection and of the one that came back; `rejoining` makes it one object again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from colab_save.artifact.collection import Shared
from colab_save.model.walking import walk_layers, walk_variables
from colab_save.types import Model


def shared_between(models: Mapping[str, Model]) -> tuple[Shared, ...]:
    """Return what two models hold: the outermost layers, then the weights outside these, then optimizers.

    Args:
        models: The live or reloaded models by the name of the part.
    """
    layers = {name: list(walk_layers(model)) for name, model in models.items()}
    order = _owners_first(models, layers)
    found = list(_shared_layers({name: layers[name] for name in order}))
    inside = {id(weight) for each in found for _, weight in walk_variables(_at(layers[each.part], each.path))}
    weights = {name: walk_variables(models[name]) for name in order}
    others = {name: [pair for pair in weights[name] if id(pair[1]) not in inside] for name in order}
    found += (Shared(*each, "weight", 1) for each in _held_twice(others))
    optimizers = {name: [("optimizer", getattr(models[name], "optimizer", None))] for name in order}
    set_ones = {name: [pair for pair in held if pair[1] is not None] for name, held in optimizers.items()}
    return (*found, *(Shared(*each, "optimizer") for each in _held_twice(set_ones)))


def _owners_first(models: Mapping[str, Model], layers: Mapping[str, list[tuple[str, Any]]]) -> list[str]:
    """Return the names with a model that is a layer of another before that, else in their own order."""
    names = {id(model): name for name, model in models.items()}
    inner = {name: [names[id(item)] for path, item in layers[name] if path and id(item) in names] for name in models}
    try:
        return list(TopologicalSorter(inner).static_order())
    except CycleError:  # two models that hold each other
        return list(models)


def _shared_layers(layers: Mapping[str, list[tuple[str, Any]]]) -> Iterator[Shared]:
    """Yield the shared layers that are in no other shared layer of the same part."""
    outer: dict[str, list[str]] = {}
    for part, path, owner, place in _held_twice(layers):
        known = outer.setdefault(part, [])
        if not any(path.startswith(f"{each}/") for each in known):
            known.append(path)
            count = sum(1 for _ in walk_variables(_at(layers[part], path)))
            yield Shared(part, path, owner, place, weights=count)


def _held_twice(held: Mapping[str, list[tuple[str, Any]]]) -> Iterator[tuple[str, str, str, str]]:
    """Yield each object of a part that an earlier one holds, too: both names and both places."""
    first: dict[int, tuple[str, str]] = {}
    for part, items in held.items():
        for path, item in items:
            owner, place = first.setdefault(id(item), (part, path))
            if owner != part:
                yield part, path, owner, place


def _at(layers: list[tuple[str, Any]], path: str) -> Any:
    return next(item for place, item in layers if place == path)
