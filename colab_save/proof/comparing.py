"""Compare the facts of two models, aspect by aspect; pure.

`verdicts` turns the differences into verdicts. Outputs are not facts: `tolerances.compare_outputs` compares them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from colab_save.artifact.facts import DIGEST, LayerFacts, ModelFacts, TensorFacts, VariableFacts, given_name
from colab_save.artifact.round_trip import Aspect
from colab_save.proof.spellings import is_default_loss, is_default_metric, spelled_alike, whole, without_number
from colab_save.quoting import differing
from colab_save.types import Json


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where two models differ, with both values in words."""

    where: str
    expected: str
    actual: str

    def __str__(self) -> str:
        return f"{self.where}: expected {self.expected}, got {self.actual}"


def compare_weights(expected: ModelFacts, actual: ModelFacts) -> list[Difference]:
    """Compare every weight by path and digest, never by count."""
    return list(_compare_variables(expected.variables, actual.variables))


def compare_training(expected: ModelFacts, actual: ModelFacts) -> list[Difference]:
    """Compare the state that training continues from: compile arguments, optimizer, iterations, trainable map.

    Before its first step an optimizer has no slot variables, while Keras creates them (as zeros) in a load: variables
    that only the reloaded optimizer has are therefore not a difference.
    """
    kind = expected.kind
    found = list(_compare_maps("compile", expected.compiled, actual.compiled))
    if found:
        before, after = (whole(facts.compiled, kind) for facts in (expected, actual))
        found = list(_compare_maps("compile", *spelled_alike(before, after, kind)))
    found += _compare_objects(expected, actual)
    if expected.held != actual.held:
        found += _compare_maps("held", *spelled_alike(expected.held, actual.held, kind))
    found += _compare_maps("excluded from weight_decay", expected.undecayed, actual.undecayed)
    found += _compare_maps("state", expected.states, actual.states)
    if expected.iterations != actual.iterations:
        found.append(Difference("iterations", str(expected.iterations), str(actual.iterations)))
    known = {variable.path for variable in expected.optimizer}
    found += _compare_variables(expected.optimizer, tuple(item for item in actual.optimizer if item.path in known))
    before, after = (
        {path or ".": layer.trainable for path, layer in _by_path(facts).items()} for facts in (expected, actual)
    )
    return [*found, *_compare_maps("trainable", before, after)]


def _compare_objects(expected: ModelFacts, actual: ModelFacts) -> Iterator[Difference]:
    """Compare loss and metric objects; what only one side has as an object is a name with defaults on the other."""
    for where, wanted, got in (("loss", expected.losses, actual.losses), ("metric", expected.metrics, actual.metrics)):
        for place in sorted({*wanted, *got}):
            before, after = wanted.get(place), got.get(place)
            if before is None or after is None:
                one: Mapping[str, Json] = before or after or {}
                if is_default_loss(one, expected.kind) if where == "loss" else is_default_metric(one):
                    continue
            elif without_number(before.get("name")) == without_number(after.get("name")):
                after = {**after, "name": before.get("name")}
            yield from _compare_maps(f"{where}.{place}", before, after)


def compare_structure(expected: ModelFacts, actual: ModelFacts) -> list[Difference]:
    """Compare what a model is made of: every layer's class, dtype policy and arguments; inputs and outputs."""
    found: list[Difference] = []
    for name in ("inputs", "outputs"):
        before, after = getattr(expected, name), getattr(actual, name)
        found += _compare_maps(name, [_interface(item) for item in before], [_interface(item) for item in after])
    found += _compare_maps("attributes", expected.parts, actual.parts)
    wanted, got = _by_path(expected), _by_path(actual)
    for path in [*wanted, *(path for path in got if path not in wanted)]:
        found += _compare_maps(path or "the model", _constructed(wanted.get(path)), _constructed(got.get(path)))
    return found


def _by_path(facts: ModelFacts) -> dict[str, LayerFacts]:
    """Return the layers by path; an input layer whose name was made up goes by its position, since names count up."""
    found: dict[str, LayerFacts] = {}
    for layer in facts.layers:
        parent, _, name = layer.path.rpartition("/")
        if layer.class_name == "InputLayer" and not given_name(name):
            places = (f"{parent}/input {number}".lstrip("/") for number in itertools.count(1))
            found[next(place for place in places if place not in found)] = layer
        else:
            found[layer.path] = layer
    return found


