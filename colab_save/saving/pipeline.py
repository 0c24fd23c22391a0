"""The save line: resolve, stage, verify, publish, prune. A request comes in, a `SaveReport` goes out.

Every door calls `save` and nothing else. Until `publish` nothing has been written into the store, and what had been
committed there stays whatever happens.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from colab_save.artifact.environment import environment
from colab_save.artifact.facts import ModelFacts
from colab_save.artifact.manifest import Manifest, Part, Payload
from colab_save.artifact.readme import README, readme_of
from colab_save.artifact.round_trip import Aspect, Outcome, RoundTrip
from colab_save.artifact.version import new_version
from colab_save.custom_code.signing import signed
from colab_save.dialect import KERAS, dialect_of
from colab_save.errors import RoundTripError
from colab_save.hints import option
from colab_save.model.history import metrics_of
from colab_save.progress import Clock, OnStep, Stage, ignore_steps
from colab_save.proof.process import Verifier
from colab_save.reports.report import SaveReport
from colab_save.request.request import SaveRequest
from colab_save.saving.plan import Plan
from colab_save.saving.resolving import resolve
from colab_save.saving.staging import Staged, Subject, attempt, examine_subjects
from colab_save.stores.base import UploadState
from colab_save.versions.packing import pack
from colab_save.versions.pending import publish_with_local_copy
from colab_save.versions.pruning import prune
from colab_save.versions.publishing import describe_files
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
        plan = resolve(request)
    with (
        Verifier(is_used=plan.rules.is_verified) as verifier,
        tempfile.TemporaryDirectory(prefix="colab_save_") as work,
    ):
        with clock.at(Stage.STAGE):
            subjects = examine_subjects(plan)
        attempts = attempt(plan, subjects, verifier, Path(work), clock)
        chosen = _choose(attempts, is_forced=plan.rules.is_forced)
        verifier.close()
        manifest = _describe(plan, subjects, chosen)
        store, place = plan.destination.store, plan.destination.place(manifest.version, chosen.formats[0].name)
        with clock.at(Stage.PUBLISH):
            kept = publish_with_local_copy(store, place, chosen.folder, manifest, on_step)
            pruned = prune(store, manifest, plan.retention)
    upload_state, notes = see_through(kept, clock, wait=plan.upload.wait, flush=plan.upload.flush)
    report = _report(plan, manifest, attempts, chosen, upload_state)
    notes = (*report.notes, *notes, *pruned.notes)
    return replace(report, notes=notes, pruned=pruned.versions, seconds=dict(clock.seconds))


def _choose(attempts: list[Staged], *, is_forced: bool) -> Staged:
    """Take the attempt that passed; without one, the first that was written if the user forces it.

    Raises:
        RoundTripError: None passed: nothing is published.
    """
    if attempts[-1].is_passed:
        return attempts[-1]
    written = [attempt for attempt in attempts if attempt.samples]
    if is_forced and written:
        return written[0]
    trips = [trip for attempt in attempts for trip in attempt.trips if trip.outcome is Outcome.FAILED]
    raise RoundTripError(
        "The model that came back is not the one that was saved; nothing was published. "
        + "; ".join(f"{trip.label}: {trip.reason}" for trip in trips),
        "\n".join(filter(None, (attempts[0].hint, _hint(attempts, trips[0])))),
    )


def _hint(attempts: list[Staged], trip: RoundTrip) -> str:
    """Say what to do when a round trip has failed: by the first aspect of `HINTS`, or in the format's own words."""
    failed = [aspect for aspect, verdict in trip.verdicts.items() if verdict.outcome is Outcome.FAILED]
    aspect = next(aspect for aspect in HINTS if aspect in failed)
    own = {plug.name: plug.differing for attempt in attempts for plug in attempt.formats}.get(trip.format, "")
    return own if own and aspect is Aspect.OUTPUTS else HINTS[aspect]


def _describe(plan: Plan, subjects: tuple[Subject, ...], chosen: Staged) -> Manifest:
    """Write the README and describe everything in the stage."""
    now, collection = datetime.now(UTC), plan.division.collection
    parts = tuple(Part(subject.name, subject.facts, chosen.samples[subject.name]) for subject in subjects)
    whole = Part("", ModelFacts("several", collection.class_name)) if collection else parts[0]
    made_of = next(filter(None, map(dialect_of, plan.division.models.values())), KERAS)
    manifest = Manifest(
        name=plan.destination.name,
        version=new_version(now, plan.destination.newest(chosen.formats[0].name)),
        created=f"{now:%Y-%m-%dT%H:%M:%SZ}",
        payloads=tuple(
            Payload(plug.name, f"{part.name}/{plug.payload}".lstrip("/")) for part in parts for plug in chosen.formats
        ),
        files=describe_files(chosen.folder),
        facts=whole.facts,
        round_trips=chosen.trips,
        environment=environment(made_of),
        requirements=subjects[0].custom.code.requirements,
        sample=whole.sample,
        parts=parts if collection else (),
        metrics=metrics_of(plan.division.models, plan.label.metrics),
        tags=plan.label.tags,
        note=plan.label.note,
    )
    if plan.destination.key:  # a plain save has its payload elsewhere, and nobody looks for a README beside it
        return signed(manifest)
    packed = [payload.path for payload in manifest.payloads if (chosen.folder / payload.path).is_dir()]
    if not plan.destination.packs_folders:
        packed = []
    text = readme_of(manifest, {plug.name: plug.opening for plug in chosen.formats}, packed)
    (chosen.folder / README).write_text(text, encoding="utf-8")
    files = describe_files(chosen.folder)
    return signed(replace(manifest, files=files, packed=pack(chosen.folder, packed)))


def _report(
    plan: Plan,
    manifest: Manifest,
    attempts: list[Staged],
    chosen: Staged,
    upload_state: UploadState,
) -> SaveReport:
    first = chosen.formats[0].name
    destination = plan.destination
    place = destination.place(manifest.version, first)
    notes = list(chosen.notes)
    if destination.key and destination.exact(first) != destination.key:
        notes.append(f"{destination.key} got the suffix of its format: {destination.exact(first)}.")
    notes += [f"auto did not try {name}: {reason}." for name, reason in plan.refusals.items()]
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
