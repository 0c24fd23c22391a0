"""Resolve, stage, verify, publish, prune: a `SaveRequest` comes in, a `SaveReport` goes out.

Every frontend calls `save`; one that has yet to load the model calls `check` before. Nothing is written to the store
before the publish step, and whatever happens, the versions that were committed there stay as they are.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path

from colab_save.artifact.manifest import Manifest
from colab_save.custom_code.naming import as_when_defined
from colab_save.errors import VerifierError
from colab_save.fresh_process.process import Verifier
from colab_save.progress import Clock, OnStep, Stage, ignore_steps
from colab_save.reports.report import SaveReport
from colab_save.request.request import SaveRequest
from colab_save.saving.attempts import Attempt, attempt
from colab_save.saving.choosing import check_formats
from colab_save.saving.describing import describe
from colab_save.saving.examining import custom_objects_of, examine_models
from colab_save.saving.explaining import refusal
from colab_save.saving.plan import Plan
from colab_save.saving.preparing import prepare_place
from colab_save.saving.resolving import resolve
from colab_save.saving.sealing import seal
from colab_save.settings import check_settings
from colab_save.stores.base import UploadState
from colab_save.target import Target
from colab_save.versions.pending import Published, publish_with_local_copy
from colab_save.versions.pruning import Pruned, prune
from colab_save.versions.uploading import see_through


def save(request: SaveRequest, on_step: OnStep = ignore_steps) -> SaveReport:
    """Save a model, prove it in a fresh process, and commit it.

    Args:
        request: What the user wants.
        on_step: Called with the progress.

    Raises:
        ColabSaveError: Any of its subclasses; no version is committed then, and earlier ones are untouched.
    """
    clock = Clock(on_step)
    with clock.at(Stage.RESOLVE):
        saving = _Saving(resolve(request), clock)
    return saving.run()


def check(request: SaveRequest) -> None:
    """Refuse what can be refused without the model, which takes long to load: settings, formats, options, the place.

    Raises:
        ColabSaveError: As `save` raises it.
    """
    check_settings()
    target = Target.parse(request.target) if request.target is not None else Target()
    check_formats(request, target)
    prepare_place(request.to, target)


@dataclass(frozen=True, slots=True)
class _Saving:
    """A save in progress, from its plan on."""

    plan: Plan
    clock: Clock

    def run(self) -> SaveReport:
        """Stage, verify, publish and prune, then wait for the upload if the user wants that."""
        plan, clock = self.plan, self.clock
        with (
            as_when_defined(custom_objects_of(plan.division)),
            Verifier(is_used=plan.rules.is_verified) as verifier,
            tempfile.TemporaryDirectory(prefix="colab_save_") as work,
        ):
            with clock.at(Stage.STAGE):
                examined = examine_models(plan)
            attempts = attempt(plan, examined, verifier, Path(work), clock)
            chosen = _choose(attempts, verifier.death, is_forced=plan.rules.is_forced)
            verifier.close()
            manifest = seal(describe(plan, chosen.examined, chosen), chosen.staged, plan.destination)
            with clock.at(Stage.PUBLISH):
                published, pruned = self._publish(manifest, chosen)
        upload_state, notes = see_through(published, clock, wait=plan.upload.wait, flush=plan.upload.flush)
        report = _report(plan, manifest, attempts, chosen, upload_state)
        notes = (*report.notes, *notes, *pruned.notes)
        return replace(report, notes=notes, pruned=pruned.versions, seconds=dict(clock.seconds))

    def _publish(self, manifest: Manifest, chosen: Attempt) -> tuple[Published, Pruned]:
        destination = self.plan.destination
        place = destination.place(manifest.version, chosen.formats[0].name)
        published = publish_with_local_copy(
            destination.store, place, chosen.staged.folder, manifest, self.clock.on_step
        )
        return published, prune(destination.store, manifest, self.plan.retention)


def _choose(attempts: list[Attempt], death: VerifierError | None, *, is_forced: bool) -> Attempt:
    """Return the attempt that passed; without one, the first that was written if the user forces it.

    Raises:
        VerifierError: The fresh process died or ran out of time over the first that failed; nothing is published.
        RoundTripError: No attempt passed, so nothing is published.
    """
    if attempts[-1].is_passed:
        return attempts[-1]
    written = [attempt for attempt in attempts if attempt.staged.samples]
    if is_forced and written:
        return written[0]
    raise refusal(attempts, death)


def _unused_options(plan: Plan, chosen: Attempt) -> Iterator[str]:
    """Yield a note for each option that the user gave and that only formats have which were not saved."""
    saved = [plug.name for plug in chosen.formats]
    used = {item.name for name in saved for item in fields(plan.choice.options[name])}
    for name, options in plan.choice.options.items():
        for item in fields(options) if name not in saved else ():
            if item.name not in used and getattr(options, item.name) != getattr(type(options)(), item.name):
                yield f"The option {item.name} was not used: it is one of {name}, and {' and '.join(saved)} was saved."


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
        notes.append(f"{destination.key} was saved with the suffix of its format, as {destination.exact(first)}.")
    notes += [f"auto did not try {name}: {reason}." for name, reason in plan.choice.refusals.items()]
    notes += _unused_options(plan, chosen)
    rejected = [trip for attempt in attempts if attempt is not chosen for trip in attempt.trips]
    return SaveReport(
        manifest=manifest,
        where=f"{destination.store.location}/{place.exact or place.folder}",
        store=destination.store.kind,
        upload_state=upload_state,
        load_line=destination.load_line(manifest),
        attempts=tuple({(trip.label, trip.reason): trip for trip in rejected}.values()),
        extras=tuple(plan.extras.values),
        notes=tuple(notes),
    )