def _interface(tensor: TensorFacts) -> dict[str, Any]:
    """Return what users rely on: the name that they gave, the shape and the dtype."""
    return {"name": given_name(tensor.name), "shape": tensor.shape, "dtype": tensor.dtype}


def _constructed(layer: LayerFacts | None) -> Json:
    if layer is None:
        return None
    policy = layer.dtype.removeprefix("map_")  # each layer in it, which the map is for, has its own facts
    return {"class": layer.class_name, "dtype": policy, **layer.arguments}


def compare_code(expected: ModelFacts, actual: ModelFacts) -> list[Difference]:
    """Return a difference for each of the user's classes and functions that the reloaded model does not use."""
    return [Difference(name, "the custom object", "none") for name in expected.custom if name not in actual.custom]


def restarted_generators(expected: ModelFacts, actual: ModelFacts) -> list[str]:
    """Return the paths of the random generators that start anew; what a model has learned does not depend on them."""
    return [path for path, state in expected.generators.items() if actual.generators.get(path) != state]


def lost_attributes(expected: ModelFacts, actual: ModelFacts) -> tuple[str, ...]:
    """Return the plain attributes that the reloaded model lacks; no format holds them, so this is not a failure."""
    return tuple(name for name in expected.attributes if name not in actual.attributes)


COMPARISONS = {
    Aspect.WEIGHTS: compare_weights,
    Aspect.TRAINING: compare_training,
    Aspect.STRUCTURE: compare_structure,
    Aspect.CODE: compare_code,
}


def compare(expected: ModelFacts, actual: ModelFacts) -> dict[Aspect, list[Difference]]:
    """Compare two models in every aspect that the facts decide; outputs need the sample.

    A fact that could not be taken from the saved model decides nothing. One that could not be taken from the reloaded
    model alone is missing there, and differs.
    """
    found = {aspect: function(expected, actual) for aspect, function in COMPARISONS.items()}
    return {aspect: [item for item in items if not _is_unknown(item, expected)] for aspect, items in found.items()}


def _is_unknown(difference: Difference, expected: ModelFacts) -> bool:
    """Return whether a difference is in a fact of the saved model that could not be taken, or within one."""
    where = difference.where
    return any(
        where == place or where.startswith((f"{place}.", f"{place}[", f"{place}/")) for place in expected.remarks
    )


def _compare_variables(expected: tuple[VariableFacts, ...], actual: tuple[VariableFacts, ...]) -> Iterator[Difference]:
    wanted = {variable.path: variable for variable in expected}
    got = {variable.path: variable for variable in actual}
    for path in sorted(wanted.keys() | got.keys()):
        before, after = wanted.get(path), got.get(path)
        if before is None or after is None or (before.shape, before.dtype) != (after.shape, after.dtype):
            yield Difference(path, _describe(before), _describe(after))
        elif before.digest != after.digest:
            yield Difference(path, f"digest {before.digest[:12]}", f"digest {after.digest[:12]}")


def _describe(variable: VariableFacts | None) -> str:
    return "nothing" if variable is None else f"{variable.dtype} {list(variable.shape)}"


def _compare_maps(where: str, expected: Json, actual: Json) -> Iterator[Difference]:
    """Yield a difference for each leaf of two JSON values that is not equal."""
    if isinstance(expected, Mapping) and isinstance(actual, Mapping):
        for key in sorted(expected.keys() | actual.keys(), key=str):
            yield from _compare_maps(f"{where}.{key}", expected.get(key), actual.get(key))
    elif isinstance(expected, (list, tuple)) and isinstance(actual, (list, tuple)):
        pairs = enumerate(itertools.zip_longest(expected, actual))
        found = [item for index, pair in pairs for item in _compare_maps(f"{where}[{index}]", *pair)]
        if found and abs(len(expected) - len(actual)) > 1:
            yield Difference(where, f"{len(expected)} entries", f"{len(actual)} entries")
        yield from found
    elif expected != actual and repr(expected) != repr(actual):  # by repr too: NaN is not equal to itself
        place, *values = differing(expected, actual)
        if all(isinstance(value, str) and value.startswith(DIGEST) for value in (expected, actual)):
            values = [f"digest {value.removeprefix(DIGEST)[:12]}" for value in (expected, actual)]
        yield Difference(" ".join(filter(None, (where, place))), *values)
