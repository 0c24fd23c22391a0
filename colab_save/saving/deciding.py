"""Decide what of the attempts is published, and whether the save is PARTIAL: a pure function of their round trips.

The pipeline calls `decide` once all attempts are made; `merging` puts what it chooses into one stage.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from colab_save.artifact.collection import COLLECTION
from colab_save.artifact.round_trip import Aspect, Outcome, RoundTrip
from colab_save.saving.attempts import Attempt


@dataclass(frozen=True, slots=True)
class Decision:
    """What is published.

    Attributes:
        attempts: The attempts whose payloads are published, the one that holds most first.
        trips: The round trips of the published payloads, and that of a collection.
        is_partial: Whether something that the notebook's model has does not come back.
        given_up: The failed round trips of the payloads that a PARTIAL save leaves out.
    """

    attempts: tuple[Attempt, ...]
    trips: tuple[RoundTrip, ...]
    is_partial: bool = False
    given_up: tuple[RoundTrip, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """Return the notes of all its attempts."""
        return tuple(dict.fromkeys(note for attempt in self.attempts for note in attempt.notes))


def decide(attempts: Sequence[Attempt], *, is_automatic: bool, is_single: bool = False) -> Decision | None:
    """Return what is published: the attempt that passed, else what came back in part; ``None`` if that is not enough.

    What came back of the first format is never replaced by another format: that is published beside it. Each model
    needs one payload with its outputs and its weights.

    Args:
        attempts: All of them, in order; only the last can have passed.
        is_automatic: The user named no format, so the save may be PARTIAL.
        is_single: There is a place for one payload only.
    """
    last = attempts[-1]
    if last.is_passed and _names(last) == _names(attempts[0]):
        return Decision((last,), last.trips)
    if not is_automatic:
        return None
    names = dict.fromkeys(map(_names, attempts))
    best = [max((each for each in attempts if _names(each) == name), key=_worth) for name in names]
    found = [(attempt, _publishable(attempt, is_first=attempt is best[0])) for attempt in best]
    parts = {trip.part for trip in _payload_trips(attempts[0])}
    chosen = [(attempt, trips) for attempt, trips in found if trips]
    if is_single:
        chosen = [pair for pair in chosen if _is_enough(pair[1], parts)][:1]
    trips = [trip for _, found in chosen for trip in found]
    if not _is_enough(trips, parts) or _is_collection_lost(chosen[0][0]):
        return None
    return _partial([attempt for attempt, _ in chosen], trips, best)


def _partial(chosen: Sequence[Attempt], trips: Sequence[RoundTrip], best: Sequence[Attempt]) -> Decision:
    known = {(trip.part, trip.format) for trip in trips}
    failed = (trip for attempt in best for trip in _payload_trips(attempt) if trip.outcome is Outcome.FAILED)
    given_up = tuple(trip for trip in failed if (trip.part, trip.format) not in known)
    own = _collection_trips(chosen[0])  # it was proven with the code that is published
    return Decision(tuple(chosen), (*trips, *own), is_partial=True, given_up=given_up)


def _publishable(attempt: Attempt, *, is_first: bool) -> list[RoundTrip]:
    """Return the round trips of the payloads worth publishing: of the first format what came back in part, too."""
    trips = _payload_trips(attempt)
    if is_first:
        return [trip for trip in trips if any(_is_passed(trip, aspect) for aspect in (Aspect.OUTPUTS, Aspect.WEIGHTS))]
    return [trip for trip in trips if trip.outcome is not Outcome.FAILED]


def _is_enough(trips: Sequence[RoundTrip], parts: set[str]) -> bool:
    """Return whether each model has a payload that lost neither outputs nor weights."""
    return parts <= {trip.part for trip in trips if _answers(trip)}


def _answers(trip: RoundTrip) -> bool:
    return not _is_failed(trip, Aspect.OUTPUTS) and not _is_failed(trip, Aspect.WEIGHTS)


def _is_failed(trip: RoundTrip, aspect: Aspect) -> bool:
    return aspect in trip.failed


def _is_passed(trip: RoundTrip, aspect: Aspect) -> bool:
    return aspect in trip.verdicts and trip.verdicts[aspect].outcome is Outcome.PASSED


def _worth(attempt: Attempt) -> tuple[bool, int, int]:
    """Return how much came back: the collection, then payloads that answer, then aspects that did not fail."""
    trips = _payload_trips(attempt)
    held = sum(len(trip.verdicts) - len(trip.failed) for trip in trips)
    return not _is_collection_lost(attempt), sum(map(_answers, trips)), held


def _names(attempt: Attempt) -> tuple[str, ...]:
    return tuple(plug.name for plug in attempt.formats)


def _payload_trips(attempt: Attempt) -> list[RoundTrip]:
    return [trip for trip in attempt.trips if trip.format != COLLECTION]


def _collection_trips(attempt: Attempt) -> list[RoundTrip]:
    return [trip for trip in attempt.trips if trip.format == COLLECTION]


def _is_collection_lost(attempt: Attempt) -> bool:
    """Return whether the dict, list or object around the models does not come back with this attempt."""
    return any(_is_failed(trip, Aspect.STRUCTURE) for trip in _collection_trips(attempt))
