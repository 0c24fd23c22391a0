"""Stage and verify: write a model on the local disk, and have a fresh process prove it.

One set of formats is tried after the other. `saving` calls `examine_subject` once, then `attempt`;
what passes is published from where it was staged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from colab_save.capturing import CustomCode, find_custom_objects, lambdas_by_name
from colab_save.configs import Configs
from colab_save.errors import FormatError
from colab_save.examining import examine, kind_of
from colab_save.facts import ModelFacts
from colab_save.formats.base import Format
from colab_save.manifest import SampleFacts
from colab_save.place import CUSTOM_CODE
from colab_save.progress import Clock, Stage
from colab_save.proving import Trial, verify
from colab_save.request import SaveRequest
from colab_save.resolving import Plan
from colab_save.round_trip import Outcome, RoundTrip, failed, skipped
from colab_save.sample import FILE, Sample, write_arrays
from colab_save.sampling import take_passes, take_sample
from colab_save.supplying import Supply
from colab_save.verifying import Verifier


@dataclass(frozen=True, slots=True)
class Subject:
    """What is saved: the live model with all that was taken from it before anything is written.

    Attributes:
        model: The live model.
        facts: What it is.
        sample: What it was asked and answered.
        custom: The custom code that a reload needs.
        configs: The configs of the custom objects in it.
    """

    model: Any
    facts: ModelFacts
    sample: Sample
    custom: Supply
    configs: Configs

    @property
    def code(self) -> CustomCode:
        """Give the custom code as it has been captured so far."""
        return self.custom.code


@dataclass(frozen=True, slots=True)
class Staged:
    """One attempt on the local disk.

    Attributes:
        folder: The folder with all files but the manifest.
        formats: What was tried.
        trips: What the round trips found.
        sample: The sample in the folder.
        notes: What the user should know of it.
        hint: What to change in the custom code, where something of it could not be kept; else empty.
    """

    folder: Path
    formats: tuple[Format, ...]
    trips: tuple[RoundTrip, ...]
    sample: SampleFacts
    notes: tuple[str, ...]
    hint: str = ""

    @property
    def is_passed(self) -> bool:
        """Say whether this may be published: nothing has failed."""
        return all(trip.outcome is not Outcome.FAILED for trip in self.trips)


def examine_subject(request: SaveRequest, plan: Plan) -> Subject:
    """Take everything from the live model; the sample comes first, since it may build the model."""
    plug, model = plan.attempts[0][0], request.model
    sample = take_passes(model, take_sample(model, request.sample, plug.run, plug.specs(model)))
    objects = find_custom_objects(model) if kind_of(model) == "keras" else []
    custom, configs = Supply(objects), Configs.of(model)
    with lambdas_by_name(custom.code), configs.whole():
        facts = examine(model)
    return Subject(model, replace(facts, objects=configs.objects), sample, custom, configs)


def attempt(
    request: SaveRequest,
    plan: Plan,
    subject: Subject,
    verifier: Verifier,
    work: Path,
    clock: Clock,
) -> list[Staged]:
    """Stage and verify one set of formats after the other until one passes."""
    attempts: list[Staged] = []
    for index, formats in enumerate(plan.attempts):
        folder = work / str(index) / "artifact"
        folder.mkdir(parents=True)
        try:
            with clock.at(Stage.STAGE, "+".join(plug.name for plug in formats)):
                sample, notes = _stage(request, subject, formats, plan.options, folder)
        except FormatError as error:
            if len(plan.attempts) == 1:
                raise
            trips = tuple(failed(plug.name, error.message, plug.keeps) for plug in formats)
            attempts.append(Staged(folder, formats, trips, SampleFacts(), (), subject.configs.hint))
            continue
        trips = tuple(_verify(request, subject, plug, folder, sample, verifier, clock) for plug in formats)
        notes += (*subject.configs.notes, *(f"{CUSTOM_CODE} is without {missing}" for missing in subject.code.missing))
        hint = "\n".join(filter(None, (subject.configs.hint, subject.custom.hint)))
        attempts.append(
            Staged(folder, formats, tuple(_explained(trip, subject) for trip in trips), sample, notes, hint)
        )
        if attempts[-1].is_passed:
            break
    return attempts


def _stage(
    request: SaveRequest, subject: Subject, formats: tuple[Format, ...], options: Mapping[str, Any], folder: Path
) -> tuple[SampleFacts, tuple[str, ...]]:
    """Write the payloads, the sample and the custom code into a folder on the local disk."""
    sample = subject.sample
    described = describe_sample(folder / FILE, sample)
    if subject.code.source:
        (folder / CUSTOM_CODE).write_text(subject.code.source, encoding="utf-8")
    notes: tuple[str, ...] = ()
    with lambdas_by_name(subject.code), subject.configs.whole():
        for plug in formats:
            notes += plug.save(subject.model, folder, sample, options[plug.name])
    return replace(described, rtol=request.rtol, atol=request.atol), notes


def describe_sample(file: Path, sample: Sample) -> SampleFacts:
    """Write a sample, and describe what is in the file."""
    passes = [{"inputs": each.inputs, "outputs": each.outputs} for each in sample.passes]
    written = write_arrays(file, inputs=sample.inputs, outputs=sample.outputs, passes=passes)
    structures = [item["dict"] for item in written["passes"]["list"]]
    return SampleFacts(
        FILE,
        written["inputs"],
        written["outputs"],
        is_random=sample.is_random,
        is_seeded=sample.is_seeded,
        passes=tuple(replace(each, **known) for each, known in zip(sample.passes, structures, strict=True)),
    )


def _verify(
    request: SaveRequest,
    subject: Subject,
    plug: Format,
    folder: Path,
    sample: SampleFacts,
    verifier: Verifier,
    clock: Clock,
) -> RoundTrip:
    if not request.verify:
        return skipped(plug.name, "not verified, as asked")
    with clock.at(Stage.VERIFY, plug.name):
        supply = partial(_supply, subject, folder)
        trial = Trial(plug, folder, subject.model, subject.facts, sample, request.timeout)
        return verify(verifier, trial, clock.beat, supply)


def _supply(subject: Subject, folder: Path, name: str) -> bool:
    """Add a name that the fresh process lacked to the staged code; say whether there is more of it now."""
    is_more = subject.custom.add(name)
    if is_more:
        (folder / CUSTOM_CODE).write_text(subject.code.source, encoding="utf-8")
    return is_more


def _explained(trip: RoundTrip, subject: Subject) -> RoundTrip:
    """Add to what failed what could not be kept of the custom code."""
    why = "; ".join((*subject.configs.losses, *subject.custom.reasons))
    if not why:
        return trip
    verdicts = {
        aspect: replace(verdict, reason=f"{verdict.reason} ({why})") if verdict.outcome is Outcome.FAILED else verdict
        for aspect, verdict in trip.verdicts.items()
    }
    return replace(trip, verdicts=verdicts)
