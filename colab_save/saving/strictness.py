"""Hold a save to the option ``strict``: all of the model is proven, or nothing is published.

The pipeline calls `check_strict` before anything is published.
"""

from __future__ import annotations

from collections.abc import Iterator

from colab_save.artifact.round_trip import Outcome
from colab_save.errors import RoundTripError
from colab_save.hints import literal, option
from colab_save.quoting import cut_lines
from colab_save.saving.deciding import Decision
from colab_save.saving.explaining import MOST_REASONS


def check_strict(decision: Decision, *, is_automatic: bool, advice: str = "") -> None:
    """Refuse to publish what is not proven in whole.

    Args:
        decision: What would be published.
        is_automatic: The user named no format, so has accepted nothing that a format cannot hold.
        advice: What to change so that all comes back; empty if that is not known.

    Raises:
        RoundTripError: An aspect failed or was skipped, or the format that ``auto`` chose does not hold it.
    """
    lacking = {Outcome.FAILED, Outcome.SKIPPED} | ({Outcome.NOT_HELD} if is_automatic else set())
    lines = list(_lines(decision, lacking))
    if not lines and not decision.is_partial:
        return
    formats = [name for name in dict.fromkeys(trip.format for trip in decision.trips) if is_automatic]
    named = f" Or accept what a format cannot hold by naming it: {option('formats', formats[0])}." if formats else ""
    only_held = all(f" {Outcome.NOT_HELD}: " in line for line in lines)
    raise RoundTripError(
        "\n".join(
            ["Not all of the model is proven to come back; nothing was published.", *cut_lines(lines, MOST_REASONS)]
        ),
        f"{advice}\nOr leave {option('strict')} out to publish it as it is."
        if advice
        else f"Leave {option('strict')} out to publish it as it is." + (named if only_held else ""),
    )


def _lines(decision: Decision, lacking: set[Outcome]) -> Iterator[str]:
    """Yield a line for each payload and the aspects that it lacks for one reason."""
    for trip in (*decision.trips, *decision.given_up):
        for verdict in dict.fromkeys(trip.verdicts.values()):
            if verdict.outcome in lacking:
                aspects = ", ".join(aspect for aspect, other in trip.verdicts.items() if other == verdict)
                reason = verdict.reason.partition("\n")[0]
                yield f"{literal(trip.label)}: {aspects} {verdict.outcome}: {reason}"
