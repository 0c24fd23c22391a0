"""The attempts of a save: one set of formats after the other is staged and proven, until one passes.

The pipeline calls `attempt` and publishes one of what it returns.
"""

from __future__ import annotations

import errno
import shutil
from dataclasses import dataclass
from pathlib import Path

from colab_save.artifact.layout import CUSTOM_CODE
from colab_save.artifact.round_trip import Outcome, RoundTrip, failed
from colab_save.errors import FormatError
from colab_save.formats.base import Format
from colab_save.os_errors import refusal, refusing, system_error
from colab_save.progress import Clock, Stage
from colab_save.proof.process import Verifier
from colab_save.saving.examining import Examined
from colab_save.saving.plan import Plan
from colab_save.saving.proving import prove
from colab_save.saving.staging import Staged, stage

FULL = 1 << 20
"""Bytes: with less than that free, the disk is why a format could not be written."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One set of formats, staged and proven.

    Attributes:
        staged: What was written.
        trips: What the round trips found.
        notes: What the user should know of it.
        hint: What to change in the custom code, where something of it could not be captured; else empty.
    """

    staged: Staged
    trips: tuple[RoundTrip, ...]
    notes: tuple[str, ...] = ()
    hint: str = ""

    @property
    def formats(self) -> tuple[Format, ...]:
        """Return the formats that were tried."""
        return self.staged.formats

    @property
    def is_passed(self) -> bool:
        """Say whether this may be published: nothing has failed."""
        return all(trip.outcome is not Outcome.FAILED for trip in self.trips)


def attempt(plan: Plan, examined: Examined, verifier: Verifier, work: Path, clock: Clock) -> list[Attempt]:
    """Stage and verify one set of formats after the other until one passes.

    Args:
        plan: What to try, in order, and how strictly.
        examined: What is saved.
        verifier: The fresh process, open.
        work: An empty folder on the local disk.
        clock: Told the progress.

    Raises:
        FormatError: The only set of formats cannot be written.
        NoSpaceError: The local disk is full.
    """
    attempts: list[Attempt] = []
    for index, formats in enumerate(plan.choice.attempts):
        folder = work / str(index) / "artifact"
        folder.mkdir(parents=True)
        try:
            with clock.at(Stage.STAGE, "+".join(plug.name for plug in formats)), refusing("write", str(folder)):
                staged = stage(plan, examined, formats, folder)
        except FormatError as error:
            if shutil.disk_usage(folder).free < FULL:
                raise refusal(system_error(errno.ENOSPC), "write", str(folder)) from error
            if len(plan.choice.attempts) == 1:
                raise
            trips = tuple(failed(plug.name, error.references[0], plug.holds) for plug in formats)
            attempts.append(Attempt(Staged(folder, formats, {}), trips, hint=examined.hint))
            continue
        attempts.append(_proven(staged, examined, prove(staged, examined, plan.rules, verifier, clock)))
        if attempts[-1].is_passed:
            break
    return attempts


def _proven(staged: Staged, examined: Examined, trips: tuple[RoundTrip, ...]) -> Attempt:
    """Add what is known of the custom code once the fresh process has asked for all that it lacked."""
    custom = examined.custom
    missing = tuple(f"{CUSTOM_CODE} is without {name}" for name in custom.code.missing)
    hint = "\n".join(filter(None, (examined.hint, custom.hint)))
    return Attempt(staged, trips, staged.notes + missing, hint)
