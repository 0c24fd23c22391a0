"""Stage and verify: write a model on the local disk, and have a fresh process prove it.

One set of formats is tried after the other. `saving` calls `examine_subjects` once, then `attempt`;
what passes is published from where it was staged.
"""

from __future__ import annotations

import errno
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from colab_save.artifact.collection import COLLECTION, write_collection
from colab_save.artifact.facts import ModelFacts
from colab_save.artifact.layout import CUSTOM_CODE, EXTRAS
from colab_save.artifact.manifest import SampleFacts
from colab_save.artifact.round_trip import Outcome, RoundTrip, failed, skipped
from colab_save.artifact.sample import FILE, Sample, write_arrays
from colab_save.collections.extras import write_extras
from colab_save.custom_code.captured import lambdas_by_name
from colab_save.custom_code.custom_objects import find_custom_objects
from colab_save.custom_code.growing import Supply
from colab_save.dialect import dialect_of
from colab_save.errors import FormatError
from colab_save.formats.base import Format
from colab_save.model.configs import Configs
from colab_save.model.examining import examine
from colab_save.os_errors import refusal, refusing, system_error
from colab_save.progress import Clock, Stage
from colab_save.proof.process import Verifier
from colab_save.proof.verify import Trial, verify, verify_collection
from colab_save.sampling.sampling import samples_by_part, take_passes, take_sample
from colab_save.saving.plan import Plan

FULL = 1 << 20
"""Bytes: with less than that free, the disk is why a format could not be written."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One model that is saved, with all that was taken from it before anything is written.

    Attributes:
        name: The part that it is, where several are saved; else empty.
        model: The live model.
        facts: What it is.
        sample: What it was asked and answered.
        custom: The custom code that a reload needs; all parts have it in common.
        configs: The configs of the custom objects in it.
    """

    name: str
    model: Any
    facts: ModelFacts
    sample: Sample
    custom: Supply
    configs: Configs


@dataclass(frozen=True, slots=True)
class Staged:
    """One attempt on the local disk.

    Attributes:
        folder: The folder with all files but the manifest.
        formats: What was tried.
        trips: What the round trips found.
        samples: The sample of each part in the folder; none when it could not be written.
        notes: What the user should know of it.
        hint: What to change in the custom code, where something of it could not be kept; else empty.
    """

    folder: Path
    formats: tuple[Format, ...]
    trips: tuple[RoundTrip, ...]
    samples: Mapping[str, SampleFacts]
    notes: tuple[str, ...]
    hint: str = ""

    @property
    def is_passed(self) -> bool:
        """Say whether this may be published: nothing has failed."""
        return all(trip.outcome is not Outcome.FAILED for trip in self.trips)


def examine_subjects(plan: Plan) -> tuple[Subject, ...]:
    """Take everything from the live models; the samples come first, since they may build them."""
    plug, division = plan.attempts[0][0], plan.division
    given = samples_by_part(plan.sample, division.models)
    samples = {
        name: take_passes(model, take_sample(model, given.get(name), plug.run, plug.specs(model)))
        for name, model in division.models.items()
    }
    keras_models = [model for model in division.models.values() if dialect_of(model)]
    custom = Supply(find_custom_objects([*keras_models, *division.objects]))
    return tuple(_examine(name, model, samples[name], custom) for name, model in division.models.items())


def _examine(name: str, model: Any, sample: Sample, custom: Supply) -> Subject:
    configs = Configs.of(model)
    with lambdas_by_name(custom.code), configs.whole():
        facts = examine(model)
    return Subject(name, model, replace(facts, objects=configs.objects), sample, custom, configs)


