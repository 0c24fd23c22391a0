"""Stage and prove one set of formats after another, until one passes.

The pipeline calls `attempt`, and publishes one of the attempts that it returns.
"""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from colab_save.artifact.layout import CUSTOM_CODE
from colab_save.artifact.round_trip import Outcome, RoundTrip, failed
from colab_save.errors import FormatError
from colab_save.formats.base import Format
from colab_save.fresh_process.process import Verifier
from colab_save.os_errors import refusal, refusing, system_error
from colab_save.progress import Clock, Stage
from colab_save.saving.examining import Examined, check_unchanged
from colab_save.saving.plan import Plan
from colab_save.saving.proving import prove
from colab_save.saving.staging import Staged, stage

FULL = 1 << 20
"""Bytes: if fewer are free after a format could not be written, a full disk is the reason."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One set of formats, staged and proven.

    Attributes:
        staged: What was written.
        trips: Its round trips.
        examined: What was saved, with the custom code that a reload of it needs.
        notes: Notes for the user, one sentence each.
        hint: What to change in the custom code so that all of it can be captured, or so that the formats can be
            written; empty if all was.
        rests_on: The version on whose full proof it leans, see `leaning`; empty for a full proof.
    """

    staged: Staged
    trips: tuple[RoundTrip, ...]
    examined: Examined
    notes: tuple[str, ...] = ()
    hint: str = ""
    rests_on: str = ""

    @property
    def formats(self) -> tuple[Format, ...]:
        """Return the formats of this attempt."""
        return self.staged.formats

    @property
    def is_passed(self) -> bool:
        """Return whether this may be published: no round trip has failed."""
        return all(trip.outcome is not Outcome.FAILED for trip in self.trips)


def attempt(plan: Plan, first: Examined, verifier: Verifier, work: Path, clock: Clock) -> list[Attempt]:
    """Stage and verify one set of formats after another, until one passes, or the fresh process is killed.

    Args:
        plan: What to try, in order, and how strictly.
        first: What to save, as it was examined.
        verifier: The fresh process, open.
        work: An empty folder on the local disk.
        clock: Reports the progress.

    Returns:
        All attempts, in order; only the last can have passed.

    Raises:
        FormatError: The only set of formats cannot be written.
        RoundTripError: What was staged is not what was examined: the model is being trained.
        NoSpaceError: The local disk is full.
    """
    attempts: list[Attempt] = []
    errors: list[FormatError] = []
    for index, (formats, examined) in enumerate(tries(plan, first)):
        folder = work / str(index) / "artifact"
        folder.mkdir(parents=True)
        try:
            attempts.append(attempt_one(plan, examined, formats, folder, verifier, clock))
        except FormatError as error:
            if shutil.disk_usage(folder).free < FULL:
                raise refusal(system_error(errno.ENOSPC), "write", str(folder)) from error
            errors.append(error)
            attempts.append(_unwritten(Staged(folder, formats, {}), examined, error))
            continue
        if attempts[-1].is_passed or verifier.was_killed:  # which decides nothing about the formats
            break
        check_unchanged(examined)
    if len(errors) == len(attempts) and len(plan.choice.attempts) == 1:
        raise errors[0]
    return attempts


def attempt_one(
    plan: Plan, examined: Examined, formats: tuple[Format, ...], folder: Path, verifier: Verifier, clock: Clock
) -> Attempt:
    """Stage and verify one set of formats in an empty folder.

    Raises:
        FormatError: One of them cannot be written.
        NoSpaceError: The local disk is full.
    """
    with clock.at(Stage.STAGE, "+".join(plug.name for plug in formats)), refusing("write", str(folder)):
        staged = stage(plan, examined, formats, folder)
    return _proven(staged, examined, prove(staged, examined, plan.rules, verifier, clock))


def tries(plan: Plan, examined: Examined) -> Iterator[tuple[tuple[Format, ...], Examined]]:
    """Yield each set of formats, with classes made again where their config cannot do it, then all.

    They are made by the call that made them where their attributes cannot all be written, then by these all the same.
    """
    for formats in plan.choice.attempts:
        if not any(plug.is_remade for plug in formats):
            yield formats, examined
            continue
        first = examined.remaking(lambda configs: configs.incomplete) or examined
        yield formats, first
        if without := first.without_calls():
            yield formats, without
            first = without
        if more := first.remaking(lambda configs: configs.remakeable):
            yield formats, more


def _unwritten(staged: Staged, examined: Examined, error: FormatError) -> Attempt:
    """Return the attempt of which no model has a payload, since one could not be written."""
    reason, hint = error.references
    trips = tuple(
        replace(failed(plug.name, reason, plug.holds), part=subject.name)
        for subject in examined.subjects
        for plug in staged.formats
    )
    return Attempt(staged, trips, examined, hint=examined.hint or hint)


def _proven(staged: Staged, examined: Examined, trips: tuple[RoundTrip, ...]) -> Attempt:
    """Return the attempt, with notes on the custom code, which is complete only after the round trips."""
    custom = examined.custom
    missing = tuple(f"{CUSTOM_CODE} is not whole: {name}" for name in custom.code.missing)
    hint = "\n".join(filter(None, (examined.hint, custom.hint)))
    return Attempt(staged, trips, examined, staged.notes + missing, hint)
