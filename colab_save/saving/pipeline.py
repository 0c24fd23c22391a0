"""Resolve, stage, verify, publish, prune: a request comes in, a `SaveReport` goes out.

Every frontend calls `save` and nothing else. Until `publish` nothing has been written into the store, and what had been
committed there stays whatever happens.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from colab_save.artifact.manifest import Manifest
from colab_save.artifact.round_trip import Aspect, Outcome, RoundTrip
from colab_save.errors import RoundTripError
from colab_save.hints import option
from colab_save.progress import Clock, OnStep, Stage, ignore_steps
from colab_save.proof.process import Verifier
from colab_save.reports.report import SaveReport
from colab_save.request.request import SaveRequest
from colab_save.saving.attempts import Attempt, attempt
from colab_save.saving.describing import describe
from colab_save.saving.examining import examine_models
from colab_save.saving.plan import Plan
from colab_save.saving.resolving import resolve
from colab_save.saving.sealing import seal
from colab_save.stores.base import UploadState
from colab_save.versions.pending import Published, publish_with_local_copy
from colab_save.versions.pruning import Pruned, prune
from colab_save.versions.uploading import see_through

_SAVED_MODEL = option("formats", "saved_model")

HINTS = {
    Aspect.OUTPUTS: "Something that call() uses is not in the file: an attribute set after __init__, a constant, or a "
    f"get_config() without an argument. {_SAVED_MODEL} writes what the model computes, as it is now.",
    Aspect.WEIGHTS: "Build every layer in __init__ or build(), and keep each in an attribute of its own. "
    f"{_SAVED_MODEL} writes all weights that call() uses.",
    Aspect.TRAINING: f"Outputs and weights came back. To keep them without the training state: {_SAVED_MODEL}; "
    f"to publish it as it is: {option('force')}.",
    Aspect.STRUCTURE: "Put the argument into get_config(), and keep it in the attribute of its name. "
    f"{_SAVED_MODEL} writes what the model computes, as it is now.",
    Aspect.CODE: "Define the class in a cell or a module, and let get_config() name it. "
    f"{_SAVED_MODEL} needs no classes.",
}
"""What to do when an aspect has failed."""


def save(request: SaveRequest, on_step: OnStep = ignore_steps) -> SaveReport:
    """Save a model, prove it in a fresh process, and commit it.

    Args:
        request: What the user wants.
        on_step: Told the progress.

    Raises:
        ColabSaveError: Any of the tree; nothing is published then, and what was committed before is whole.
    """
    clock = Clock(on_step)
    with clock.at(Stage.RESOLVE):
        saving = _Saving(resolve(request), clock)
    return saving.run()


@dataclass(frozen=True, slots=True)
class _Saving:
    """A save under way, once it is known what it will do."""

    plan: Plan
    clock: Clock

    def run(self) -> SaveReport:
        """Stage, verify, publish, prune and see the upload through."""
        plan, clock = self.plan, self.clock
        with (
            Verifier(is_used=plan.rules.is_verified) as verifier,
            tempfile.TemporaryDirectory(prefix="colab_save_") as work,
        ):
            with clock.at(Stage.STAGE):
                examined = examine_models(plan)
            attempts = attempt(plan, examined, verifier, Path(work), clock)
            chosen = _choose(attempts, is_forced=plan.rules.is_forced)
            verifier.close()
            manifest = seal(describe(plan, examined, chosen), chosen.staged, plan.destination)
            with clock.at(Stage.PUBLISH):
                kept, pruned = self._publish(manifest, chosen)
        upload_state, notes = see_through(kept, clock, wait=plan.upload.wait, flush=plan.upload.flush)
        report = _report(plan, manifest, attempts, chosen, upload_state)
        notes = (*report.notes, *notes, *pruned.notes)
        return replace(report, notes=notes, pruned=pruned.versions, seconds=dict(clock.seconds))

    def _publish(self, manifest: Manifest, chosen: Attempt) -> tuple[Published, Pruned]:
        destination = self.plan.destination
        place = destination.place(manifest.version, chosen.formats[0].name)
        kept = publish_with_local_copy(destination.store, place, chosen.staged.folder, manifest, self.clock.on_step)
        return kept, prune(destination.store, manifest, self.plan.retention)


def _choose(attempts: list[Attempt], *, is_forced: bool) -> Attempt:
    """Take the attempt that passed; without one, the first that was written if the user forces it.

    Raises:
        RoundTripError: None passed: nothing is published.
    """
    if attempts[-1].is_passed:
        return attempts[-1]
    written = [attempt for attempt in attempts if attempt.staged.samples]
    if is_forced and written:
        return written[0]
    trips = [trip for attempt in attempts for trip in attempt.trips if trip.outcome is Outcome.FAILED]
    raise RoundTripError(
        "The model that came back is not the one that was saved; nothing was published. "
        + "; ".join(f"{trip.label}: {trip.reason}" for trip in trips),
        "\n".join(filter(None, (attempts[0].hint, _hint(attempts, trips[0])))),
    )


def _hint(attempts: list[Attempt], trip: RoundTrip) -> str:
    """Say what to do when a round trip has failed: by the first aspect of `HINTS`, or in the format's own words."""
    failed = [aspect for aspect, verdict in trip.verdicts.items() if verdict.outcome is Outcome.FAILED]
    aspect = next(aspect for aspect in HINTS if aspect in failed)
    own = {plug.name: plug.differing for attempt in attempts for plug in attempt.formats}.get(trip.format, "")
    return own if own and aspect is Aspect.OUTPUTS else HINTS[aspect]


def _report(
    plan: Plan,
    manifest: Manifest,
    attempts: list[Attempt],
    chosen: Attempt,
    upload_state: UploadState,
) -> SaveReport:
    first = chosen.formats[0].name
    destination = plan.destination
    place = destination.place(manifest.version, first)
    notes = list(chosen.notes)
    if destination.key and destination.exact(first) != destination.key:
        notes.append(f"{destination.key} got the suffix of its format: {destination.exact(first)}.")
    notes += [f"auto did not try {name}: {reason}." for name, reason in plan.choice.refusals.items()]
    given_up = tuple(trip for attempt in attempts if attempt is not chosen for trip in attempt.trips)
    return SaveReport(
        manifest=manifest,
        where=f"{destination.store.location}/{place.exact or place.folder}",
        store=destination.store.kind,
        upload_state=upload_state,
        load_line=destination.load_line(first),
        attempts=given_up,
        extras=tuple(plan.extras.values),
        notes=tuple(notes),
    )
