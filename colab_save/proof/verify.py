"""The round trip: have a fresh process reload what is staged, and compare its answers with the live model's.

The save pipeline calls `verify` once per payload; what fails is explained by asking the process once more.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from colab_save.artifact.collection import COLLECTION, Collection, read_collection
from colab_save.artifact.facts import ModelFacts
from colab_save.artifact.layout import CUSTOM_CODE, EXTRAS
from colab_save.artifact.manifest import SampleFacts
from colab_save.artifact.round_trip import Aspect, Outcome, RoundTrip, failed
from colab_save.artifact.sample import read_arrays
from colab_save.errors import DamagedFileError, VerifierError
from colab_save.formats.base import Format
from colab_save.model.repairing import Record
from colab_save.proof.job import JoinJob, ReloadJob
from colab_save.proof.process import OnLack, OnWait, Verifier
from colab_save.proof.verdicts import answers_of, first_difference, judge, judge_collection, trace


@dataclass(frozen=True, slots=True)
class Trial:
    """One staged payload with all that its round trip needs.

    Attributes:
        plug: The format of the payload.
        stage: The folder with the payload, ``sample.npz`` and ``custom_code.py``; nothing else is given to the child.
        model: The live model.
        facts: What it is.
        sample: The sample, with the live model's answers.
        timeout: Seconds.
        is_part: It is one of several models; the stage is then a folder in that of the whole, which has the code.
    """

    plug: Format
    stage: Path
    model: Any
    facts: ModelFacts
    sample: SampleFacts
    timeout: float
    is_part: bool = False

    @property
    def file(self) -> Path:
        """Give the file of the sample."""
        return self.stage / self.sample.path

    def job(self, answer: Path, *, is_traced: bool = False) -> ReloadJob:
        """Ask for it to be reloaded, and answered in a file."""
        whole = self.stage.parent if self.is_part else self.stage
        return ReloadJob(
            format=self.plug.name,
            payload=str(self.stage / self.plug.payload),
            sample=str(self.file),
            asked=self.sample,
            answer=str(answer),
            custom_code=str(whole / CUSTOM_CODE),
            record=Record.of(self.facts),
            dialect=self.facts.kind,
            extras="" if self.is_part else str(whole / EXTRAS),
            is_part=self.is_part,
            is_traced=is_traced,
        )


def verify(
    verifier: Verifier, trial: Trial, on_wait: OnWait = lambda: None, supply: OnLack = lambda _: False
) -> RoundTrip:
    """Make the round trip of one staged payload.

    Args:
        verifier: An open verifier.
        trial: What to reload.
        on_wait: Called now and then while the child works; what that raises ends the round trip.
        supply: See `Verifier.ask`.
    """
    plug = trial.plug
    with tempfile.TemporaryDirectory(prefix="colab_save_answer_") as folder:
        answer = Path(folder, "actual.npz")
        try:
            reply = verifier.ask(trial.job(answer), trial.timeout, on_wait, supply)
            actual = read_arrays(answer, reply["outputs"])
            facts = ModelFacts.from_json(reply["facts"])
        except (VerifierError, DamagedFileError) as error:
            return failed(plug.name, error.references[0], plug.holds)
        except (ValueError, KeyError) as error:
            return failed(plug.name, f"the fresh process answered nothing that can be read ({error})", plug.holds)
        expected = answers_of(trial.file, trial.sample)
        trip = judge(plug, trial.facts, facts, trial.sample, expected, actual, reply["seconds"])
        if trip.verdicts[Aspect.OUTPUTS].outcome is Outcome.FAILED and Aspect.STRUCTURE in plug.holds:
            return _located(trip, verifier, trial, on_wait)
    return trip


def verify_collection(
    verifier: Verifier,
    stage: Path,
    collection: Collection,
    timeout: float,
    on_wait: OnWait = lambda: None,
    supply: OnLack = lambda _: False,
) -> RoundTrip:
    """Make the round trip of what holds several models, after those of its parts, by the same process.

    Args:
        verifier: The verifier that has reloaded the parts.
        stage: The folder with the collection.
        collection: What is expected.
        timeout: Seconds.
        on_wait: See `verify`.
        supply: See `Verifier.ask`.
    """
    with tempfile.TemporaryDirectory(prefix="colab_save_answer_") as folder:
        job = JoinJob(str(stage), folder, custom_code=str(stage / CUSTOM_CODE), extras=str(stage / EXTRAS))
        try:
            reply = verifier.ask(job, timeout, on_wait, supply)
            return judge_collection(collection, read_collection(Path(folder)), float(reply["seconds"]))
        except (VerifierError, DamagedFileError) as error:
            return failed(COLLECTION, error.references[0], frozenset({Aspect.STRUCTURE, Aspect.TRAINING}))


def _located(trip: RoundTrip, verifier: Verifier, trial: Trial, on_wait: OnWait) -> RoundTrip:
    """Add to outputs that differ the first layer whose output does."""
    with tempfile.TemporaryDirectory(prefix="colab_save_answer_") as folder:
        answer = Path(folder, "traced.npz")
        try:
            reply = verifier.ask(trial.job(answer, is_traced=True), trial.timeout, on_wait)
            actual = read_arrays(answer, reply["outputs"])
        except (VerifierError, DamagedFileError):  # it is explained without
            return trip
    where = first_difference(trace(trial.plug, trial.model, trial.file, trial.sample), actual)
    verdict = trip.verdicts[Aspect.OUTPUTS]
    explained = replace(verdict, reason=f"{verdict.reason}; {where}")
    return replace(trip, verdicts={**trip.verdicts, Aspect.OUTPUTS: explained})
