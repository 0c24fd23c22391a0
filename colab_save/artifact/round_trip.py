"""The result of one round trip: an outcome for each aspect of one payload.

`proof` makes them, manifests record them, and reports show them.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from colab_save.hints import literal


class Aspect(enum.StrEnum):
    """What a round trip compares; a format declares which aspects it holds."""

    OUTPUTS = "outputs"
    WEIGHTS = "weights"
    TRAINING = "training"
    STRUCTURE = "structure"
    CODE = "code"


class Outcome(enum.StrEnum):
    """The outcome of one aspect."""

    PASSED = "PASSED"
    FAILED = "FAILED"
    NOT_HELD = "NOT_HELD"
    SKIPPED = "SKIPPED"


WORST_FIRST = (Outcome.FAILED, Outcome.SKIPPED, Outcome.NOT_HELD, Outcome.PASSED)
"""The order in which one outcome outweighs another."""


def worst_of(outcomes: Iterable[Outcome]) -> Outcome:
    """Return the worst outcome: ``NOT_HELD`` counts as passed, and no outcome at all as skipped."""
    found = set(outcomes) or {Outcome.SKIPPED}
    return next((worst for worst in (Outcome.FAILED, Outcome.SKIPPED) if worst in found), Outcome.PASSED)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result for one aspect of a round trip.

    Attributes:
        outcome: See `Outcome`.
        reason: If it is not ``PASSED``: the first place that differs, or what the format does not hold. It may refer to
            options and actions (`hints`); a manifest is written with plain texts instead.
        differences: How many places differ.
    """

    outcome: Outcome
    reason: str = ""
    differences: int = 0


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
        seconds: The time in the fresh process, without its import of TensorFlow.
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
        """The worst outcome of all aspects; ``NOT_HELD`` counts as passed."""
        return worst_of(verdict.outcome for verdict in self.verdicts.values())

    @property
    def reason(self) -> str:
        """The reasons of all failed aspects."""
        found = [(aspect, verdict.reason) for aspect, verdict in self.verdicts.items()]
        failed = [pair for pair in found if self.verdicts[pair[0]].outcome is Outcome.FAILED]
        reasons = dict.fromkeys(reason for _, reason in failed)
        return "; ".join(
            f"{', '.join(aspect for aspect, other in failed if other == reason)}: {reason}" for reason in reasons
        )


def sum_up(trips: Sequence[RoundTrip]) -> RoundTrip:
    """Return one round trip for several parts: the worst outcome of each aspect, with all its reasons."""
    if len(trips) == 1:
        return trips[0]
    verdicts = {}
    for aspect in (aspect for aspect in Aspect if any(aspect in trip.verdicts for trip in trips)):
        found = [(trip.label, trip.verdicts[aspect]) for trip in trips if aspect in trip.verdicts]
        worst = min((verdict.outcome for _, verdict in found), key=WORST_FIRST.index)
        reasons = [
            f"{literal(label)}: {verdict.reason}"
            for label, verdict in found
            if verdict.outcome is worst and verdict.reason
        ]
        verdicts[aspect] = Verdict(worst, "; ".join(reasons), sum(verdict.differences for _, verdict in found))
    errors = tuple(replace(error, name=f"{trip.label}: {error.name}") for trip in trips for error in trip.errors)
    formats = "+".join(dict.fromkeys(trip.format for trip in trips))
    return RoundTrip(formats, verdicts, errors, sum(trip.seconds for trip in trips))


NOT_VERIFIED = "verification was turned off"
"""The reason for skipping what the user does not want to be verified."""


def skipped(format: str, reason: str) -> RoundTrip:
    """Return the round trip of a payload that was not verified."""
    return RoundTrip(format, {aspect: Verdict(Outcome.SKIPPED, reason) for aspect in Aspect})


def failed(format: str, reason: str, aspects: frozenset[Aspect]) -> RoundTrip:
    """Return the round trip of a payload that could not be written, read or run."""
    return RoundTrip(format, {aspect: Verdict(Outcome.FAILED, reason, 1) for aspect in sorted(aspects)})
