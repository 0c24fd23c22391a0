"""Compare two models and their outputs for the same sample: the verdicts of a round trip.

`verify` calls it with what the fresh process reloaded, a load with what came back into the notebook. All but
`answers_of`, which reads a file, is pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from colab_save.artifact.collection import COLLECTION, Collection, compare_collections, walk_tree
from colab_save.artifact.facts import ModelFacts, precision
from colab_save.artifact.manifest import SampleFacts
from colab_save.artifact.round_trip import MOST_PLACES, Aspect, Outcome, OutputError, RoundTrip, Verdict
from colab_save.artifact.sample import read_arrays
from colab_save.dialect import DIALECTS
from colab_save.formats.base import Format
from colab_save.hints import literal
from colab_save.proof.comparing import Difference, compare, lost_attributes, restarted_generators
from colab_save.proof.tolerances import Cause, cause_of, compare_outputs, compare_shapes
from colab_save.quantities import count_in_words
from colab_save.quoting import one_line
from colab_save.types import Array, Nested

NO_SAMPLE = "no inputs are known that the whole model accepts"
"""The reason for skipping outputs, where only passes of sub-models could be compared, or none."""

NAMED = 3
"""Differences that a verdict names."""

RANDOM = "random at inference: only shapes and dtypes could be compared"
"""The remark on outputs that differ even with fixed seeds."""

RANDOM_PROGRAM = "random in this format: only shapes and dtypes could be compared"
"""The remark on outputs of a program that differ from one run to the next."""

EXPLAINED = {
    Cause.ROUNDING: "differs by up to {:.3g}, which is rounding: moving weights and inputs by one part in a million "
    "changes it as much",
    Cause.UNDECIDED: "differs by up to {:.3g}, which decides nothing: moving weights and inputs by one part in a "
    "million changes it by more than a hundredth of its range",
}
"""The remark on outputs that differ although no weight does."""

NOT_MOVED: Mapping[str, Sequence[Nested]] = MappingProxyType({})
"""The outputs after small moves, before they are asked for."""


def judge(
    plug: Format,
    expected: ModelFacts,
    actual: ModelFacts,
    sample: SampleFacts,
    before: Mapping[str, Nested],
    after: Mapping[str, Nested],
    seconds: float,
    moved: Mapping[str, Sequence[Nested]] = NOT_MOVED,
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
        moved: See `judge_outputs`.
    """
    errors, verdict = judge_outputs(sample, before, after, precision(expected), moved, is_program=plug.is_program)
    verdicts = {Aspect.OUTPUTS: verdict, **verdicts_of(plug, expected, actual)}
    return RoundTrip(plug.name, verdicts, tuple(errors), seconds, lost=lost_attributes(expected, actual))


def may_be_rounding(trip: RoundTrip, plug: Format) -> bool:
    """Return whether outputs alone differ, and come from the same weights: then rounding may be the reason."""
    failed = {aspect for aspect, verdict in trip.verdicts.items() if verdict.outcome is Outcome.FAILED}
    return failed == {Aspect.OUTPUTS} and Aspect.WEIGHTS in plug.holds


def verdicts_of(plug: Format, expected: ModelFacts, actual: ModelFacts) -> dict[Aspect, Verdict]:
    """Return the verdict on every aspect that the facts decide."""
    verdicts = {}
    paths = [{layer.path for layer in facts.layers} for facts in (expected, actual)]
    gone = paths[0] ^ paths[1] if not plug.is_program else set()
    for aspect, differences in compare(expected, actual).items():
        if aspect not in plug.holds:
            verdicts[aspect] = Verdict(Outcome.NOT_HELD, f"the format {plug.name} cannot hold it")
        elif differences:
            verdicts[aspect] = _explained(aspect, differences, gone)
        else:
            verdicts[aspect] = Verdict(Outcome.PASSED)
    restarted = restarted_generators(expected, actual)
    if restarted and verdicts[Aspect.TRAINING].outcome is Outcome.PASSED:
        reason = f"{count_in_words(len(restarted), 'random generator')} will start anew: {', '.join(restarted[:NAMED])}"
        verdicts[Aspect.TRAINING] = Verdict(Outcome.PASSED, literal(reason))
    return verdicts


