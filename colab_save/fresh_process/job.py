"""Jobs for the fresh process: the notebook writes each as a line of JSON, the child reads it.

`verify` has payloads reloaded and collections joined; `probe` has a foreign file opened. Paths are texts, since a line
is JSON.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from colab_save.artifact.collection import Shared
from colab_save.artifact.manifest import SampleFacts
from colab_save.artifact.records import read_record
from colab_save.artifact.sample import Step
from colab_save.dialect import KERAS
from colab_save.model.repairing import Record


class Question(enum.StrEnum):
    """What a fresh process is asked about a model that it has reloaded."""

    OUTPUTS = "outputs"
    """The outputs of every pass on the sample."""

    LAYERS = "layers"
    """The output of each layer."""

    MOVED = "moved"
    """The outputs of every pass after the weights and the inputs have moved by about one part in a million."""


@dataclass(frozen=True, slots=True)
class ReloadJob:
    """Reload a staged payload, run it on its sample, and report what came back.

    Attributes:
        format: The payload's format.
        payload: The staged file or folder.
        sample: The staged ``.npz``.
        sample_facts: What is in that file.
        answer: The ``.npz`` to write the actual outputs to.
        custom_code: The staged ``custom_code.py``, which need not exist.
        record: What a repair needs from the facts.
        dialect: The Keras that wrote the payload, by its import name.
        extras: The folder with the staged extras, which need not exist; empty for a part, which has no extras.
        is_part: It is a part of a collection, to be held for the `JoinJob`.
        question: What to write.
        step: The training step to take; ``None`` for none.
        step_file: The ``.npz`` with its data.
        named: The files of the notebook's machine that the payload and the code name, as they spell them, with their
            absolute paths.
        is_safe: See `Context.is_safe`; a load of it trusts what runs code in it, too.
        assets: The staged place for each text that stands for an asset in a config, see `assets.places_of`.
        shared: What a part takes from parts that were reloaded before.
    """

    format: str
    payload: str
    sample: str
    sample_facts: SampleFacts
    answer: str
    custom_code: str
    record: Record
    dialect: str
    extras: str = ""
    is_part: bool = False
    question: Question = Question.OUTPUTS
    step: Step | None = None
    step_file: str = ""
    named: Mapping[str, str] = field(default_factory=dict)
    is_safe: bool = True
    assets: Mapping[str, str] = field(default_factory=dict)
    shared: tuple[Shared, ...] = ()


@dataclass(frozen=True, slots=True)
class JoinJob:
    """Rebuild a collection from the parts that were reloaded before.

    Attributes:
        stage: The staged folder with the collection and the folders of its parts.
        answer: A folder to write the rebuilt collection to.
        custom_code: See `ReloadJob`.
        extras: See `ReloadJob`.
    """

    stage: str
    answer: str
    custom_code: str
    extras: str


@dataclass(frozen=True, slots=True)
class OpenJob:
    """Open a payload within a memory limit, to find out whether opening it ends.

    Attributes:
        format: The format that opens it.
        payload: The file or folder.
        memory: Bytes that the process may take from now on.
        custom_code: The captured code that it needs; empty without any.
        beside: See `Context.beside`; empty if that is the payload's own folder.
        dialect: See `Context.dialect`.
        is_compiled: See `Context.is_compiled`.
        is_safe: See `Context.is_safe`.
        assets: See `Context.assets`.
    """

    format: str
    payload: str
    memory: int
    custom_code: str = ""
    beside: str = ""
    dialect: str = KERAS
    is_compiled: bool = True
    is_safe: bool = True
    assets: Mapping[str, str] = field(default_factory=dict)


Job: TypeAlias = ReloadJob | JoinJob | OpenJob


def files_of(job: ReloadJob | JoinJob) -> tuple[str, ...]:
    """Return the folders with the files that a job reads and writes."""
    if isinstance(job, JoinJob):
        return (job.stage, job.answer)
    return tuple(str(Path(file).parent) for file in (job.payload, job.custom_code, job.answer))


def is_alone(job: Job) -> bool:
    """Return whether a job needs nothing of an earlier one; those of a collection need its other parts."""
    return not (isinstance(job, JoinJob) or (isinstance(job, ReloadJob) and job.is_part))


KINDS: Mapping[str, type[Any]] = {"reload": ReloadJob, "join": JoinJob, "open": OpenJob}
"""The records by the name that a line has for their kind."""


def to_line(job: Job) -> str:
    """Return a job as one line of JSON."""
    kind = next(name for name, record in KINDS.items() if isinstance(job, record))
    return json.dumps({"kind": kind, "job": asdict(job)})


def read_job(line: str) -> Job:
    """Read the line of a job.

    Raises:
        ValueError: The line is not a job.
        KeyError: This process does not know the job's kind.
    """
    written = json.loads(line)
    job: Job = read_record(KINDS[written["kind"]], written["job"])
    return job
