"""The result of one round trip: an outcome for each aspect of one payload.

`proof` makes them, manifests record them, and reports show them.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from colab_save.hints import literal
from colab_save.quoting import cut_lines, is_count, listed, one_line


class Aspect(enum.StrEnum):
    """What a round trip compares; a format declares which aspects it holds."""

    OUTPUTS = "outputs"
    WEIGHTS = "weights"
    TRAINING = "training"
    STEP = "step"
    STRUCTURE = "structure"
    CODE = "code"


EXPLAINING_FIRST = (Aspect.CODE, Aspect.STRUCTURE, Aspect.WEIGHTS, Aspect.OUTPUTS, Aspect.TRAINING, Aspect.STEP)
"""The order in which a failure is told: a lost layer explains lost weights, and these explain other outputs."""


class Outcome(enum.StrEnum):
    """The outcome of one aspect; ``PARTIAL`` is one of a whole save, of which not all comes back."""

    PASSED = "PASSED"
    PARTIAL = "PARTIAL"
    FAILED = "FAILED"
    NOT_HELD = "NOT_HELD"
    SKIPPED = "SKIPPED"


WORST_FIRST = (Outcome.FAILED, Outcome.PARTIAL, Outcome.SKIPPED, Outcome.NOT_HELD, Outcome.PASSED)
"""The order in which one outcome outweighs another."""


def worst_of(outcomes: Iterable[Outcome]) -> Outcome:
    """Return the worst outcome: ``NOT_HELD`` counts as passed, and no outcome at all as skipped."""
    found = set(outcomes) or {Outcome.SKIPPED}
    return next((worst for worst in WORST_FIRST[:3] if worst in found), Outcome.PASSED)


MOST_PLACES = 100
"""Most places that a verdict names."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result for one aspect of a round trip.

    Attributes:
        outcome: See `Outcome`.
        reason: If it is not ``PASSED``: the first places that differ, each on a line of its own, or what the format
            does not hold. It may refer to options and actions (`hints`); a manifest has plain texts instead.
        differences: How many places differ.
        is_compared: What the live model says was compared; a step whose loss could not be only ran.
        places: The places in the facts that differ, at most `MOST_PLACES`; none where something else differs.
    """

    outcome: Outcome
    reason: str = ""
    differences: int = 0
    is_compared: bool = True
    places: tuple[str, ...] = ()

    def tells_of(self, other: Verdict) -> bool:
        """Return whether all that differs for another verdict differs for this one; if not all is known, as much."""
        is_known = len(self.places) == self.differences
        return other.differences <= self.differences and not (is_known and set(other.places) - set(self.places))


@dataclass(frozen=True, slots=True)
class OutputError:
    """The largest differences of one output.

    Attributes:
        name: The output's place in the structure (``output``, ``output['score']``, ``output[1]``).
        absolute: The largest absolute difference; 0 for equal outputs, where NaN equals NaN.
        relative: The largest difference relative to the expected value.
    """

    name: str
    absolute: float
    relative: float


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """One payload's round trip.

    Attributes:
        format: The format of the payload.
        verdicts: The result for each aspect.
        errors: The largest differences of each output.
        seconds: The time in the fresh process, without its import of TensorFlow; 0 if it was not compared there.
        part: The part of a collection that the payload belongs to; empty for a single model.
        lost: The names of plain attributes of the model that did not come back: no format holds them; the option
            ``extra`` saves such values.
    """

    format: str
    verdicts: Mapping[Aspect, Verdict]
    errors: tuple[OutputError, ...] = ()
    seconds: float = 0.0
    part: str = ""
    lost: tuple[str, ...] = ()

    def with_reasons(self, change: Callable[[str], str]) -> RoundTrip:
        """Return it with every reason changed by a function."""
        verdicts = {
            aspect: replace(verdict, reason=change(verdict.reason)) for aspect, verdict in self.verdicts.items()
        }
        return replace(self, verdicts=verdicts)

    @property
    def label(self) -> str:
        """The name of the payload: its part, if it has one, and its format."""
        return f"{self.part} {self.format}".strip()

    @property
    def is_passed(self) -> bool:
        """Whether every aspect that the format holds passed; skipped is not passed."""
        return self.outcome is Outcome.PASSED

    @property
    def outcome(self) -> Outcome:
        """The worst outcome of all aspects; ``NOT_HELD`` counts as passed, as does what another way of running shows.

        A model that answered need not have taken a step, and one that has taken a step of which the loss was compared
        need not have answered.
        """
        run = [self.verdicts[aspect] for aspect in (Aspect.OUTPUTS, Aspect.STEP) if aspect in self.verdicts]
        is_shown = any(verdict.outcome is Outcome.PASSED and verdict.is_compared for verdict in run)
        return worst_of(
            verdict.outcome
            for aspect, verdict in self.verdicts.items()
            if not (is_shown and aspect in {Aspect.OUTPUTS, Aspect.STEP} and verdict.outcome is Outcome.SKIPPED)
        )

    @property
    def is_compared(self) -> bool:
        """Whether it was reloaded and compared; one that could not be written, read or run took no time there."""
        return self.seconds > 0

    @property
    def failed(self) -> dict[Aspect, tuple[str, ...]]:
        """The failed aspects, those that explain others first, each with its reasons."""
        return {
            aspect: tuple(self.verdicts[aspect].reason.split("\n"))
            for aspect in EXPLAINING_FIRST
            if aspect in self.verdicts and self.verdicts[aspect].outcome is Outcome.FAILED
        }

    @property
    def reason(self) -> str:
        """The reasons of all failed aspects, each told once and on a line of its own, the most useful first."""
        failed, aspects = self.failed, dict[str, list[Aspect]]()
        for aspect, reasons in failed.items():
            for reason in reasons:
                aspects.setdefault(f"{aspect}{reason}" if is_count(reason) else reason, []).append(aspect)
        of_all = [reason for reason, found in aspects.items() if len(failed) > 1 and len(found) == len(failed)]
        lines = list(of_all)
        for aspect, reasons in failed.items():
            own = [reason for reason in reasons if is_count(reason) or aspects[reason][0] is aspect]
            own = [reason for reason in own if reason not in of_all]
            if own and not is_count(own[0]):
                label = ", ".join(aspects[own[0]])
                lines += [f"{label}: {own[0]}", *(f"  {reason}" for reason in own[1:])]
        return "\n".join(lines)


def told(trips: Sequence[RoundTrip], most: int) -> str:
    """Return the reasons of several failed round trips, one in each line; what is cut is counted.

    Args:
        trips: In the order of their use.
        most: Most lines.
    """
    return _grouped([(trip.label, trip.reason) for trip in trips], most)


def _grouped(found: Sequence[tuple[str, str]], most: int) -> str:
    """Return the reasons of several payloads, by their labels; those with the same reasons share them."""
    groups: dict[str, list[str]] = {}
    for label, reason in found:
        groups.setdefault(reason, []).append(literal(one_line(label)))
    lines: list[str] = []
    for at, (reason, labels) in enumerate(groups.items()):
        later = len(groups) - at - 1
        free = most - len(lines) - bool(later)
        first, *others = reason.split("\n")
        block = [f"{listed(labels)}: {first}", *(f"  {line}" for line in others)]
        if free < min(len(block), 2):
            rest = [label for labels in list(groups.values())[at:] for label in labels]
            return "\n".join([*lines, f"{listed(rest)}: failed too"])
        lines += cut_lines(block, max(free // (later + 1), 2))
    return "\n".join(lines)


MOST_REASONS = 12
"""Most lines of the reasons for one aspect of several parts."""


def sum_up(trips: Sequence[RoundTrip]) -> RoundTrip:
    """Return one round trip for several parts: the worst outcome of each aspect, with all its reasons."""
    if len(trips) == 1:
        return trips[0]
    verdicts = {}
    for aspect in (aspect for aspect in Aspect if any(aspect in trip.verdicts for trip in trips)):
        found = [(trip.label, trip.verdicts[aspect]) for trip in trips if aspect in trip.verdicts]
        worst = min((verdict.outcome for _, verdict in found), key=WORST_FIRST.index)
        reasons = [(label, verdict.reason) for label, verdict in found if verdict.outcome is worst and verdict.reason]
        differences = sum(verdict.differences for _, verdict in found)
        is_compared = all(verdict.is_compared for _, verdict in found)
        verdicts[aspect] = Verdict(worst, _grouped(reasons, MOST_REASONS), differences, is_compared)
    errors = tuple(replace(error, name=f"{trip.label}: {error.name}") for trip in trips for error in trip.errors)
    formats = "+".join(dict.fromkeys(trip.format for trip in trips))
    return RoundTrip(formats, verdicts, errors, sum(trip.seconds for trip in trips))


NOT_VERIFIED = "verification was turned off"
"""The reason for skipping what the user does not want to be verified."""


def skipped(format: str, reason: str) -> RoundTrip:
    """Return the round trip of a payload that was not verified."""
    return RoundTrip(format, {aspect: Verdict(Outcome.SKIPPED, reason) for aspect in Aspect})


def distinct(trips: Iterable[RoundTrip]) -> list[RoundTrip]:
    """Return round trips without those that say the same of the same payload: two rungs may fail for one reason."""
    return list({(trip.label, trip.reason): trip for trip in trips}.values())


def failed(format: str, reason: str, aspects: frozenset[Aspect]) -> RoundTrip:
    """Return the round trip of a payload that could not be written, read or run."""
    return RoundTrip(format, {aspect: Verdict(Outcome.FAILED, reason, 1) for aspect in sorted(aspects)})
