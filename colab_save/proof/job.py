"""Jobs for the fresh process, as both sides see them: the notebook writes one as a line, the child reads it.

`verify` asks for payloads to be reloaded and for what held several models to be joined again, `probe` for a foreign
file to be opened. Paths are texts, since a line is JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

from colab_save.artifact.manifest import SampleFacts
from colab_save.artifact.records import read_record
from colab_save.dialect import KERAS
from colab_save.model.repairing import Record


@dataclass(frozen=True, slots=True)
class ReloadJob:
    """Reload a staged payload, run it on its sample, and report what came back.

    Attributes:
        format: The payload's format.
        payload: The staged file or folder.
        sample: The staged ``.npz``.
        asked: What is in it.
        answer: The ``.npz`` to write the actual outputs to.
        custom_code: The staged ``custom_code.py``; there may be none.
        record: What a repair goes by.
        dialect: The Keras that wrote the payload, by its import name.
        extras: The folder with the staged extras; there may be none. Empty for a part, which has none of its own.
        is_part: It is one of several models, and is needed again for the `JoinJob` of all of them.
        is_traced: Write what each layer answers, instead of what the model does.
    """

    format: str
    payload: str
    sample: str
    asked: SampleFacts
    answer: str
    custom_code: str
    record: Record
    dialect: str
    extras: str = ""
    is_part: bool = False
    is_traced: bool = False


@dataclass(frozen=True, slots=True)
class JoinJob:
    """Make again what held several models, of the parts that were reloaded before.

    Attributes:
        stage: The staged folder with the collection and the folders of the parts.
        answer: A folder for the collection of what was made.
        custom_code: See `ReloadJob`.
        extras: See `ReloadJob`.
    """

    stage: str
    answer: str
    custom_code: str
    extras: str


@dataclass(frozen=True, slots=True)
class OpenJob:
    """Open a payload within a bound of memory and nothing else, to see whether that ends.

    Attributes:
        format: The format that opens it.
        payload: The file or folder.
        memory: Bytes that the process may still take.
        custom_code: The captured code that it needs; empty where there is none.
        beside: See `Context.beside`; empty where that is the payload's own folder.
        dialect: See `Context.dialect`.
        is_compiled: See `Context.is_compiled`.
        is_safe: See `Context.is_safe`.
    """

    format: str
    payload: str
    memory: int
    custom_code: str = ""
    beside: str = ""
    dialect: str = KERAS
    is_compiled: bool = True
    is_safe: bool = True


Job: TypeAlias = ReloadJob | JoinJob | OpenJob

KINDS: Mapping[str, type[Any]] = {"reload": ReloadJob, "join": JoinJob, "open": OpenJob}
"""What a line calls each kind of job."""


def to_line(job: Job) -> str:
    """Write a job as one line."""
    kind = next(name for name, record in KINDS.items() if isinstance(job, record))
    return json.dumps({"kind": kind, "job": asdict(job)}) + "\n"


def read_job(line: str) -> Job:
    """Read the line of a job.

    Raises:
        ValueError: It is none.
        KeyError: It is of a kind that this process does not know.
    """
    written = json.loads(line)
    job: Job = read_record(KINDS[written["kind"]], written["job"])
    return job