def attempt(
    plan: Plan,
    subjects: tuple[Subject, ...],
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
            with clock.at(Stage.STAGE, "+".join(plug.name for plug in formats)), refusing("write", str(folder)):
                samples, notes = _stage(plan, subjects, formats, folder)
        except FormatError as error:
            if shutil.disk_usage(folder).free < FULL:
                raise refusal(system_error(errno.ENOSPC), "write", str(folder)) from error
            if len(plan.attempts) == 1:
                raise
            trips = tuple(failed(plug.name, error.references[0], plug.holds) for plug in formats)
            attempts.append(Staged(folder, formats, trips, {}, (), _hint(subjects)))
            continue
        proving = _Proving(plan, folder, verifier, clock)
        trips = tuple(
            proving.of_payload(subject, plug, samples[subject.name]) for subject in subjects for plug in formats
        )
        custom = subjects[0].custom
        trips += proving.of_collection(custom, is_possible=all(trip.outcome is not Outcome.FAILED for trip in trips))
        notes += tuple(f"{CUSTOM_CODE} is without {missing}" for missing in custom.code.missing)
        hint = "\n".join(filter(None, (_hint(subjects), custom.hint)))
        attempts.append(Staged(folder, formats, trips, samples, notes, hint))
        if attempts[-1].is_passed:
            break
    return attempts


def _stage(
    plan: Plan, subjects: tuple[Subject, ...], formats: tuple[Format, ...], folder: Path
) -> tuple[dict[str, SampleFacts], tuple[str, ...]]:
    """Write the payloads, the samples and the custom code into a folder on the local disk."""
    samples: dict[str, SampleFacts] = {}
    notes: dict[str, None] = {}
    custom, collection = subjects[0].custom, plan.division.collection
    for subject in subjects:
        own = folder / subject.name
        own.mkdir(exist_ok=True)
        described = describe_sample(own / FILE, subject.sample)
        samples[subject.name] = replace(described, rtol=plan.rules.rtol, atol=plan.rules.atol)
        with lambdas_by_name(custom.code), subject.configs.whole():
            for plug in formats:
                notes |= dict.fromkeys(plug.save(subject.model, own, subject.sample, plan.options[plug.name]))
        notes |= dict.fromkeys(subject.configs.notes)
    if custom.code.source:
        (folder / CUSTOM_CODE).write_text(custom.code.source, encoding="utf-8")
    write_extras(folder / EXTRAS, plan.extras)
    notes |= dict.fromkeys(plan.extras.notes)
    if collection:
        write_collection(folder, collection)
        notes |= dict.fromkeys(collection.notes)
    return samples, tuple(notes)


def _hint(subjects: tuple[Subject, ...]) -> str:
    return "\n".join(dict.fromkeys(filter(None, (subject.configs.hint for subject in subjects))))


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


@dataclass(frozen=True, slots=True)
class _Proving:
    """The round trips of one attempt."""

    plan: Plan
    folder: Path
    verifier: Verifier
    clock: Clock

    def of_payload(self, subject: Subject, plug: Format, sample: SampleFacts) -> RoundTrip:
        if not self.plan.rules.is_verified:
            return replace(skipped(plug.name, "not verified, as asked"), part=subject.name)
        stage, timeout = self.folder / subject.name, self.plan.rules.timeout
        trial = Trial(plug, stage, subject.model, subject.facts, sample, timeout, is_part=bool(subject.name))
        with self.clock.at(Stage.VERIFY, f"{subject.name} {plug.name}".strip()):
            trip = verify(self.verifier, trial, self.clock.beat, partial(self._supply, subject.custom))
        return replace(_explained(trip, subject), part=subject.name)

    def of_collection(self, custom: Supply, *, is_possible: bool) -> tuple[RoundTrip, ...]:
        """Prove what held several models, if all of them came back; a single model was held by nothing."""
        collection, timeout = self.plan.division.collection, self.plan.rules.timeout
        if collection is None:
            return ()
        if not (self.plan.rules.is_verified and is_possible):
            why = "a part of it has failed" if self.plan.rules.is_verified else "not verified, as asked"
            return (skipped(COLLECTION, why),)
        supply = partial(self._supply, custom)
        with self.clock.at(Stage.VERIFY, COLLECTION):
            return (verify_collection(self.verifier, self.folder, collection, timeout, self.clock.beat, supply),)

    def _supply(self, custom: Supply, name: str) -> bool:
        """Add a name that the fresh process lacked to the staged code; say whether there is more of it now."""
        is_more = custom.add(name)
        if is_more:
            (self.folder / CUSTOM_CODE).write_text(custom.code.source, encoding="utf-8")
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
