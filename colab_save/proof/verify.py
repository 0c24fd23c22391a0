"""The round trip: have a fresh process reload what is staged, and compare it with the live model.

A save calls `verify` once per payload, and `verify_collection` for a collection. If outputs differ, the payload is
reloaded again: to find out whether that is rounding, and if not, in which layer it begins.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from colab_save.artifact.assets import origins_of, places_of, with_paths
from colab_save.artifact.collection import COLLECTION, Collection, Shared, read_collection
from colab_save.artifact.facts import ModelFacts, precision
from colab_save.artifact.layout import CUSTOM_CODE, EXTRAS
from colab_save.artifact.manifest import SampleFacts
from colab_save.artifact.round_trip import Aspect, Outcome, RoundTrip, Verdict, failed
from colab_save.artifact.sample import Step, read_arrays, write_arrays
from colab_save.errors import DamagedFileError, VerifierError
from colab_save.formats.base import Format
from colab_save.fresh_process.answering import trace
from colab_save.fresh_process.job import JoinJob, Question, ReloadJob
from colab_save.fresh_process.process import OnLack, OnWait, Verifier
from colab_save.hints import literal
from colab_save.model.describing import describe_layer, long_values
from colab_save.model.repairing import Record
from colab_save.model.walking import walk_layers
from colab_save.proof.stepping import RANDOM, differs, excuse_for, judge_step
from colab_save.proof.verdicts import (
    answers_of,
    first_difference,
    judge,
    judge_collection,
    may_be_rounding,
    verdicts_of,
)
from colab_save.sampling.stepping import live_loss, some_rows
from colab_save.taking import Taking
from colab_save.types import Json, Model


@dataclass(frozen=True, slots=True)
class Trial:
    """One staged payload with all that its round trip needs.

    Attributes:
        plug: The format of the payload.
        stage: The folder with the payload, ``sample.npz`` and ``custom_code.py``, all that the child gets.
        model: The live model.
        facts: The facts of the live model.
        sample: The sample, with the live model's outputs.
        timeout: Seconds for the round trip.
        step: The training step that the live model could take; ``None`` where there is nothing to train.
        is_part: It is a part of a collection; the stage is then a folder inside that of the whole, which has the code.
        named: The files of this machine that the payload and the code name, see `ReloadJob.named`.
        is_safe: See `ReloadJob.is_safe`.
        assets: The path in the artifact of each staged asset, by its path as the notebook spells it.
        shared: What the part takes from parts that were reloaded before.
    """

    plug: Format
    stage: Path
    model: Model
    facts: ModelFacts
    sample: SampleFacts
    timeout: float
    step: Step | None = None
    is_part: bool = False
    named: Mapping[str, str] = field(default_factory=dict)
    is_safe: bool = True
    assets: Mapping[str, str] = field(default_factory=dict)

    @property
    def whole(self) -> Path:
        """Return the folder of the artifact, which has the code and the assets."""
        return self.stage.parent if self.is_part else self.stage

    shared: tuple[Shared, ...] = ()

    @property
    def file(self) -> Path:
        """Return the file of the sample."""
        return self.stage / self.sample.path

    @property
    def aspects(self) -> frozenset[Aspect]:
        """Return the aspects of the model that its format holds."""
        return self.plug.holds - (frozenset() if self.step else {Aspect.STEP})

    @property
    def is_stepping(self) -> bool:
        """Return whether the fresh process takes a training step."""
        return self.step is not None and not self.step.missing and Aspect.STEP in self.plug.holds

    def job(self, answer: Path, question: Question = Question.OUTPUTS) -> ReloadJob:
        """Return the job that reloads it and writes its answers to a file, beside the data of its step."""
        whole, file = self.whole, answer.with_name("step.npz")
        step = self.step if self.is_stepping else None
        if step:
            step = replace(step, data=write_arrays(file, data=step.data)["data"])
        return ReloadJob(
            format=self.plug.name,
            payload=str(self.stage / self.plug.payload),
            sample=str(self.file),
            sample_facts=self.sample,
            answer=str(answer),
            custom_code=str(whole / CUSTOM_CODE),
            record=Record.of(self.facts),
            dialect=self.facts.kind,
            extras="" if self.is_part else str(whole / EXTRAS),
            is_part=self.is_part,
            question=question,
            step=step,
            step_file=str(file),
            named=self.named,
            is_safe=self.is_safe,
            assets=places_of(self.assets, whole),
            shared=self.shared,
        )


def verify(
    verifier: Verifier, trial: Trial, on_wait: OnWait = lambda: None, supply: OnLack = lambda _: False
) -> RoundTrip:
    """Make the round trip of one staged payload.

    Args:
        verifier: An open verifier.
        trial: What to reload.
        on_wait: See `Verifier.ask`.
        supply: See `Verifier.ask`.
    """
    plug = trial.plug
    with tempfile.TemporaryDirectory(dir=verifier.folder) as folder:
        answer = Path(folder, "actual.npz")
        try:
            reply = _reply(verifier, trial, answer, on_wait, supply)
            actual = read_arrays(answer, reply["outputs"])
            facts = ModelFacts.from_json(with_paths(reply["facts"], origins_of(trial.assets, trial.whole)))
        except (VerifierError, DamagedFileError) as error:
            return failed(plug.name, error.references[0], trial.aspects)
        except (ValueError, KeyError) as error:
            unread = f"the answer of the fresh process cannot be read ({literal(str(error))})"
            return failed(plug.name, unread, trial.aspects)
        judged = partial(judge, plug, trial.facts, facts, trial.sample, answers_of(trial.file, trial.sample), actual)
        trip = judged(reply["seconds"])
        if may_be_rounding(trip, plug) and (moved := _answers(Question.MOVED, verifier, trial, on_wait)):
            trip = judged(reply["seconds"], moved)
        trip = _with_step(trip, verifier, trial, reply["step"], on_wait)
        if Aspect.STRUCTURE in trip.failed:
            trip = _spelled_out(trip, trial, facts, reply.get("values", {}))
        is_traceable = not plug.is_program and trial.sample.inputs is not None
        if trip.verdicts[Aspect.OUTPUTS].outcome is Outcome.FAILED and is_traceable:
            return _located(trip, verifier, trial, on_wait)
    return trip


def _reply(verifier: Verifier, trial: Trial, answer: Path, on_wait: OnWait, supply: OnLack) -> dict[str, Any]:
    """Ask for what came back, again for each name that the training step lacked and that could be supplied.

    Raises:
        VerifierError: See `Verifier.ask`.
    """
    while True:
        reply = verifier.ask(trial.job(answer), trial.timeout, on_wait, supply)
        lacks = str(reply["step"].get("lacks", ""))
        if not lacks or not supply(lacks):
            return reply


def _with_step(
    trip: RoundTrip, verifier: Verifier, trial: Trial, answer: Mapping[str, Json], on_wait: OnWait
) -> RoundTrip:
    """Add the verdict on the training step; what has nothing to train has none."""
    step = trial.step
    if step is None:
        return trip
    if Aspect.STEP not in trial.plug.holds:
        verdict = Verdict(Outcome.NOT_HELD, f"the format {trial.plug.name} cannot hold it")
    else:
        judged = partial(judge_step, step, answer, trial.sample, precision(trial.facts))
        verdict = judged()
        if verdict.outcome is Outcome.FAILED and differs(step, answer, trial.sample, precision(trial.facts)):
            verdict = judged(_excuse(verifier, trial, step, answer, on_wait))
    return replace(trip, verdicts={**trip.verdicts, Aspect.STEP: verdict})


def _excuse(
    verifier: Verifier, trial: Trial, step: Step, answer: Mapping[str, Json], on_wait: OnWait
) -> Verdict | None:
    """Return the verdict on a loss that differs where that is no failure: it is random, or rounding is the reason."""
    try:
        again = {"loss": live_loss(trial.model, some_rows(step.data, step.rows)).value}
    except Exception:  # noqa: BLE001 - the user's loss may raise anything the second time, as at the end of an iterator
        return None
    if differs(step, again, trial.sample, precision(trial.facts)):
        return Verdict(Outcome.PASSED, RANDOM, is_compared=False)
    with tempfile.TemporaryDirectory(dir=verifier.folder) as folder:
        try:
            reply = verifier.ask(trial.job(Path(folder, "actual.npz"), Question.MOVED), trial.timeout, on_wait)
        except VerifierError:
            return None
    return excuse_for(step, answer, reply["step"].get("losses", ()))


def verify_collection(
    verifier: Verifier,
    stage: Path,
    collection: Collection,
    timeout: float,
    on_wait: OnWait = lambda: None,
    supply: OnLack = lambda _: False,
) -> RoundTrip:
    """Make the round trip of a collection, after those of its parts and in the same process.

    Args:
        verifier: The verifier that has reloaded the parts.
        stage: The folder with the collection.
        collection: What is expected.
        timeout: Seconds for the round trip.
        on_wait: See `Verifier.ask`.
        supply: See `Verifier.ask`.
    """
    with tempfile.TemporaryDirectory(dir=verifier.folder) as folder:
        job = JoinJob(str(stage), folder, custom_code=str(stage / CUSTOM_CODE), extras=str(stage / EXTRAS))
        try:
            reply = verifier.ask(job, timeout, on_wait, supply)
            return judge_collection(collection, read_collection(Path(folder)), float(reply["seconds"]))
        except (VerifierError, DamagedFileError) as error:
            return failed(COLLECTION, error.references[0], frozenset({Aspect.STRUCTURE, Aspect.TRAINING}))


def _spelled_out(trip: RoundTrip, trial: Trial, facts: ModelFacts, values: Mapping[str, Json]) -> RoundTrip:
    """Tell where long arguments differ, of which the facts hold digests, as far as both processes know them."""
    with long_values() as own:
        for path, layer in walk_layers(trial.model):
            describe_layer(path, layer, (), Taking())
    whole = [each.with_values({**values, **own}) for each in (trial.facts, facts)]
    return replace(trip, verdicts={**trip.verdicts, **verdicts_of(trial.plug, *whole)})


def _located(trip: RoundTrip, verifier: Verifier, trial: Trial, on_wait: OnWait) -> RoundTrip:
    """Add to the verdict on outputs the first layer whose output differs."""
    actual = _answers(Question.LAYERS, verifier, trial, on_wait)
    if actual is None:
        return trip
    where = first_difference(trace(trial.plug, trial.model, trial.file, trial.sample), actual)
    verdict = trip.verdicts[Aspect.OUTPUTS]
    explained = replace(verdict, reason=f"{where}\n{verdict.reason}")
    return replace(trip, verdicts={**trip.verdicts, Aspect.OUTPUTS: explained})


def _answers(question: Question, verifier: Verifier, trial: Trial, on_wait: OnWait) -> Any:
    """Reload once more, and return the answers to another question; ``None`` if that fails, then the verdict stays."""
    with tempfile.TemporaryDirectory(dir=verifier.folder) as folder:
        answer = Path(folder, "actual.npz")
        try:
            reply = verifier.ask(trial.job(answer, question), trial.timeout, on_wait)
            return read_arrays(answer, reply["outputs"])
        except (VerifierError, DamagedFileError):
            return None
