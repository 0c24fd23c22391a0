"""Resolve, stage, verify, publish, prune: a `SaveRequest` comes in, a `SaveReport` goes out.

Every frontend calls `save`; one that has yet to load the model calls `check` before. Nothing is written to the store
before the publish step, and whatever happens, the versions that were committed there stay as they are.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from itertools import takewhile
from pathlib import Path

from colab_save.artifact.assets import ASSETS
from colab_save.artifact.manifest import Manifest
from colab_save.artifact.round_trip import RoundTrip, distinct, failed
from colab_save.custom_code.naming import as_when_defined
from colab_save.disk import size_of_files
from colab_save.format_table import FORMATS
from colab_save.formats.base import get_format
from colab_save.fresh_process.process import Verifier
from colab_save.hints import literal
from colab_save.progress import Clock, OnStep, Stage, ignore_steps
from colab_save.reports.report import SaveReport
from colab_save.request.request import SaveRequest
from colab_save.saving.attempts import Attempt, attempt, tries
from colab_save.saving.choosing import check_formats
from colab_save.saving.deciding import Decision, decide
from colab_save.saving.describing import describe
from colab_save.saving.examining import Examined, custom_objects_of, examine_fully, examine_models
from colab_save.saving.explaining import advice, not_replaced, refusal
from colab_save.saving.free_places import where_to_put
from colab_save.saving.full_proofs import Likeness
from colab_save.saving.leaning import lean, remember
from colab_save.saving.merging import merge
from colab_save.saving.plan import Plan
from colab_save.saving.preparing import prepare_place
from colab_save.saving.resolving import resolve
from colab_save.saving.sealing import seal
from colab_save.saving.staging import Staged
from colab_save.saving.strictness import check_strict
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
            likeness, attempts = _attempts(plan, examined, verifier, Path(work), clock)
            decision = _decide(plan, attempts)
            if decision is None:
                raise refusal(attempts, verifier.death, is_automatic=plan.choice.is_automatic)
            if plan.rules.is_strict:
                todo = advice(attempts, decision) if decision.is_partial else ""
                check_strict(decision, is_automatic=plan.choice.is_automatic, advice=todo)
            verifier.close()
            plan = replace(plan, destination=where_to_put(plan, decision))
            staged = merge(decision)
            if (staged.folder / ASSETS).exists():  # which nobody knew when the store was prepared
                plan.destination.store.prepare(size_of_files(staged.folder))
            described = describe(plan, decision.attempts[0].examined, decision, staged)
            manifest = seal(described, staged, plan.destination)
            with clock.at(Stage.PUBLISH):
                published, pruned = _publish(plan, manifest, staged, clock)
            remember(plan, likeness, attempts, manifest)
        upload_state, notes = see_through(published, clock, wait=plan.upload.wait, flush=plan.upload.flush)
        report = _report(plan, manifest, attempts, decision, upload_state)
        if plan.destination is not self.plan.destination:
            raise not_replaced(report, self.plan.destination)
        notes = (*report.notes, *notes, *pruned.notes)
        return replace(report, notes=notes, pruned=pruned.versions, seconds=dict(clock.seconds))


def _attempts(
    plan: Plan, examined: Examined, verifier: Verifier, work: Path, clock: Clock
) -> tuple[Likeness, list[Attempt]]:
    """Return the attempts of a save, one that leans on an earlier proof or those of a full one, and its likeness."""
    with clock.at(Stage.STAGE):
        formats, first = next(tries(plan, examined))
        likeness = Likeness.of(plan, first, formats)
    if leaning := lean(plan, first, formats, likeness, verifier, work, clock):
        return likeness, [leaning]
    with clock.at(Stage.STAGE):
        examined = examine_fully(plan, examined)
    return likeness, attempt(plan, examined, verifier, work, clock)


def _publish(plan: Plan, manifest: Manifest, staged: Staged, clock: Clock) -> tuple[Published, Pruned]:
    destination = plan.destination
    place = destination.place(manifest.version, staged.formats[0].name)
    published = publish_with_local_copy(destination.store, place, staged.folder, manifest, clock.on_step)
    return published, prune(destination.store, manifest, plan.retention)


def _decide(plan: Plan, attempts: list[Attempt]) -> Decision | None:
    """Return what is published; where too little came back and the user forces it, the first that was written."""
    decision = decide(attempts, is_automatic=plan.choice.is_automatic, is_single=bool(plan.destination.key))
    untried = _untried(plan)
    if decision is not None and untried:
        return replace(decision, is_partial=True, given_up=(*untried, *decision.given_up))
    if decision is None and plan.rules.is_forced:
        written = (attempt for attempt in attempts if attempt.staged.samples)
        return next((Decision((attempt,), attempt.trips) for attempt in written), None)
    return decision


def _untried(plan: Plan) -> tuple[RoundTrip, ...]:
    """Return as failed what ``auto`` would have tried first: another model, or its place, stands against the format."""
    refusals, models = plan.choice.refusals, plan.division.models.values()
    if not (refusals and plan.choice.is_automatic):
        return ()
    before = takewhile(lambda name: name != plan.choice.attempts[0][0].name, FORMATS)
    plugs = (get_format(name) for name in before if name in refusals)
    held = (plug for plug in plugs if any(not plug.refusal(model) for model in models))
    return tuple(failed(plug.name, refusals[plug.name], plug.holds) for plug in held)


def _unused_options(plan: Plan, manifest: Manifest) -> Iterator[str]:
    """Yield a note for each option that the user gave and that only formats have which were not saved."""
    saved = manifest.formats
    used = {item.name for name in saved for item in fields(plan.choice.options[name])}
    for name, options in plan.choice.options.items():
        for item in fields(options) if name not in saved else ():
            if item.name not in used and getattr(options, item.name) != getattr(type(options)(), item.name):
                yield f"The option {item.name} was not used: it is one of {name}, and {' and '.join(saved)} was saved."


def _report(
    plan: Plan,
    manifest: Manifest,
    attempts: list[Attempt],
    decision: Decision,
    upload_state: UploadState,
) -> SaveReport:
    first = manifest.formats[0]
    destination = plan.destination
    place = destination.place(manifest.version, first)
    notes = list(decision.notes)
    if destination.key and destination.exact(first) != destination.key:
        notes.append(f"{destination.key} was saved with the suffix of its format, as {destination.exact(first)}.")
    if destination.key and manifest.assets:
        names = ", ".join(sorted(path.rpartition("/")[2] for path in manifest.assets.values()))
        notes.append(f"It reads {literal(names)}, which lies in {literal(place.folder)}: move that folder with it.")
    notes += [f"auto did not try {name}: {reason}." for name, reason in plan.choice.refusals.items()]
    notes += _unused_options(plan, manifest)
    rejected = [trip for attempt in attempts if attempt not in decision.attempts for trip in attempt.trips]
    return SaveReport(
        manifest=manifest,
        where=f"{destination.store.location}/{place.exact or place.folder}",
        store=destination.store.kind,
        upload_state=upload_state,
        load_line=destination.load_line(manifest),
        attempts=decision.given_up if decision.is_partial else tuple(distinct(rejected)),
        advice=advice(attempts, decision) if decision.is_partial else "",
        extras=tuple(plan.extras.values),
        notes=tuple(notes),
    )
