"""What one round trip found: an outcome for each aspect of one payload.

`verifying` makes them, manifests keep them, reports show them.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace


class Aspect(enum.StrEnum):
    """What a round trip compares; a format declares which of these it keeps."""

    OUTPUTS = "outputs"
    WEIGHTS = "weights"
    TRAINING = "training"
    STRUCTURE = "structure"
    CODE = "code"


class Outcome(enum.StrEnum):
    """What became of one aspect."""

    PASSED = "PASSED"
    FAILED = "FAILED"
    NOT_HELD = "NOT_HELD"
    SKIPPED = "SKIPPED"


WORST_FIRST = (Outcome.FAILED, Outcome.SKIPPED, Outcome.NOT_HELD, Outcome.PASSED)
"""The order in which one outcome hides another."""


def worst_of(outcomes: Iterable[Outcome]) -> Outcome:
    """Sum outcomes up: what a format cannot hold is no fault, and nothing at all is not passed."""
    found = set(outcomes) or {Outcome.SKIPPED}
    return next((worst for worst in (Outcome.FAILED, Outcome.SKIPPED) if worst in found), Outcome.PASSED)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one aspect of a round trip.

    Attributes:
        outcome: See `Outcome`.
        reason: Why, when it is not ``PASSED``: the first place where the two differ, or what the format drops.
        differences: How many places differ.
    """

    outcome: Outcome
    reason: str = ""
    differences: int = 0


@dataclass(frozen=True, slots=True)
class OutputError:
    """How far one output is from what was expected.

    Attributes:
        name: The output's place in the structure (``output``, ``output['score']``, ``output[1]``).
        absolute: Largest absolute difference; 0 for equal outputs, NaN counting as equal to NaN.
        relative: Largest difference relative to the expected value.
    """

    name: str
    absolute: float
    relative: float


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """One payload's round trip.

    Attributes:
        format: The format of the payload.
        verdicts: An outcome for each aspect.
        errors: The largest differences of each output.
        seconds: How long it took in the fresh process, its TensorFlow import not counted.
        part: The part that the payload is of, where several models were saved together.
        lost: The names of plain attributes of the model that did not come back: no format keeps them, see `extras`.
    """

    format: str
    verdicts: Mapping[Aspect, Verdict]
    errors: tuple[OutputError, ...] = ()
    seconds: float = 0.0
    part: str = ""
    lost: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Name the payload: its format, after its part where it has one."""
        return f"{self.part} {self.format}".strip()

    @property
    def is_passed(self) -> bool:
        """Say whether every aspect that the format keeps has come back; skipped is not passed."""
        return self.outcome is Outcome.PASSED

    @property
    def outcome(self) -> Outcome:
        """Sum the verdicts up: the worst of them, where an aspect that the format cannot hold is no fault."""
        return worst_of(verdict.outcome for verdict in self.verdicts.values())

    @property
    def reason(self) -> str:
        """Give the reason of each failed aspect."""
        found = [(aspect, verdict.reason) for aspect, verdict in self.verdicts.items()]
        failed = [pair for pair in found if self.verdicts[pair[0]].outcome is Outcome.FAILED]
        reasons = dict.fromkeys(reason for _, reason in failed)
        return "; ".join(
            f"{', '.join(aspect for aspect, other in failed if other == reason)}: {reason}" for reason in reasons
        )


def sum_up(trips: Sequence[RoundTrip]) -> RoundTrip:
    """Make one round trip of those of several parts: of each aspect the worst, with the reasons of all."""
    if len(trips) == 1:
        return trips[0]
    verdicts = {}
    for aspect in (aspect for aspect in Aspect if any(aspect in trip.verdicts for trip in trips)):
        told = [(trip.label, trip.verdicts[aspect]) for trip in trips if aspect in trip.verdicts]
        worst = min((verdict.outcome for _, verdict in told), key=WORST_FIRST.index)
        reasons = [
            f"{label}: {verdict.reason}" for label, verdict in told if verdict.outcome is worst and verdict.reason
        ]
        verdicts[aspect] = Verdict(worst, "; ".join(reasons), sum(verdict.differences for _, verdict in told))
    errors = tuple(replace(error, name=f"{trip.label}: {error.name}") for trip in trips for error in trip.errors)
    formats = "+".join(dict.fromkeys(trip.format for trip in trips))
    return RoundTrip(formats, verdicts, errors, sum(trip.seconds for trip in trips))


NOT_VERIFIED = "verification was turned off"
"""The reason for skipping what the user does not want to be verified."""


def skipped(format: str, reason: str) -> RoundTrip:
    """Make the round trip of a payload that was not verified."""
    return RoundTrip(format, {aspect: Verdict(Outcome.SKIPPED, reason) for aspect in Aspect})


def failed(format: str, reason: str, aspects: frozenset[Aspect]) -> RoundTrip:
    """Make the round trip of a payload that could not be written, read or run."""
    return RoundTrip(format, {aspect: Verdict(Outcome.FAILED, reason, 1) for aspect in sorted(aspects)})
