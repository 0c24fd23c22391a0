"""The store on Google Drive as Colab mounts it; the only module that imports ``google.colab``.

Files written there land on the runtime's disk and reach the cloud later, or never. All facts about that are in this
folder, from Google's published colabtools source (April 2026), its issues (#) and Google's DriveFS tests; [A] marks
what no source settles.
"""

from __future__ import annotations

import errno
import itertools
import os
import secrets
import shutil
import sys
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import ClassVar, Self, TypeVar

from colab_save.deadline import alive, within
from colab_save.errors import ReadOnlyStoreError, StoreError, StoreUnavailableError, TargetError
from colab_save.hints import literal, option
from colab_save.os_errors import system_error
from colab_save.stores.base import Access, UploadState
from colab_save.stores.drive.mount import (
    ELSEWHERE,
    HINTS,
    Mount,
    check_main_thread,
    check_mountpoint,
    check_twins,
    mounts_of,
    refusal_of_mount,
)
from colab_save.stores.drive.mounted import MountedStore
from colab_save.stores.drive.uploads import upload_state_of
from colab_save.stores.local import FILE_URL, exists, folder_at
from colab_save.target import is_url
from colab_save.wording import first_line

FOLDER = "MyDrive/colab_save"
"""The default: a folder with few entries. Large ones fail with EIO (#559), and MyDrive itself may have thousands."""

PREFIX = "drive:"
"""The prefix of a folder below MyDrive."""

_Name = TypeVar("_Name")
_SPELLINGS = {"My Drive": "MyDrive", "Shared drives": "Shareddrives"}


