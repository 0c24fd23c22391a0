"""Local copies of saves to a store that uploads later: each a proven stage, in a folder of limited size.

`pending` makes one before it publishes and forgets it when the upload is known. Local copies outlive the kernel, but
not the runtime.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import tempfile
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from colab_save.artifact.layout import Place
from colab_save.artifact.manifest import MANIFEST, Manifest
from colab_save.errors import DamagedFileError
from colab_save.quantities import size_in_words
from colab_save.stores.base import Store
from colab_save.versions.caching import cache_base, size_limit
from colab_save.versions.packing import stored

LEFTOVER_AGE = timedelta(days=1)
"""The age at which a save removes a folder without a manifest or a local copy without a record.

Most are left by killed processes, but a younger one may belong to a slow save."""

_RECORD = "copy.json"
_STAGE = "artifact"


@dataclass(frozen=True, slots=True)
class LocalCopy:
    """A proven artifact on the local disk that is pending, and where it goes.

    Attributes:
        folder: The folder with its files and its record.
        address: The store's address, for `opening.reopen`.
        where: Its place in the store, as reports show it.
        place: Its place in the store.
        manifest: Its manifest.
        is_published: Whether it has been committed there.
    """

    folder: Path
    address: str
    where: str
    place: Place
    manifest: Manifest
    is_published: bool = False

    @property
    def stage(self) -> Path:
        """Return the folder with every file that the manifest names."""
        return self.folder / _STAGE

    @property
    def name(self) -> str:
        """Return the version's full name."""
        return f"{self.manifest.name}@{self.manifest.version}"

    @property
    def keys(self) -> dict[str, int]:
        """Return the bytes of every key that the version has in its store."""
        return keys_of(self.place, self.manifest)

    @property
    def is_busy(self) -> bool:
        """Return whether another notebook or thread is publishing it now."""
        with self.lock() as is_free:
            return not is_free

    def mark_published(self) -> LocalCopy:
        """Record that it is committed."""
        published = replace(self, is_published=True)
        published.write_draft().replace(self.folder / _RECORD)
        return published

    def write_draft(self) -> Path:
        """Write the record under a temporary name; it counts once it is renamed."""
        place = {"folder": self.place.folder, "exact": self.place.exact}
        record = {"address": self.address, "where": self.where, "is_published": self.is_published, **place}
        draft = self.folder / f"{_RECORD}.partial"
        draft.write_text(json.dumps({**record, "manifest": self.manifest.to_json()}), "utf-8")
        return draft

    def forget(self) -> None:
        """Remove the copy; a later save removes what is left of it."""
        (self.folder / _RECORD).unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    @contextmanager
    def lock(self) -> Iterator[bool]:
        """Lock it against other notebooks and threads; yields ``False`` if one of them is publishing it."""
        try:
            descriptor = os.open(self.folder, os.O_RDONLY)
        except FileNotFoundError:  # forgotten meanwhile
            yield False
            return
        try:
            yield _try_lock(descriptor)
        finally:
            os.close(descriptor)


def keys_of(place: Place, manifest: Manifest) -> dict[str, int]:
    """Return every key of a version with its bytes; 0 for the manifest, whose size changes with the tags."""
    sizes = {place.key(file.path, manifest): file.size for file in stored(manifest)}
    return {**sizes, f"{place.folder}/{MANIFEST}": 0}


def make_copy(store: Store, place: Place, stage: Path, manifest: Manifest) -> LocalCopy:
    """Move a stage into the cache as a local copy, or copy it there from another disk.

    Raises:
        OSError: The local disk refused; the stage is where it was.
    """
    base = _base()
    base.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{manifest.version}-", dir=base))
    where = f"{store.location}/{place.exact or place.folder}"
    copy = LocalCopy(folder, store.address, where, place, manifest)
    try:
        copy.write_draft().replace(folder / _RECORD)  # it counts once the stage is there, which comes last
        try:
            stage.rename(copy.stage)
        except OSError:  # another disk
            shutil.copytree(stage, folder / "partial")
            (folder / "partial").rename(copy.stage)
    except BaseException:
        copy.forget()
        raise
    return copy


def local_copies() -> list[LocalCopy]:
    """List the local copies, oldest first."""
    try:
        folders = sorted(_base().iterdir())
    except OSError:  # there never was one
        return []
    return [copy for copy in map(_read, folders) if copy is not None]


def forget_copies(name: str, version: str) -> None:
    """Forget the local copies of a version that is removed."""
    for copy in local_copies():
        if (copy.manifest.name, copy.manifest.version) == (name, version):
            copy.forget()


def trim(spare: LocalCopy) -> tuple[str, ...]:
    """Remove local copies until the rest fits: those of published saves first, then the oldest.

    Args:
        spare: The copy that has just been made; it stays if it is the only one of its save.

    Returns:
        A note for each copy that was removed.
    """
    copies = local_copies()
    _remove_leftovers(copies)
    total = sum(copy.manifest.size for copy in copies)
    limit = size_limit(_base(), total)
    notes = []
    for copy in sorted(copies, key=lambda copy: not copy.is_published):
        if total <= limit:
            break
        is_only = copy.folder == spare.folder and not spare.is_published
        if not is_only and drop(copy):
            total -= copy.manifest.size
            state = "its upload is not confirmed" if copy.is_published else "it was never published"
            notes.append(
                f"The local copy of {copy.name} ({size_in_words(copy.manifest.size)}) was removed, though {state}: "
                f"local copies may take at most {size_in_words(limit)} of this disk."
            )
    return tuple(notes)


def drop(copy: LocalCopy) -> bool:
    """Forget a copy and return ``True``, unless it is being published now."""
    with copy.lock() as is_mine:
        if is_mine:
            copy.forget()
        return is_mine


def leftovers(copies: Collection[LocalCopy]) -> list[Path]:
    """List the folders that have no copy that can be read: one that is being made, or what a killed process left.

    Args:
        copies: The copies that can be read.
    """
    known = {copy.folder for copy in copies}
    try:
        return sorted(folder for folder in _base().iterdir() if folder not in known)
    except OSError:  # there never was a copy
        return []


def _remove_leftovers(copies: Collection[LocalCopy]) -> None:
    with suppress(OSError):  # another notebook may be doing the same
        for folder in leftovers(copies):
            if time.time() - folder.stat().st_mtime > LEFTOVER_AGE.total_seconds():
                shutil.rmtree(folder, ignore_errors=True)


def _base() -> Path:
    return cache_base() / "pending"


def _read(folder: Path) -> LocalCopy | None:
    """Read the record of a copy; return ``None`` for one that is being made or removed."""
    try:
        copy = _recorded(folder, (folder / _RECORD).read_text("utf-8"))
    except (OSError, ValueError, KeyError, TypeError, DamagedFileError):
        return None
    return copy if copy.stage.is_dir() else None


@functools.lru_cache(maxsize=32)
def _recorded(folder: Path, text: str) -> LocalCopy:
    """Parse a record once: the panel reads it after each cell, and a large manifest takes 30 ms."""
    record = json.loads(text)
    place = Place(record["folder"], record["exact"])
    manifest = Manifest.from_json(record["manifest"], str(folder / _RECORD))
    address = record["address"]
    if json.loads(record["manifest"])["schema"] == 1 and not address.startswith("drive:"):
        address = f"drive:{address}"  # these records did not name the store: only Drive had copies
    return LocalCopy(folder, address, record["where"], place, manifest, record["is_published"])


def _try_lock(descriptor: int) -> bool:
    """Lock a folder and return whether that worked; the system unlocks it when the process ends, however it ends."""
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
