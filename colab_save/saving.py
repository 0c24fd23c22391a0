"""The save line: resolve, stage, verify, publish. A request comes in, a `SaveReport` goes out.

Every door calls `save` and nothing else. Until `publish` nothing has been written into the store, and what had been
committed there stays whatever happens.
"""

from __future__ import annotations

import contextlib
import platform
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from colab_save.capturing import CustomCode, capture, find_custom_objects, lambdas_by_name
from colab_save.errors import FormatError, RoundTripError
from colab_save.examining import examine, kind_of
from colab_save.facts import ModelFacts
from colab_save.formats.base import Format
from colab_save.manifest import Manifest, Payload, SampleFacts, new_version
from colab_save.place import CUSTOM_CODE
from colab_save.progress import OnStep, Stage, Step, ignore_steps
from colab_save.publishing import describe_files, publish
from colab_save.readme import README, readme_of
from colab_save.report import SaveReport
from colab_save.request import SaveRequest
from colab_save.resolving import Plan, resolve
from colab_save.round_trip import Aspect, Outcome, RoundTrip, failed, skipped
from colab_save.sample import FILE, Sample, write_arrays
from colab_save.sampling import take_sample
from colab_save.trusting import signed
from colab_save.verifying import Verifier, verify

HINTS = {
    Aspect.OUTPUTS: "Something that call() uses is not in the file: an attribute set after __init__, a constant, or a "
    "get_config() without an argument. --format saved_model writes what the model computes, as it is now.",
    Aspect.WEIGHTS: "Build every layer in __init__ or build(), and keep each in an attribute of its own. "
    "--format saved_model writes all weights that call() uses.",
    Aspect.TRAINING: "Outputs and weights came back. To keep them without the training state: --format saved_model; "
    "to publish it as it is: --force.",
}
"""What to do when an aspect has failed."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is saved: the live model with all that was taken from it before anything is written.

    Attributes:
        model: The live model.
        facts: What it is.
        sample: What it was asked and answered.
        code: The custom code that a reload needs.
    """

    model: Any
    facts: ModelFacts
    sample: Sample
    code: CustomCode


@dataclass(frozen=True, slots=True)
class Staged:
    """One attempt on the local disk.

    Attributes:
        folder: The folder with all files but the manifest.
        formats: What was tried.
        trips: What the round trips found.
        sample: The sample in the folder.
        notes: What the formats want the user to know.
    """

    folder: Path
    formats: tuple[Format, ...]
    trips: tuple[RoundTrip, ...]
    sample: SampleFacts
    notes: tuple[str, ...]

    @property
    def is_passed(self) -> bool:
        """Say whether this may be published: nothing has failed."""
        return all(trip.outcome is not Outcome.FAILED for trip in self.trips)


def save(request: SaveRequest, on_step: OnStep = ignore_steps) -> SaveReport:
    """Save a model, prove it in a fresh process, and commit it.

    Args:
        request: What the user wants.
        on_step: Told the progress.

    Raises:
        ColabSaveError: Any of the tree; nothing is published then, and what was committed before is whole.
    """
    seconds: dict[str, float] = {}
    on_step(Step(Stage.RESOLVE))
    with _timed(seconds, Stage.RESOLVE):
        plan = resolve(request)
    with Verifier(is_used=request.verify) as verifier, tempfile.TemporaryDirectory(prefix="colab_save_") as work:
        with _timed(seconds, Stage.STAGE):
            on_step(Step(Stage.STAGE))
            subject = _examine(request, plan)
        attempts = _attempt(request, plan, subject, verifier, Path(work), on_step, seconds)
        chosen = _choose(attempts, is_forced=request.force)
        verifier.close()
        manifest = _describe(request, plan, subject, chosen)
        place = plan.place(manifest.version, chosen.formats[0].name)
        with _timed(seconds, Stage.PUBLISH):
            publish(plan.store, place, chosen.folder, manifest, on_step)
    return _report(plan, manifest, attempts, chosen, seconds)


def _examine(request: SaveRequest, plan: Plan) -> Subject:
    """Take everything from the live model; the sample comes first, since it may build the model."""
    plug, model = plan.attempts[0][0], request.model
    sample = take_sample(model, request.sample, plug.run, plug.specs(model))
    objects = find_custom_objects(model) if kind_of(model) == "keras" else []
    code = capture(objects, vars(sys.modules["__main__"]))
    with lambdas_by_name(code):
        facts = examine(model)
    return Subject(model, facts, sample, code)


def _attempt(
    request: SaveRequest,
    plan: Plan,
    subject: Subject,
    verifier: Verifier,
    work: Path,
    on_step: OnStep,
    seconds: dict[str, float],
) -> list[Staged]:
    """Stage and verify one set of formats after the other until one passes."""
    attempts: list[Staged] = []
    for index, formats in enumerate(plan.attempts):
        folder = work / str(index) / "artifact"
        folder.mkdir(parents=True)
        on_step(Step(Stage.STAGE, detail="+".join(plug.name for plug in formats)))
        try:
            with _timed(seconds, Stage.STAGE):
                sample, notes = _stage(request, subject, formats, plan.options, folder)
        except FormatError as error:
            if len(plan.attempts) == 1:
                raise
            trips = tuple(failed(plug.name, error.message, plug.keeps) for plug in formats)
            attempts.append(Staged(folder, formats, trips, SampleFacts(), ()))
            continue
        with _timed(seconds, Stage.VERIFY):
            trips = tuple(_verify(request, subject, plug, folder, sample, verifier, on_step) for plug in formats)
        attempts.append(Staged(folder, formats, trips, sample, notes))
        if attempts[-1].is_passed:
            break
    return attempts


