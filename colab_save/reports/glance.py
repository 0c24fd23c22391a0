"""A model in a few words, from its facts alone: class, size, precision, inputs, outputs, optimizer.

Reports put them among the facts of a card. Facts can come from anywhere: long texts are cut, long lists are counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from colab_save.artifact.facts import ModelFacts, TensorFacts, given_name
from colab_save.artifact.manifest import Manifest
from colab_save.quantities import count_in_words
from colab_save.wording import cut

SHOWN = 6
"""Inputs, outputs or policies that are shown by name."""

LONGEST = 60
"""Most letters of a name."""


def glance_at(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Return what a manifest describes, as pairs of label and text."""
    parts = {part.name: part.facts for part in manifest.parts}
    yield from several_at_a_glance(manifest.facts.class_name, parts) if parts else at_a_glance(manifest.facts)


def at_a_glance(facts: ModelFacts) -> Iterator[tuple[str, str]]:
    """Return what a model is, as pairs of label and text."""
    layers = len(facts.layers) - 1
    class_name = cut(facts.class_name.rpartition(".")[2], LONGEST)
    has_layers = [count_in_words(layers, "layer")] if layers > 0 else []
    yield "model", ", ".join([class_name, *has_layers, _parameters(facts)])
    policies = Counter(layer.dtype for layer in facts.layers)
    if policies and set(policies) != {"float32"}:
        yield "precision", _listed([f"{cut(name, LONGEST)} ({count})" for name, count in policies.most_common()])
    if facts.inputs:
        yield "inputs", _listed([*map(_tensor, facts.inputs)])
    if facts.outputs:
        yield "outputs", _listed([*map(_tensor, facts.outputs)])
    if facts.iterations is not None:
        yield "optimizer", f"{_optimizer(facts)}, {count_in_words(facts.iterations, 'step')} taken"


def several_at_a_glance(held_by: str, parts: Mapping[str, ModelFacts]) -> Iterator[tuple[str, str]]:
    """Return what a collection is, as pairs of label and text.

    Args:
        held_by: The class of the dict, list or object that held the models.
        parts: The facts of each model by name.
    """
    yield "models", _listed([f"{cut(name, LONGEST)}: {next(at_a_glance(facts))[1]}" for name, facts in parts.items()])
    yield "collection", cut(held_by.rpartition(".")[2], LONGEST)


def _parameters(facts: ModelFacts) -> str:
    fixed = facts.parameters - ModelFacts("", "", tuple(item for item in facts.variables if item.trainable)).parameters
    return count_in_words(facts.parameters, "parameter") + (f" ({fixed:,} of them not trainable)" if fixed else "")


def _optimizer(facts: ModelFacts) -> str:
    config = (facts.compiled or {}).get("optimizer")
    name = config.get("class_name") if isinstance(config, dict) else None
    return cut(name, LONGEST) if isinstance(name, str) else "an optimizer"


def _tensor(tensor: TensorFacts) -> str:
    shape = ", ".join(map(str, tensor.shape))
    name = given_name(tensor.name)
    return f"{cut(name, LONGEST)}: " * bool(name) + f"{cut(tensor.dtype, LONGEST)} [{cut(shape, LONGEST)}]"


def _listed(items: Sequence[str]) -> str:
    more = [f"and {len(items) - SHOWN} more"] if len(items) > SHOWN else []
    return "; ".join([*items[:SHOWN], *more])