class DriveStore(MountedStore):
    """A folder on mounted Google Drive; Drive is mounted when it is first needed.

    Args:
        folder: A path below the mountpoint that begins with ``MyDrive`` or ``Shareddrives``.
        patience: Seconds that Drive may take to answer; a dead mount can hang for ever.

    Attributes:
        MOUNTPOINT: Where Colab's own button mounts it.
        MOUNTS: The kernel's table of mounts. The tests' fake service sets these two and nothing else.
    """

    kind = "drive"
    packs_folders = True
    MOUNTPOINT: ClassVar[Path] = Path("/content/drive")
    MOUNTS: ClassVar[Path] = Path("/proc/mounts")
    hints: ClassVar[Mapping[int, str]] = HINTS

    def __init__(self, folder: str = FOLDER, *, patience: float = 20.0) -> None:
        self.folder = _normal(folder)
        self.address = f"{self.kind}:{self.folder}"
        self.patience = patience
        mount = self._mount()
        super().__init__((mount.point if mount else self.MOUNTPOINT) / self.folder)

    @classmethod
    def at(cls, location: str) -> Self:
        """Return the store for what a user typed: ``drive``, ``drive:FOLDER``, or a folder on a mount."""
        if location == cls.kind:
            return cls()
        if location.startswith(PREFIX):
            return cls(f"MyDrive/{location.removeprefix(PREFIX)}")
        return cls(cls.folder_of(folder_at(location)) or "")

    @classmethod
    def at_address(cls, address: str, patience: float) -> Self:
        """Return the store of an address, without the kind that `Store.address` begins with."""
        return cls(address, patience=patience)

    @classmethod
    def is_place(cls, location: str) -> bool:
        """Return whether a folder that a user typed is on a Drive mount, also through links."""
        is_folder = not is_url(location) or location.startswith(FILE_URL)
        return is_folder and cls.folder_of(folder_at(location)) is not None

    @staticmethod
    def split(path: str) -> tuple[str, str]:
        """Split a file's path into folder and name: ``drive:a/b.keras`` or a path on the mount."""
        if not path.startswith(PREFIX):
            return MountedStore.split(path)
        folder, _, key = path.removeprefix(PREFIX).strip("/").rpartition("/")
        return f"{PREFIX}{folder}", key

    @classmethod
    def is_default(cls) -> bool:
        """Return whether this is Colab: its kernels import ``google.colab``, and only Colab mounts DriveFS."""
        return "google.colab" in sys.modules or any(mount.point == cls.MOUNTPOINT for mount in mounts_of(cls.MOUNTS))

    @classmethod
    def own_folder(cls) -> Path | None:
        """Return our folder in the user's MyDrive, which outlives the runtime; ``None`` if nothing is mounted."""
        return next((mount.point / FOLDER for mount in mounts_of(cls.MOUNTS)), None)

    @classmethod
    def folder_of(cls, path: Path) -> str | None:
        """Return the folder below the mountpoint for an absolute path, also through links; ``None`` elsewhere."""
        points = {cls.MOUNTPOINT, *(mount.point for mount in mounts_of(cls.MOUNTS))}
        # A path that is on the mount as written is not resolved: a dead mount can hang.
        places = itertools.chain([path], (Path(os.path.realpath(link)) for link in [path]))
        below = (place.relative_to(point) for place in places for point in points if place.is_relative_to(point))
        return next(map(str, below), None)

    def access(self) -> Access:
        """Look as `LocalStore` does if Drive is mounted; if not, nothing is known."""
        mount = self._mount()
        if mount is None:
            return Access()
        found = super().access()
        return Access(found.exists, is_writable=False if mount.is_read_only else found.is_writable)

    def check_single(self, name: str) -> None:
        """Refuse a name that two folders on Drive have: the mount shows the second with a number (#6106)."""
        self._patiently("list", name, lambda: check_twins(self.root / name))

    def path(self, key: str) -> Path | None:
        """Return ``None``: reading Drive is slow, so files are fetched first."""
        return None

    def upload_states(self, groups: Mapping[_Name, Collection[str]]) -> dict[_Name, UploadState]:
        """Read the one attribute that tells; a mount that is gone, dead or silent means ``UNKNOWN``."""
        found = dict.fromkeys(groups, UploadState.UNKNOWN)
        if (mount := self._mount()) is None:
            return found

        def ask() -> None:
            for name, keys in groups.items():
                sizes = keys if isinstance(keys, Mapping) else dict.fromkeys(keys, 0)
                found[name] = upload_state_of({mount.point / self.folder / key: size for key, size in sizes.items()})
                alive()

        with suppress(OSError):  # it hangs: what is not known by now stays unknown
            within(self.patience, ask)
        return dict(found)

    def flush(self) -> UploadState:
        """Upload everything and unmount Drive: only when the user asks, never as part of a save.

        This may take hours, it removes the folder under running code, and mounting again afterwards has failed for
        users (#4773, #287).

        Raises:
            StoreError: Drive could not upload everything.
        """
        if self._mount() is None:
            return UploadState.UNKNOWN
        check_main_thread("upload everything", "drive.flush_and_unmount()")
        from google.colab import drive

        try:
            drive.flush_and_unmount()
        except Exception as error:  # ValueError("flush_and_unmount failed"), or an error of the process it starts
            raise StoreError(
                f"Drive could not upload everything ({first_line(error)}).",
                "Leave this runtime open and check on drive.google.com whether the files are complete.",
            ) from error
        return UploadState.FLUSHED

    def _base(self) -> Path:
        mount = self._mount() or self._mounted_now()
        self.root = mount.point / self.folder
        self.location = str(self.root)
        return self.root

    def _mount(self) -> Mount | None:
        """Find where Drive is mounted; `drive.mount` would ask in the browser even when it is mounted already."""
        mounts = mounts_of(self.MOUNTS)
        return next((mount for mount in mounts if mount.point == self.MOUNTPOINT), mounts[0] if mounts else None)

    def _mounted_now(self) -> Mount:
        """Mount Drive, which asks the user in the browser."""
        if "google.colab" not in sys.modules:
            raise StoreUnavailableError(
                f"Google Drive is not mounted at {self.MOUNTPOINT}, and this process is not a Colab notebook.",
                f"In Colab, mount it in a cell first; elsewhere choose a folder with {option('to', 'FOLDER')}.",
            )
        check_main_thread("mount Drive", f"drive.mount('{self.MOUNTPOINT}')")
        check_mountpoint(self.MOUNTPOINT)
        from google.colab import drive

        try:
            drive.mount(str(self.MOUNTPOINT))
        except Exception as error:  # it raises its own class, pexpect's and others; all mean: not mounted
            raise refusal_of_mount(error) from error
        if (mount := self._mount()) is None:
            raise StoreUnavailableError(
                f"drive.mount has returned, but nothing is mounted at {self.MOUNTPOINT}.",
                "Run `from google.colab import drive; drive.mount(…, force_remount=True)`, then this line again.",
            )
        return mount

    def _check_room(self, folder: Path, size: int) -> None:
        """Trust the mount when it reports too little space, but not when it reports 0 of 0 bytes.

        Enough space proves nothing: a full Drive never uploads, and only the browser says so (#5325). Shared drives do
        not count against the user's quota.
        """
        if self.folder.startswith("MyDrive") and shutil.disk_usage(folder).total:
            super()._check_room(folder, size)

    def _check_writing(self, folder: Path) -> None:
        """Write a test file on shared drives only: MyDrive is writable, and a test costs round trips and trash."""
        mount = self._mount()
        if mount and mount.is_read_only:
            raise ReadOnlyStoreError(
                f"{mount.point} is mounted read-only.", f"Mount it again without readonly=True, {ELSEWHERE}"
            )
        if not self.folder.startswith("MyDrive"):
            super()._check_writing(folder)

    def _install(self, partial: Path, place: Path) -> None:
        """Rename a complete file, never over another one: that would send the old one to the trash at full size.

        The old file is renamed first and removed only when the new one has its name; fsync proves nothing here.
        """
        alive()
        if place.is_dir():
            raise system_error(errno.EISDIR)
        aside = place.with_name(f"{place.name}.replaced-{secrets.token_hex(2)}")
        is_taken = exists(place)
        try:
            if is_taken:
                with suppress(FileNotFoundError):  # for a second the kernel still shows a file that is gone
                    place.rename(aside)
            partial.rename(place)
        except BaseException:
            if is_taken:
                _step_back(aside, place)
            raise
        if is_taken:
            with suppress(OSError):  # the new file is in place; a leftover of the old one does no harm
                self._remove(aside)

    def _remove(self, path: Path) -> None:
        """Empty a file before deleting it: the trash counts against the quota for 30 days and has filled Drives.

        A shortcut is a link on the mount; the file it points to is not ours to empty.
        """
        alive()
        with suppress(FileNotFoundError):
            if not path.is_symlink():
                os.truncate(path, 0)
            path.unlink()


def _step_back(aside: Path, place: Path) -> None:
    """Rename the old file back after the new one could not take its name.

    The folder is listed because the kernel still shows a renamed file for a second.
    """
    try:
        names = {entry.name for entry in place.parent.iterdir()}
        if aside.name in names and place.name not in names:
            aside.rename(place)
    except OSError as error:
        raise StoreUnavailableError(
            f"Drive failed while {place} was being replaced; the previous file is now called {aside.name}.",
            f"Rename it back to {place.name} as soon as Drive answers again.",
        ) from error


def _normal(folder: str) -> str:
    """Return one spelling for a folder below the mountpoint, and refuse one outside MyDrive and Shareddrives."""
    first, *rest = PurePosixPath(folder).parts or ("",)
    first = _SPELLINGS.get(first, first)
    if ".." in rest or first not in _SPELLINGS.values():
        raise TargetError(
            f"{literal(repr(folder))} is neither in MyDrive nor in Shareddrives.",
            "Write it as in /content/drive/MyDrive/models.",
        )
    return str(PurePosixPath(first, *rest))
