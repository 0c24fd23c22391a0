"""What one round trip found: an outcome for each aspect of one payload.

`verifying` makes them, manifests keep them, reports show them.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


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
    NOT_KEPT = "NOT_KEPT"
    SKIPPED = "SKIPPED"


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
    """

    format: str
    verdicts: Mapping[Aspect, Verdict]
    errors: tuple[OutputError, ...] = ()
    seconds: float = 0.0

    @property
    def is_passed(self) -> bool:
        """Say whether every aspect that the format keeps has come back; skipped is not passed."""
        return self.outcome is Outcome.PASSED

    @property
    def outcome(self) -> Outcome:
        """Sum the verdicts up: the worst of them, where an aspect that the format cannot hold is no fault."""
        found = {verdict.outcome for verdict in self.verdicts.values()} or {Outcome.SKIPPED}
        return next((worst for worst in (Outcome.FAILED, Outcome.SKIPPED) if worst in found), Outcome.PASSED)

    @property
    def reason(self) -> str:
        """Give the reason of each failed aspect."""
        found = [(aspect, verdict.reason) for aspect, verdict in self.verdicts.items()]
        failed = [pair for pair in found if self.verdicts[pair[0]].outcome is Outcome.FAILED]
        reasons = dict.fromkeys(reason for _, reason in failed)
        return "; ".join(
            f"{', '.join(aspect for aspect, other in failed if other == reason)}: {reason}" for reason in reasons
        )

    def to_json(self) -> dict[str, Any]:
        """Give the round trip as JSON values."""
        return asdict(self)


def skipped(format: str, reason: str) -> RoundTrip:
    """Make the round trip of a payload that was not verified."""
    return RoundTrip(format, {aspect: Verdict(Outcome.SKIPPED, reason) for aspect in Aspect})


def failed(format: str, reason: str, aspects: frozenset[Aspect]) -> RoundTrip:
    """Make the round trip of a payload that could not be written, read or run."""
    return RoundTrip(format, {aspect: Verdict(Outcome.FAILED, reason, 1) for aspect in sorted(aspects)})
