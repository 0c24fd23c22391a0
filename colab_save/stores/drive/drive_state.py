"""How Drive stands, in a word and without asking anybody: the panel shows it, and its footer the room that is left.

Looks where the store looks (`drive`), never mounts, and waits for a dead mount no longer than told.
"""

from __future__ import annotations

import enum
import shutil
from dataclasses import dataclass

from colab_save.quantities import size_in_words
from colab_save.stores.drive.deadline import within
from colab_save.stores.drive.drive import DriveStore
from colab_save.stores.drive.mount import mounts_of

LEAST_ROOM = 1_000_000
"""Bytes that must be free for a Drive not to be called full: less than the smallest artifact."""


class Mounted(enum.StrEnum):
    """How Drive stands."""

    ABSENT = "not available here"
    NO = "not mounted"
    YES = "mounted"
    READ_ONLY = "mounted for reading only"
    FULL = "full"
    SILENT = "mounted, but it does not answer"


@dataclass(frozen=True, slots=True)
class DriveState:
    """How Drive stands: in a word, and the bytes that are free, where it says so."""

    mounted: Mounted
    free: int | None = None

    @property
    def can_mount(self) -> bool:
        """Say whether mounting it would help."""
        return self.mounted is Mounted.NO

    def __str__(self) -> str:
        return self.mounted if self.free is None else f"{self.mounted}, {size_in_words(self.free)} free"


def drive_state(patience: float = 2.0) -> DriveState:
    """Look how Drive stands; nothing is mounted.

    Args:
        patience: Seconds that a mount may take to answer.
    """
    mounts = mounts_of(DriveStore.MOUNTS)
    if not mounts:
        return DriveState(Mounted.NO if DriveStore.is_default() else Mounted.ABSENT)
    mount = next((mount for mount in mounts if mount.point == DriveStore.MOUNTPOINT), mounts[0])
    try:
        room = within(patience, lambda: shutil.disk_usage(mount.point / "MyDrive"))
    except OSError:
        return DriveState(Mounted.SILENT)
    free = room.free if room.total else None
    if mount.is_read_only:
        return DriveState(Mounted.READ_ONLY, free)
    return DriveState(Mounted.YES if free is None or free >= LEAST_ROOM else Mounted.FULL, free)
