"""Prove a repeated save by what may have changed, and let the rest lean on the full proof of an earlier version.

The pipeline calls `lean` before it makes a full proof. The fresh process then reloads what is staged, compares every
digest and answers one inference; seeded passes, parts and the training step are not repeated (PROOF §11).
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from colab_save.artifact.manifest import Manifest
from colab_save.artifact.round_trip import Aspect, Outcome, RoundTrip, Verdict
from colab_save.errors import FormatError, StoreError
from colab_save.formats.base import Format
from colab_save.fresh_process.process import Verifier
from colab_save.hints import literal
from colab_save.progress import Clock
from colab_save.saving.attempts import Attempt, attempt_one
from colab_save.saving.examining import Examined, check_unchanged
from colab_save.saving.full_proofs import FULL_PROOFS, FullProof, Likeness, digest_of_code
from colab_save.saving.plan import Plan
from colab_save.versions.finding import is_committed

RESTS = "not repeated: it rests on the full proof of {}"
"""The reason of a training step that an earlier version has taken."""

OTHERS_REST = "inference was compared; other passes rest on the full proof of {}"
"""The reason of outputs of which an earlier version has compared other passes."""


def lean(
    plan: Plan,
    examined: Examined,
    formats: tuple[Format, ...],
    likeness: Likeness,
    verifier: Verifier,
    work: Path,
    clock: Clock,
) -> Attempt | None:
    """Stage and prove a save that leans on the newest full proof of its name.

    Args:
        plan: What to save, and how strictly.
        examined: What is tried first, without other passes than inference and without a training step.
        formats: The formats that are tried first.
        likeness: That of the save.
        verifier: The fresh process, open.
        work: An empty folder on the local disk.
        clock: Reports the progress.

    Returns:
        An attempt with the outcomes of the full proof; ``None`` where there is none to lean on, or where this one shows
        anything else: then a full proof decides.
    """
    proof = FULL_PROOFS.find(plan.destination)
    if proof is None or plan.rules.is_full or not plan.rules.is_verified:
        return None
    if likeness != proof.likeness or not _is_there(plan, proof, formats) or not _has_grown_alike(examined, proof):
        return None
    folder = work / "leaning" / "artifact"
    folder.mkdir(parents=True)
    try:
        made = attempt_one(plan, examined, formats, folder, verifier, clock)
    except FormatError:  # the full proof tells why it cannot be written
        return None
    trips = _resting(made.trips, proof, f"{plan.destination.name}@{proof.version}")
    if trips is None:
        shutil.rmtree(folder)
        if not verifier.was_killed:
            check_unchanged(examined)
        return None
    return replace(made, trips=trips, rests_on=proof.version)


def remember(plan: Plan, likeness: Likeness, attempts: Sequence[Attempt], manifest: Manifest) -> None:
    """Remember the proof of a published version, if it is a full one and the first attempt passed it.

    Args:
        plan: What was saved.
        likeness: That of the save.
        attempts: All attempts.
        manifest: That of the version.
    """
    first = attempts[0]
    if manifest.rests_on or len(attempts) > 1 or manifest.outcome is not Outcome.PASSED:
        return
    custom = first.examined.custom
    code = digest_of_code(custom.code)
    FULL_PROOFS.remember(
        plan.destination, FullProof(manifest.version, likeness, custom.tried, code, manifest.round_trips)
    )


def _is_there(plan: Plan, proof: FullProof, formats: tuple[Format, ...]) -> bool:
    """Return whether the store still has the version: who gets a later one may look at what that rests on."""
    folder = plan.destination.place(proof.version, formats[0].name).folder
    try:
        return is_committed(plan.destination.store, folder)
    except StoreError:
        return False


def _has_grown_alike(examined: Examined, proof: FullProof) -> bool:
    """Add the names to the code that the fresh process lacked in the full proof; return whether that gives its code."""
    for name in proof.lacked:
        examined.custom.add(name)
    return digest_of_code(examined.custom.code) == proof.code


def _resting(trips: Sequence[RoundTrip], proof: FullProof, version: str) -> tuple[RoundTrip, ...] | None:
    """Return round trips with what an earlier version has shown; ``None`` if they show another outcome than its own."""
    before = {trip.label: trip for trip in proof.trips}
    if before.keys() != {trip.label for trip in trips}:
        return None
    whole = tuple(_with_rest(trip, before[trip.label], version) for trip in trips)
    same = all(_outcomes(trip) == _outcomes(before[trip.label]) for trip in whole)
    return whole if same else None


def _outcomes(trip: RoundTrip) -> dict[Aspect, Outcome]:
    return {aspect: verdict.outcome for aspect, verdict in trip.verdicts.items()}


def _with_rest(trip: RoundTrip, before: RoundTrip, version: str) -> RoundTrip:
    verdicts = dict(trip.verdicts)
    if step := before.verdicts.get(Aspect.STEP):
        rests = replace(step, reason=step.reason or literal(RESTS.format(version)))
        verdicts[Aspect.STEP] = rests if step.outcome is Outcome.PASSED else step
    outputs = verdicts.get(Aspect.OUTPUTS)
    if outputs == Verdict(Outcome.PASSED) and len(before.errors) > len(trip.errors):
        verdicts[Aspect.OUTPUTS] = replace(outputs, reason=literal(OTHERS_REST.format(version)))
    return replace(trip, verdicts=verdicts)
