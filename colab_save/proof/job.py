"""One job for the fresh process, as both sides see it: the notebook writes it as a line, the child reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from colab_save.formats.base import Context


@dataclass(frozen=True, slots=True)
class Job:
    """What to reload.

    Attributes:
        format: The payload's format.
        payload: Path of the staged file or folder.
        sample: Path of the staged ``.npz``.
        asked: What is in it, `SampleFacts` in JSON.
        answer: Path of the ``.npz`` to write the actual outputs to.
        custom_code: Path of the staged ``custom_code.py``; there may be none.
        record: What `repairing` goes by, in JSON.
        beside: The folder with the artifact's other files, where that is not the payload's own.
        is_traced: Note what each layer answers, instead of what the model does.
        extras: The folder with what else was kept; there may be none.
        memory: Bytes that this process may still take; given, the payload is opened and nothing else, see `trying`.
        is_part: It is one of several models. What held them is then made again by a job without a format: its payload
            is the folder with the parts and the collection, its answer a folder for the collection of what was made.
        how: What else `Context` says: the dialect, and whether to compile and to refuse bytecode.
    """

    format: str
    payload: str
    sample: str
    asked: Any
    answer: str
    custom_code: str = ""
    record: Mapping[str, Any] = field(default_factory=dict)
    beside: str = ""
    is_traced: bool = False
    extras: str = ""
    memory: int = 0
    is_part: bool = False
    how: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of_trial(cls, format: str, payload: Path, context: Context, custom_code: Path | None, memory: int) -> Job:
        """Ask for a payload to be opened, and nothing else, with so many bytes of memory."""
        code, folder = (str(path) if path is not None else "" for path in (custom_code, context.beside))
        none: dict[str, Any] = {"sample": "", "asked": None, "answer": ""}
        how = {name: getattr(context, name) for name in ("dialect", "is_compiled", "is_safe")}
        return cls(format, str(payload), **none, custom_code=code, beside=folder, memory=memory, how=how)


def to_line(job: Job) -> str:
    """Write a job as the line that `serve` reads."""
    return json.dumps(asdict(job)) + "\n"
