"""Explain why nothing was published, or not all: what differs, and what to do next, on one screen.

The pipeline raises what `refusal` returns, and reports what `advice` returns. Nothing that has just failed is
recommended.
"""

from __future__ import annotations

import re

from colab_save.artifact.round_trip import Aspect, Outcome, RoundTrip, distinct, told
from colab_save.errors import RoundTripError, VerifierError
from colab_save.format_table import FORMATS
from colab_save.hints import literal, option, without
from colab_save.quoting import cut_blocks
from colab_save.reports.partial import lost_in_words
from colab_save.reports.report import SaveReport
from colab_save.saving.attempts import Attempt
from colab_save.saving.deciding import Decision, decide
from colab_save.saving.plan import Destination

_SAVED_MODEL = option("formats", "saved_model")

_RETURN_ALL = "Return every argument of __init__ from get_config()."
_AS_IT_IS = f"Or save with {_SAVED_MODEL}, which writes the computation as it is now."

HINTS = {
    Aspect.CODE: (
        "Define the class in a cell or a module, and return it from get_config().",
        f"Or save with {_SAVED_MODEL}, which needs no classes.",
    ),
    Aspect.STRUCTURE: ("Return the argument from get_config(), and assign it to the attribute of its name.", _AS_IT_IS),
    Aspect.WEIGHTS: (
        "Create every layer in __init__ or build(), and assign each to an attribute of its own.",
        f"Or save with {_SAVED_MODEL}, which writes all weights that call() uses.",
    ),
    Aspect.OUTPUTS: (
        f"The file lacks something that call() uses: set it in __init__. {_RETURN_ALL}",
        _AS_IT_IS,
    ),
    Aspect.STEP: (
        f"Define what the training uses in a cell or a module. Or publish this as it is with {option('force')}.",
        f"Or save it without the training state with {_SAVED_MODEL}.",
    ),
    Aspect.TRAINING: (
        f"Outputs and weights came back. Publish this as it is with {option('force')}.",
        f"Or save it without the training state with {_SAVED_MODEL}.",
    ),
}
"""What to do when an aspect has failed, and instead of it; of several aspects, the one that explains most decides."""

LACKING = (
    f"A new runtime lacks what the code of the model uses: define all of it in cells or modules. {_RETURN_ALL}",
    f"Or save with {_SAVED_MODEL}, which needs no code.",
)
"""What to do when a payload could not be written, opened or run."""

TAKING = (
    "Let __init__ take all that get_config() returns: give it **kwargs, and call super().__init__(**kwargs) in it.",
    LACKING[1],
)
"""What to do when Keras hands a constructor an argument that it does not take."""

APART = "Save what {} can hold under a name of its own."
"""What to do when another model of a collection, or the place, stands against a format."""

ALWAYS = "Change what is named above, and save again."
"""What to do when all else has failed already."""

_UNEXPECTED = re.compile("unexpected keyword argument|Unrecognized keyword arguments")
"""How Python and Keras say so."""

MOST_REASONS = 12
"""Most lines of reasons in a message."""

MOST_ADVICE = 10
"""Most lines of code that a hint tells to add."""


def refusal(attempts: list[Attempt], death: VerifierError | None, *, is_automatic: bool = True) -> RoundTripError:
    """Return the error that says why no attempt may be published.

    Args:
        attempts: All of them; none has passed.
        death: How the fresh process died or ran out of time, if it did.
        is_automatic: The user named no format; else the hint says what would be published then.
    """
    trips = distinct(trip for attempt in attempts for trip in attempt.trips if trip.outcome is Outcome.FAILED)
    if death is not None and any(death.references[0] in verdict.reason for verdict in trips[0].verdicts.values()):
        return VerifierError(f"{death.references[0]} Nothing was published.", death.references[1])
    is_compared = any(trip.is_compared for trip in trips)
    what = "The reloaded model differs from the live one" if is_compared else "The model does not come back"
    hint = "\n".join(filter(None, (_hint(attempts, trips), "" if is_automatic else _automatic(attempts))))
    return RoundTripError(f"{what}; nothing was published.\n{told(trips, MOST_REASONS)}", hint)


def advice(attempts: list[Attempt], decision: Decision) -> str:
    """Return what to change so that next time all comes back; empty if that is not known.

    Args:
        attempts: All of them, as `attempts.attempt` returns them.
        decision: What of them is published in part.
    """
    trips = [trip for trip in (*decision.trips, *decision.given_up) if trip.outcome is Outcome.FAILED]
    if trips and not any(trips[0] in attempt.trips for attempt in attempts):
        return APART.format(trips[0].format)
    known = cut_blocks(attempts[0].hint, MOST_ADVICE)
    general = "" if not trips or next(iter(trips[0].failed)) is Aspect.TRAINING else _general(attempts, trips[0])[0]
    tried = {option("formats", plug.name) for attempt in attempts for plug in attempt.formats}
    return without(known or general, {*tried, option("force")})  # what is published needs no force


def not_replaced(report: SaveReport, old: Destination) -> RoundTripError:
    """Return the error about a PARTIAL plain save that was put beside the file which it would have replaced.

    Args:
        report: That of the save.
        old: Where the file stands.
    """
    where = f"{old.store.location}/{old.exact(report.manifest.formats[0])}"
    return RoundTripError(
        f"Not all of the model comes back, so {literal(where)} was not replaced. What does is in "
        f"{literal(report.where)}.\n{lost_in_words(report.manifest)}",
        "\n".join(filter(None, (report.advice, f"{option('force')} replaces the old one."))),
    )


def _automatic(attempts: list[Attempt]) -> str:
    """Return what ``auto`` would publish instead of the formats that the user named; empty if it knows no better."""
    first, *others = (record.name for record in FORMATS.values() if record.is_automatic)
    if {plug.name for attempt in attempts for plug in attempt.formats} != {first}:
        return ""
    other = f"{others[0]}, if that comes back"
    is_enough = decide(attempts, is_automatic=True) is not None
    published = f"what came back of {first} in part, beside {other}" if is_enough else f"in part {other}"
    return f"Without {option('formats')}, auto publishes {published}."


def _hint(attempts: list[Attempt], trips: list[RoundTrip]) -> str:
    """Return what to do: the code to change where that is known, else what helps with the first failure."""
    failed = {option("formats", trip.format) for trip in trips}
    known = cut_blocks(attempts[0].hint, MOST_ADVICE)
    advice, instead = _general(attempts, trips[0])
    lines = [without(text, failed) for text in (known or advice, "" if _SAVED_MODEL in known else instead)]
    return "\n".join(filter(None, lines)) or ALWAYS


def _general(attempts: list[Attempt], trip: RoundTrip) -> tuple[str, str]:
    """Return what helps with a failed round trip, and what to do instead."""
    if not trip.is_compared:
        return TAKING if _UNEXPECTED.search(trip.reason) else LACKING
    aspect = next(iter(trip.failed))
    own = next((plug.differing for attempt in attempts for plug in attempt.formats if plug.name == trip.format), "")
    return (own, "") if own and aspect is Aspect.OUTPUTS else HINTS[aspect]