def _stage(
    request: SaveRequest, subject: Subject, formats: tuple[Format, ...], options: Mapping[str, Any], folder: Path
) -> tuple[SampleFacts, tuple[str, ...]]:
    """Write the payloads, the sample and the custom code into a folder on the local disk."""
    sample = subject.sample
    structures = write_arrays(folder / FILE, inputs=sample.inputs, outputs=sample.outputs)
    if subject.code.source:
        (folder / CUSTOM_CODE).write_text(subject.code.source, encoding="utf-8")
    notes: tuple[str, ...] = ()
    with lambdas_by_name(subject.code):
        for plug in formats:
            notes += plug.save(subject.model, folder, sample, options[plug.name])
    facts = SampleFacts(
        FILE,
        structures["inputs"],
        structures["outputs"],
        is_random=sample.is_random,
        is_seeded=sample.is_seeded,
        rtol=request.rtol,
        atol=request.atol,
    )
    return facts, notes


def _verify(
    request: SaveRequest,
    subject: Subject,
    plug: Format,
    folder: Path,
    sample: SampleFacts,
    verifier: Verifier,
    on_step: OnStep,
) -> RoundTrip:
    if not request.verify:
        return skipped(plug.name, "not verified, as asked")
    on_step(Step(Stage.VERIFY, detail=plug.name))
    return verify(verifier, plug, folder, subject.facts, sample, request.timeout)


def _choose(attempts: list[Staged], *, is_forced: bool) -> Staged:
    """Take the attempt that passed; without one, the first that was written if the user forces it.

    Raises:
        RoundTripError: None passed: nothing is published.
    """
    if attempts[-1].is_passed:
        return attempts[-1]
    written = [attempt for attempt in attempts if attempt.sample.path]
    if is_forced and written:
        return written[0]
    trips = [trip for attempt in attempts for trip in attempt.trips if trip.outcome is Outcome.FAILED]
    aspects = [aspect for aspect, verdict in trips[0].verdicts.items() if verdict.outcome is Outcome.FAILED]
    raise RoundTripError(
        "The model that came back is not the one that was saved; nothing was published. "
        + "; ".join(f"{trip.format}: {trip.reason}" for trip in trips),
        HINTS[aspects[0]],
    )


def _describe(request: SaveRequest, plan: Plan, subject: Subject, chosen: Staged) -> Manifest:
    """Write the README and describe everything in the stage."""
    now = datetime.now(UTC)
    manifest = Manifest(
        name=plan.name,
        version=new_version(now),
        created=f"{now:%Y-%m-%dT%H:%M:%SZ}",
        payloads=tuple(Payload(plug.name, plug.payload) for plug in chosen.formats),
        files=describe_files(chosen.folder),
        facts=subject.facts,
        round_trips=chosen.trips,
        environment=environment(),
        sample=chosen.sample,
        tags=request.tags,
        note=request.note,
    )
    if plan.key:  # a plain save has its payload elsewhere, and nobody looks for a README beside it
        return signed(manifest)
    text = readme_of(manifest, {plug.name: plug.opening for plug in chosen.formats})
    (chosen.folder / README).write_text(text, encoding="utf-8")
    return signed(replace(manifest, files=describe_files(chosen.folder)))


def environment() -> dict[str, str]:
    """Give the versions of what makes an artifact."""
    found = {"python": platform.python_version()}
    for name in ("colab_save", "tensorflow", "keras", "numpy"):
        with contextlib.suppress(metadata.PackageNotFoundError):  # a nightly build has another name
            found[name] = metadata.version(name)
    return found


def _report(
    plan: Plan, manifest: Manifest, attempts: list[Staged], chosen: Staged, seconds: Mapping[str, float]
) -> SaveReport:
    first = chosen.formats[0].name
    place = plan.place(manifest.version, first)
    keys = [place.key(file.path, manifest) for file in manifest.files]
    notes = list(chosen.notes)
    if plan.key and plan.exact(first) != plan.key:
        notes.append(f"{plan.key} got the suffix of its format: {plan.exact(first)}.")
    notes += [f"auto did not try {name}: {reason}." for name, reason in plan.refusals.items()]
    given_up = tuple(trip for attempt in attempts if attempt is not chosen for trip in attempt.trips)
    return SaveReport(
        manifest=manifest,
        where=f"{plan.store.location}/{place.exact or place.folder}",
        store=plan.store.kind,
        durability=plan.store.durability(keys),
        load_line=plan.load_line(first),
        attempts=given_up,
        notes=tuple(notes),
        seconds=dict(seconds),
    )


@contextlib.contextmanager
def _timed(seconds: dict[str, float], stage: Stage) -> Iterator[None]:
    began = time.perf_counter()
    try:
        yield
    finally:
        seconds[stage] = seconds.get(stage, 0.0) + time.perf_counter() - began