def judge_collection(expected: Collection, actual: Collection, seconds: float = 0.0) -> RoundTrip:
    """Compare a saved collection with the one that came back; pure."""
    gaps = compare_collections(expected, actual)
    training, dropped, others = (
        [str(gap) for gap in gaps if (gap.is_training, gap.is_dropped) == kind]
        for kind in ((True, False), (True, True), (False, False))
    )
    verdicts = {Aspect.STRUCTURE: _verdict(others, list(expected.lost))}
    is_trained = any(not node.keys().isdisjoint({*DIALECTS, "optimizer_of"}) for node in walk_tree(expected.tree))
    if is_trained or training or dropped or any(each.is_of_account for each in expected.shared):
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
    sample: SampleFacts,
    before: Mapping[str, Nested],
    after: Mapping[str, Nested],
    precision: str,
    moved: Mapping[str, Sequence[Nested]] = NOT_MOVED,
    *,
    is_program: bool = False,
) -> tuple[list[OutputError], Verdict]:
    """Compare the outputs of every pass; those of a random one by structure, shapes and dtypes only.

    Args:
        sample: How outputs are compared.
        before: The outputs of the saved model by pass.
        after: The outputs of the reloaded model by pass.
        precision: See `compare_outputs`.
        moved: The outputs of the reloaded model by pass after small moves, see `answering.answer_moved`. With them, a
            difference that is rounding is none, and a pass that makes too much of them is skipped.
        is_program: What was reloaded is a program: operations of TensorFlow in it draw from seeds of their own. If it
            answers differently when it is run again, it is compared as a random model is.
    """
    random = {each.name: each.is_random for each in sample.passes} | {"": sample.is_random}
    errors: list[OutputError] = []
    found: list[str] = []
    remarks = [RANDOM] if sample.is_random else []
    causes: dict[str, Cause] = {}
    for name, answer in after.items():
        where = f"{name}: " if name else ""
        if random[name]:
            found += [f"{where}{text}" for text in compare_shapes(before[name], answer)]
            continue
        largest, differing = compare_outputs(before[name], answer, sample.rtol, sample.atol, precision)
        again = moved[name][0] if name in moved and is_program else answer
        if differing and compare_outputs(answer, again, sample.rtol, sample.atol, precision)[1]:
            found += [f"{where}{text}" for text in compare_shapes(before[name], answer)]
            remarks.append(f"{where}{RANDOM_PROGRAM}")
            continue
        errors += [replace(error, name=f"{where}{error.name}") for error in largest]
        if differing and name in moved:
            causes[name] = cause_of(before[name], answer, moved[name])
        if causes.get(name, Cause.LOSS) is Cause.LOSS:
            found += [f"{where}{text}" for text in differing]
        else:
            remarks.append(f"{where}{EXPLAINED[causes[name]].format(max(error.absolute for error in largest))}")
    if found:
        return errors, _failed(found)
    if "" not in before:
        remarks.insert(0, NO_SAMPLE)
    is_undecided = "" not in before or causes.get("") is Cause.UNDECIDED
    return errors, Verdict(Outcome.SKIPPED if is_undecided else Outcome.PASSED, literal("; ".join(remarks)))


def _explained(aspect: Aspect, differences: list[Difference], gone: set[str]) -> Verdict:
    """Return a verdict; what differs in layers that are missing or new, which the structure tells, is counted."""
    places = tuple(each.where for each in differences[:MOST_PLACES])
    if aspect is Aspect.STRUCTURE:
        return replace(_failed(list(map(str, differences))), places=places)
    own = [str(each) for each in differences if not _is_in(each.where, gone)]
    verdict = _failed(own) if own else Verdict(Outcome.FAILED)
    caused = len(differences) - len(own)
    counted = f"{caused} in layers that are missing or new" if caused else ""
    reason = "\n".join(filter(None, (verdict.reason, counted)))
    return replace(verdict, reason=reason, differences=len(differences), places=places)


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
