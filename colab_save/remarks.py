"""What a report remarks on round trips, in words: why an aspect has not passed, and what no format keeps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from colab_save.card import Remark
from colab_save.round_trip import Aspect, Outcome, RoundTrip

MOST_LOST = 12
"""Attributes that did not come back, and are named."""


def remarks_on(trip: RoundTrip, about: str = "") -> Iterator[Remark]:
    """Say why each aspect has not passed; aspects with one and the same verdict are told together."""
    verdicts = {aspect: trip.verdicts[aspect] for aspect in Aspect if aspect in trip.verdicts}
    for verdict in dict.fromkeys(verdicts.values()):
        aspects = ", ".join(aspect for aspect, other in verdicts.items() if other == verdict)
        first = f"{verdict.differences} places differ, first " if verdict.differences > 1 else ""
        if verdict.outcome is not Outcome.PASSED:
            yield Remark(f"{about} {aspects}".strip(), first + verdict.reason, verdict.outcome)


def remarks_on_newer(passed_over: Sequence[str]) -> Iterator[Remark]:
    """Say which newer versions are not whole, so that an older one was loaded."""
    return (Remark("passed over", f"a newer version. {said}") for said in passed_over)


def remarks_on_lost(trips: Sequence[RoundTrip]) -> Iterator[Remark]:
    """Say which plain attributes of the model did not come back, and how to keep them."""
    for lost in dict.fromkeys(trip.lost for trip in trips if trip.lost):
        alike = [trip for trip in trips if trip.lost == lost]
        names = lost[:MOST_LOST]
        said = ", ".join(names) + (f" and {len(lost) - MOST_LOST} more" if len(lost) > MOST_LOST else "")
        where = f"; {', '.join(trip.label for trip in alike)}" if len(trips) > 1 else ""
        hint = "" if alike[0].part else f" Keep them with {' '.join(f'--extra {name}' for name in names)}."
        yield Remark("not kept", f"{said} (plain attributes of the model{where}).{hint}")
