"""Where Drive is mounted, why `drive.mount` refuses, and hints for when the mount fails.

`drive` calls this before and after it mounts. Facts and issue numbers (#) are from the sources named there.
"""

from __future__ import annotations

import errno
import itertools
import shlex
import threading
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from colab_save.errors import StoreUnavailableError, TargetError
from colab_save.hints import action, literal, option
from colab_save.wording import first_line

ELSEWHERE = f"or save elsewhere with {option('to', 'FOLDER')}."
"""The end of every hint: there are other stores."""

AGAIN = (
    "The mount has died (#5951, #5970): run `%cd /content`, then `from google.colab import drive; "
    "drive.mount('/content/drive', force_remount=True)`, and this line again. What had not been uploaded may be lost."
)
"""For a mount whose daemon is gone; were it alive, this would kill the uploader before it has uploaded everything."""

HINTS: Mapping[int, str] = MappingProxyType(
    {
        errno.ENOTCONN: AGAIN,
        errno.ECONNABORTED: AGAIN,  # the call that was running when the daemon died; later ones get ENOTCONN
        errno.ETIMEDOUT: f"Wait a minute and run this line again. If Drive still does not answer: {AGAIN}",
        errno.EIO: "Drive fails like this now and then, and in folders with very many files (#559): run the line "
        f"again in a minute, choose a folder with fewer files, {ELSEWHERE}",
        errno.ENOSPC: f"Drive's writes land on this runtime's disk first: free some of it, {ELSEWHERE}",
        errno.EDQUOT: "Drive is full: empty its trash at drive.google.com/drive/trash, which counts too, or delete "
        f"what you no longer need, {ELSEWHERE}",
        **dict.fromkeys(
            (errno.EROFS, errno.EACCES, errno.EPERM),
            f"You may only read there (perhaps a shared drive or folder): choose a folder of your own, {ELSEWHERE}",
        ),
    }
)
"""Hints for calls that fail on the mount, by errno."""

_REFUSALS = (
    ("credential propagation", "Access to Google Drive was not granted",  # also: pop-up closed (#5063, #6063)
     f"Run the line again, choose the account whose Drive it is, and allow everything it asks for, {ELSEWHERE}"),
    ("domain policy", "The administrator of this Google account does not allow Drive here",
     f"Use another account, ask the administrator, {ELSEWHERE}"),
    ("Enterprise", "Colab Enterprise has no Drive", f"Save elsewhere with {option('to', 'FOLDER')}."),
    ("timeout during initial read", "Drive took too long to list the top of MyDrive",
     f"Run the line again; if that does not help, move files from the top of MyDrive into folders, {ELSEWHERE}"),
    ("mount failed", "Drive could not be mounted",
     f"Run the line again; if that does not help, choose Runtime > Disconnect and delete runtime, {ELSEWHERE}"),
    ("", "Drive could not be mounted", f"Try drive.mount in a cell of its own, {ELSEWHERE}"),
)  # fmt: skip
"""A part of what `drive.mount` raises, what it means, and what to do."""


class Mount(NamedTuple):
    """A place where Drive is mounted."""

    point: Path
    is_read_only: bool


def mounts_of(table: Path) -> list[Mount]:
    """Read where Drive is mounted: ``drive /content/drive fuse.drive rw,…``; a mountpoint contains no space."""
    try:
        lines = table.read_text("utf-8", "surrogateescape").splitlines()
    except FileNotFoundError:  # not Linux
        return []
    rows = [line.split() for line in lines]
    return [Mount(Path(row[1]), "ro" in row[3].split(",")) for row in rows if len(row) > 3 and row[2] == "fuse.drive"]


def check_mountpoint(point: Path) -> None:
    """Refuse what `drive.mount` would refuse or mistake for a mounted Drive, before the browser asks.

    Raises:
        StoreUnavailableError: A link, a file, another mount, or a folder with files.
    """
    if point.is_symlink():
        raise StoreUnavailableError(f"{point} is a link, and Drive cannot be mounted there.", f"Run `!rm {point}`.")
    if not point.exists():
        return
    if not point.is_dir():
        raise StoreUnavailableError(
            f"{point} is a file; Drive cannot be mounted there.", f"Run `!mv {point} {point}_old`."
        )
    if point.is_mount():
        raise StoreUnavailableError(
            f"{point} is a mount, but not Drive's.",
            f"Run `!umount {point}` and this line again, {ELSEWHERE}",
        )
    if names := sorted(entry.name for entry in point.iterdir()):
        shown = ", ".join(names[:3]) + (", …" if len(names) > 3 else "")
        raise StoreUnavailableError(
            f"Drive is not mounted, and {point} is a plain folder with files: {shown}.", _way_out(point)
        )


def _way_out(point: Path) -> str:
    """Return the commands that bring files written below the mountpoint while nothing was mounted to Drive."""
    numbers = itertools.count(2)
    aside = point.with_name(f"{point.name}_old")
    while aside.exists():
        aside = point.with_name(f"{point.name}_old{next(numbers)}")
    top = "/MyDrive" if (point / "MyDrive").is_dir() else ""
    return (
        f"They are on this runtime's disk, not on Drive. Run `!mv {point} {aside}` and this line again; once Drive is "
        f"mounted, `!cp -rn {aside}{top}/. {point}/MyDrive/` copies what Drive does not have yet."
    )


def check_twins(place: Path) -> None:
    """Refuse a folder if Drive has two of that name; may hang as the mount does.

    Raises:
        TargetError: There are two; the hint has the command that renames one.
    """
    twin = place.with_name(f"{place.name} (1)")
    if place.exists() and twin.exists():
        raise TargetError(
            f"Drive has two folders named {literal(repr(place.name))}: the mount shows "
            f"{literal(repr(twin.name))} beside it, and which is which may change.",
            f"Rename one: `!mv {shlex.quote(str(twin))} {shlex.quote(f'{place}_2')}`; "
            f"{action('list')} then shows what is in each. Or save under another name.",
        )


def refusal_of_mount(error: Exception) -> StoreUnavailableError:
    """Return the error for what `drive.mount` raised."""
    what, hint = next((what, hint) for part, what, hint in _REFUSALS if part in str(error))
    return StoreUnavailableError(f"{what} ({first_line(error)}).", hint)


def check_main_thread(doing: str, line: str) -> None:
    """Refuse to wait for the browser anywhere but in the notebook's main thread.

    Raises:
        StoreUnavailableError: The hint has the line to run in a cell.
    """
    if threading.current_thread() is not threading.main_thread():
        raise StoreUnavailableError(
            f"Only the notebook's main thread can {doing}.", f"Run `from google.colab import drive; {line}` in a cell."
        )
