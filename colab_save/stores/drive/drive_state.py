"""The state of Drive in a few words, without asking or mounting anything.

The panel shows it, with the free space in its footer. It looks at the same mount as `drive` and does not wait long for
a dead one.
"""

from __future__ import annotations

import enum
import shutil
from dataclasses import dataclass

from colab_save.deadline import within
from colab_save.quantities import size_in_words
from colab_save.stores.drive.drive import DriveStore
from colab_save.stores.drive.mount import mounts_of

LEAST_ROOM = 1_000_000
"""A Drive with fewer free bytes is full: no artifact is smaller."""


class Mounted(enum.StrEnum):
    """Whether Drive can be used, and why not."""

    ABSENT = "not available here"
    NO = "not mounted"
    YES = "mounted"
    READ_ONLY = "mounted read-only"
    FULL = "full"
    SILENT = "mounted, but does not answer"


@dataclass(frozen=True, slots=True)
class DriveState:
    """The state of Drive, and its free bytes where it reports them."""

    mounted: Mounted
    free: int | None = None

    @property
    def can_mount(self) -> bool:
        """Return whether mounting would help."""
        return self.mounted is Mounted.NO

    def __str__(self) -> str:
        return self.mounted if self.free is None else f"{self.mounted}, {size_in_words(self.free)} free"


def drive_state(patience: float = 2.0) -> DriveState:
    """Return the state of Drive; nothing is mounted.

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
