"""Drive's mount: where it is, what `drive.mount` refuses and why, and what helps when it fails.

`stores/drive.py` asks here before and after it mounts; facts and issue numbers (#) are of the same sources.
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
from colab_save.hints import action, option
from colab_save.wording import first_line

ELSEWHERE = f"or keep it elsewhere with {option('to', 'FOLDER')}."
"""The end of every hint: Drive is one place of several."""

AGAIN = (
    "The mount has died (#5951, #5970): run `%cd /content`, then `from google.colab import drive; "
    "drive.mount('/content/drive', force_remount=True)`, and this line again. What had not been uploaded may be lost."
)
"""What helps when the daemon behind the mount is gone; with a living one it would kill the uploader without a flush."""

HINTS: Mapping[int, str] = MappingProxyType(
    {
        errno.ENOTCONN: AGAIN,
        errno.ECONNABORTED: AGAIN,  # the call that was under way when the daemon died; those after it get ENOTCONN
        errno.ETIMEDOUT: f"Wait a minute and run this line again. If Drive still does not answer: {AGAIN}",
        errno.EIO: "Drive fails like this for a while, and in folders with very many files (#559): run the line "
        f"again in a minute, choose a folder with fewer files, {ELSEWHERE}",
        errno.ENOSPC: f"Drive's writes land on this runtime's disk first: free some of it, {ELSEWHERE}",
        errno.EDQUOT: "Drive is full: empty its trash at drive.google.com/drive/trash, which counts too, or delete "
        f"what you no longer need, {ELSEWHERE}",
        **dict.fromkeys(
            (errno.EROFS, errno.EACCES, errno.EPERM),
            f"You may only read there (a shared drive or folder, perhaps): choose a folder of your own, {ELSEWHERE}",
        ),
    }
)
"""What helps when a call on the mount fails, by errno."""

_REFUSALS = (
    ("credential propagation", "Access to Google Drive was not granted",  # also: pop-up closed (#5063, #6063)
     f"Run the line again, choose the account whose Drive it is, and allow everything it asks for, {ELSEWHERE}"),
    ("domain policy", "The administrator of this Google account does not allow Drive here",
     f"Use another account, ask the administrator, {ELSEWHERE}"),
    ("Enterprise", "Colab Enterprise has no Drive", f"Keep it elsewhere with {option('to', 'FOLDER')}."),
    ("timeout during initial read", "Drive took too long to list the top of MyDrive",
     f"Run the line again; if that does not help, move files from the top of MyDrive into folders, {ELSEWHERE}"),
    ("mount failed", "Drive could not be mounted",
     f"Run the line again; if that does not help, choose Runtime > Disconnect and delete runtime, {ELSEWHERE}"),
    ("", "Drive could not be mounted", f"Try drive.mount in a cell of its own, {ELSEWHERE}"),
)  # fmt: skip
"""What `drive.mount` says (a part of it), what that means, and what to do."""


class Mount(NamedTuple):
    """One place where Drive is mounted."""

    point: Path
    is_read_only: bool


def mounts_of(table: Path) -> list[Mount]:
    """Read where Drive is mounted: ``drive /content/drive fuse.drive rw,…``; a mountpoint holds no space."""
    try:
        lines = table.read_text("utf-8", "surrogateescape").splitlines()
    except FileNotFoundError:  # not Linux
        return []
    rows = [line.split() for line in lines]
    return [Mount(Path(row[1]), "ro" in row[3].split(",")) for row in rows if len(row) > 3 and row[2] == "fuse.drive"]


def check_mountpoint(point: Path) -> None:
    """Refuse what `drive.mount` would refuse, or would take for a mounted Drive, before the browser asks anything.

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
            f"{point} is a mount, and not that of Drive.", f"Run `!umount {point}` and this line again, {ELSEWHERE}"
        )
    if names := sorted(entry.name for entry in point.iterdir()):
        shown = ", ".join(names[:3]) + (", …" if len(names) > 3 else "")
        raise StoreUnavailableError(
            f"Drive is not mounted, and {point} is a plain folder that holds files: {shown}.", _way_out(point)
        )


def _way_out(point: Path) -> str:
    """Say how to bring what was written below a mountpoint while nothing was mounted to where it belongs."""
    numbers = itertools.count(2)
    aside = point.with_name(f"{point.name}_old")
    while aside.exists():
        aside = point.with_name(f"{point.name}_old{next(numbers)}")
    top = "/MyDrive" if (point / "MyDrive").is_dir() else ""
    return (
        f"They are on this runtime's disk, not on Drive. Run `!mv {point} {aside}` and this line again; once Drive is "
        f"mounted, `!cp -rn {aside}{top}/. {point}/MyDrive/` copies what is not there yet."
    )


def check_twins(place: Path) -> None:
    """Refuse a folder of which Drive has two of one name; may hang as the mount does.

    Raises:
        TargetError: With the command that tells them apart.
    """
    twin = place.with_name(f"{place.name} (1)")
    if place.exists() and twin.exists():
        raise TargetError(
            f"Drive has two folders named {place.name!r}: the mount shows {twin.name!r} beside it, and which is which "
            "may change.",
            f"Give one a name of its own: `!mv {shlex.quote(str(twin))} {shlex.quote(f'{place}_2')}`, "
            f"then {action('list')} shows what is in each; or save under another name.",
        )


def refusal_of_mount(error: Exception) -> StoreUnavailableError:
    """Word what came out of `drive.mount`."""
    said = first_line(error)
    what, hint = next((what, hint) for part, what, hint in _REFUSALS if part in str(error))
    return StoreUnavailableError(f"{what} ({said}).", hint)


def check_main_thread(doing: str, line: str) -> None:
    """Refuse what waits for the browser anywhere but in the notebook's main thread.

    Raises:
        StoreUnavailableError: With the line that does it in a cell.
    """
    if threading.current_thread() is not threading.main_thread():
        raise StoreUnavailableError(
            f"Only the notebook's main thread can {doing}.", f"Run `from google.colab import drive; {line}` in a cell."
        )
