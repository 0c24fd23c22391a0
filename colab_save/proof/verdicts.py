"""Compare two models and their outputs for the same sample: the verdicts of a round trip.

`verify` calls it with what the fresh process reloaded, a load with what came back into the notebook. All but
`answers_of`, which reads a file, is pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from colab_save.artifact.collection import COLLECTION, Collection, compare_collections, walk_tree
from colab_save.artifact.facts import ModelFacts, precision
from colab_save.artifact.manifest import SampleFacts
from colab_save.artifact.round_trip import Aspect, Outcome, OutputError, RoundTrip, Verdict
from colab_save.artifact.sample import read_arrays
from colab_save.dialect import DIALECTS
from colab_save.formats.base import Format
from colab_save.hints import literal
from colab_save.proof.comparing import Difference, compare, lost_attributes
from colab_save.proof.tolerances import compare_outputs, compare_shapes
from colab_save.quoting import one_line
from colab_save.types import Array, Nested

NO_SAMPLE = "no inputs are known that the whole model accepts"
"""The reason for skipping outputs, where only passes of sub-models could be compared, or none."""

NAMED = 3
"""Differences that a verdict names."""


def judge(
    plug: Format,
    expected: ModelFacts,
    actual: ModelFacts,
    sample: SampleFacts,
    before: Mapping[str, Nested],
    after: Mapping[str, Nested],
    seconds: float,
) -> RoundTrip:
    """Compare two models and their outputs; pure.

    Args:
        plug: The format, which says what it holds.
        expected: Facts of the saved model.
        actual: Facts of the reloaded model.
        sample: How outputs are compared.
        before: The outputs of the saved model by pass, see `answers_of`.
        after: The outputs of the reloaded model by pass.
        seconds: How long the reload took.
    """
    errors, verdict = judge_outputs(sample, before, after, precision(expected))
    verdicts = {Aspect.OUTPUTS: verdict, **verdicts_of(plug, expected, actual)}
    return RoundTrip(plug.name, verdicts, tuple(errors), seconds, lost=lost_attributes(expected, actual))


def verdicts_of(plug: Format, expected: ModelFacts, actual: ModelFacts) -> dict[Aspect, Verdict]:
    """Return the verdict on every aspect that the facts decide."""
    verdicts = {}
    paths = [{layer.path for layer in facts.layers} for facts in (expected, actual)]
    gone = paths[0] ^ paths[1] if Aspect.STRUCTURE in plug.holds else set()
    for aspect, differences in compare(expected, actual).items():
        if aspect not in plug.holds:
            verdicts[aspect] = Verdict(Outcome.NOT_HELD, f"the format {plug.name} cannot hold it")
        elif differences:
            verdicts[aspect] = _explained(aspect, differences, gone)
        else:
            verdicts[aspect] = Verdict(Outcome.PASSED)
    return verdicts


def judge_collection(expected: Collection, actual: Collection, seconds: float = 0.0) -> RoundTrip:
    """Compare a saved collection with the one that came back; pure."""
    gaps = compare_collections(expected, actual)
    training, dropped, others = (
        [str(gap) for gap in gaps if (gap.is_training, gap.is_dropped) == kind]
        for kind in ((True, False), (True, True), (False, False))
    )
    verdicts = {Aspect.STRUCTURE: _verdict(others, list(expected.lost))}
    if any(not node.keys().isdisjoint({*DIALECTS, "optimizer_of"}) for node in walk_tree(expected.tree)):
        verdicts[Aspect.TRAINING] = _verdict(training, dropped)
    return RoundTrip(COLLECTION, verdicts, (), seconds)


def _verdict(differences: list[str], lost: list[str]) -> Verdict:
    if differences:
        return _failed(differences)
    return replace(_failed(lost), outcome=Outcome.NOT_HELD) if lost else Verdict(Outcome.PASSED)


def answers_of(file: Path, sample: SampleFacts) -> dict[str, Nested]:
    """Read the outputs of the saved model, by the name of the pass."""
    recorded = {each.name: each.outputs for each in sample.passes}
    if sample.inputs is not None:
        recorded[""] = sample.outputs
    return {name: read_arrays(file, structure) for name, structure in recorded.items()}


def judge_outputs(
    sample: SampleFacts, before: Mapping[str, Nested], after: Mapping[str, Nested], precision: str
) -> tuple[list[OutputError], Verdict]:
    """Compare the outputs of every pass; those of a random one by structure, shapes and dtypes only."""
    random = {each.name: each.is_random for each in sample.passes} | {"": sample.is_random}
    errors: list[OutputError] = []
    found: list[str] = []
    for name, answer in after.items():
        where = f"{name}: " if name else ""
        if random[name]:
            found += [f"{where}{text}" for text in compare_shapes(before[name], answer)]
            continue
        largest, differing = compare_outputs(before[name], answer, sample.rtol, sample.atol, precision)
        errors += [replace(error, name=f"{where}{error.name}") for error in largest]
        found += [f"{where}{text}" for text in differing]
    if found:
        return errors, _failed(found)
    if "" not in before:
        return errors, Verdict(Outcome.SKIPPED, NO_SAMPLE)
    only = "random at inference: only shapes and dtypes could be compared" if sample.is_random else ""
    return errors, Verdict(Outcome.PASSED, only)


def _explained(aspect: Aspect, differences: list[Difference], gone: set[str]) -> Verdict:
    """Return a verdict; what differs in layers that are missing or new, which the structure tells, is counted."""
    if aspect is Aspect.STRUCTURE:
        return _failed(list(map(str, differences)))
    own = [str(each) for each in differences if not _is_in(each.where, gone)]
    verdict = _failed(own) if own else Verdict(Outcome.FAILED)
    caused = len(differences) - len(own)
    counted = f"{caused} in layers that are missing or new" if caused else ""
    reason = "\n".join(filter(None, (verdict.reason, counted)))
    return replace(verdict, reason=reason, differences=len(differences))


def _is_in(where: str, layers: set[str]) -> bool:
    """Return whether a variable, or an entry of the trainable map, belongs to one of these layers."""
    steps = where.removeprefix("trainable.").split("/")
    return any("/".join(steps[:end]) in layers for end in range(1, len(steps) + 1))


def _failed(differences: list[str]) -> Verdict:
    """Return a verdict that lists the first differences, a line each, and how many more there are."""
    more = len(differences) - NAMED
    lines = [literal(one_line(text)) for text in differences[:NAMED]] + ([f"and {more} more"] if more > 0 else [])
    return Verdict(Outcome.FAILED, "\n".join(lines), len(differences))


def first_difference(expected: list[list[Array]], actual: list[list[Array]]) -> str:
    """Name the first layer whose output differs between two results of `trace`; pure."""
    import numpy as np

    for (path, before), (other, after) in zip(expected, actual, strict=False):
        if (path := _text(path)) != _text(other):
            return f"the first layer call that differs: {literal(path)} before, {literal(_text(other))} after"
        if before.shape != after.shape or not np.allclose(
            before.astype("float64"), after.astype("float64"), 1e-3, 1e-5, equal_nan=True
        ):
            return f"the first layer whose output differs is {literal(path)}"
    if len(expected) != len(actual):
        return f"{len(expected)} layers were called before, {len(actual)} after"
    return "all layers have equal outputs: the difference arises in call(), between them"


def _text(name: Array) -> str:
    """Return the text in a string array, which is `bytes` once it was read from a file."""
    item = name.item()
    return item.decode() if isinstance(item, bytes) else str(item)
