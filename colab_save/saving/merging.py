"""Merge the attempts that a decision publishes into one stage, which then is sealed and published like any other.

The pipeline calls `merge`. The stage of the first attempt takes the payloads of the others.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from colab_save.os_errors import refusing
from colab_save.saving.deciding import Decision
from colab_save.saving.staging import Staged


def merge(decision: Decision) -> Staged:
    """Return the stage to publish, with exactly the payloads that were decided for.

    Raises:
        NoSpaceError: The local disk is full.
    """
    first, *others = (attempt.staged for attempt in decision.attempts)
    wanted = {(trip.part, trip.format) for trip in decision.trips}
    with refusing("write", str(first.folder)):
        for staged in (first, *others):
            _drop_others(staged, wanted)
        for staged in others:
            for part in {"", *staged.samples}:
                _take_over(first.folder / part, staged.folder / part)
    formats = tuple(plug for attempt in decision.attempts for plug in attempt.formats)
    return replace(first, formats=formats, notes=decision.notes)


def _drop_others(staged: Staged, wanted: set[tuple[str, str]]) -> None:
    """Remove the payloads that are not published."""
    for part in staged.samples:
        for plug in staged.formats:
            payload = staged.folder / part / plug.payload
            if (part, plug.name) in wanted:
                continue
            if payload.is_dir():
                shutil.rmtree(payload)
            else:
                payload.unlink(missing_ok=True)


def _take_over(folder: Path, other: Path) -> None:
    """Move into a folder what only the other one has; the code and the samples that both have are the same."""
    for source in sorted(other.iterdir()):
        if not (folder / source.name).exists():
            shutil.move(source, folder / source.name)
