"""What a PARTIAL save lost, and what to do about it, in words: for cards, and for the warnings of Python.

`report` shows it in cards; `frontends.python` warns with it.
"""

from __future__ import annotations

from colab_save.artifact.collection import COLLECTION
from colab_save.artifact.manifest import Manifest
from colab_save.artifact.round_trip import Aspect, Outcome, told
from colab_save.hints import option

MOST_LINES = 6
"""Most lines about what is lost."""

DEFINE = (
    "To train it, define its classes and functions, with what they lack, in the notebook before you load it: a load "
    "takes those of the notebook first."
)
"""What to do about code that came without all that it uses; a name that is defined later does not reach it."""

AFTERWARDS = {
    Aspect.CODE: DEFINE,
    Aspect.STRUCTURE: "Set what differs on the loaded model, as the notebook had it.",
    Aspect.WEIGHTS: "Set the weights that differ before you train it.",
    Aspect.OUTPUTS: "Its answers are not those of the live model.",
    Aspect.TRAINING: "Compile it again before you train it.",
    Aspect.STEP: DEFINE,
}
"""What to do with a loaded model, of which an aspect did not come back."""

APART = "Restore what its models shared, and the state of its optimizers, before you train them."
"""What to do with the models of a collection that came back, but not what is around them."""


def lost_in_words(manifest: Manifest) -> str:
    """Return which aspects of which payloads failed, and why, on a few lines."""
    trips = (*manifest.round_trips, *manifest.given_up)
    return told([trip for trip in trips if trip.outcome is Outcome.FAILED], MOST_LINES)


def todo(manifest: Manifest, format: str) -> str:
    """Return what to do with the loaded payload of a PARTIAL save.

    Args:
        manifest: That of the save.
        format: The format of the payload.
    """
    trips = [trip for trip in manifest.round_trips if trip.format in format.split("+")]
    failed = dict.fromkeys(aspect for trip in trips for aspect in trip.failed)
    others = [name for name in manifest.formats if name not in format.split("+")]
    if not failed and any(trip.failed for trip in manifest.round_trips if trip.format == COLLECTION):
        return APART
    if not failed:
        instead = f" {option('format', others[0])} loads what came back of {others[0]}." if others else ""
        return f"{format} answers as the live model did, but it cannot be trained.{instead}"
    whole = {trip.format for trip in manifest.round_trips if not trip.failed}
    instead = "".join(f" {option('format', name)} loads outputs and weights alone." for name in others if name in whole)
    return " ".join(dict.fromkeys(AFTERWARDS[aspect] for aspect in failed)) + instead
