"""The local copies of saves on a store that uploads later: each a proven stage, in a folder of bounded size.

`keeping` makes them before it publishes, and forgets them when their upload is known; they outlive the kernel, though
not the runtime.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from colab_save.artifact.layout import Place
from colab_save.artifact.manifest import MANIFEST, Manifest
from colab_save.errors import DamagedFileError
from colab_save.quantities import size_in_words
from colab_save.stores.base import Store
from colab_save.versions.caching import cache_base, most_kept
from colab_save.versions.packing import stored

LITTER_AGE = timedelta(days=1)
"""How old a folder without a manifest, or a local copy without a record, must be before a save removes it.

A killed process has left it; but a save may be slow."""

_RECORD = "copy.json"
_STAGE = "artifact"


@dataclass(frozen=True, slots=True)
class LocalCopy:
    """One proven artifact on the local disk, and where it goes.

    Attributes:
        folder: What holds it and its record.
        address: The store, see `opening.reopen`.
        where: The same in words, with the place in it.
        place: Where in the store.
        manifest: What it is.
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
        """Give the folder with every file that the manifest names."""
        return self.folder / _STAGE

    @property
    def name(self) -> str:
        """Give the version's full name."""
        return f"{self.manifest.name}@{self.manifest.version}"

    @property
    def keys(self) -> dict[str, int]:
        """Give every key that the version has in its store, with its bytes."""
        return keys_of(self.place, self.manifest)

    @property
    def is_busy(self) -> bool:
        """Say whether somebody is publishing it now."""
        with self.hold() as is_free:
            return not is_free

    def mark_published(self) -> LocalCopy:
        """Record that it is committed."""
        published = replace(self, is_published=True)
        published.write_draft().replace(self.folder / _RECORD)
        return published

    def write_draft(self) -> Path:
        """Write the record under another name; renaming it makes it count."""
        place = {"folder": self.place.folder, "exact": self.place.exact}
        record = {"address": self.address, "where": self.where, "is_published": self.is_published, **place}
        draft = self.folder / f"{_RECORD}.partial"
        draft.write_text(json.dumps({**record, "manifest": self.manifest.to_json()}), "utf-8")
        return draft

    def forget(self) -> None:
        """Remove it; what cannot be removed is litter."""
        (self.folder / _RECORD).unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    @contextmanager
    def hold(self) -> Iterator[bool]:
        """Keep other notebooks and threads off it while it is published; tells whether none of them has it already."""
        try:
            descriptor = os.open(self.folder, os.O_RDONLY)
        except FileNotFoundError:  # forgotten meanwhile
            yield False
            return
        try:
            yield _is_locked(descriptor)
        finally:
            os.close(descriptor)


def keys_of(place: Place, manifest: Manifest) -> dict[str, int]:
    """Give every key of a version with its bytes, those of its manifest as 0: other tags change them."""
    sizes = {place.key(file.path, manifest): file.size for file in stored(manifest)}
    return {**sizes, f"{place.folder}/{MANIFEST}": 0}


def keep(store: Store, place: Place, stage: Path, manifest: Manifest) -> LocalCopy:
    """Move a stage into the cache, or copy it where the disk is another one.

    Raises:
        OSError: The local disk refused; the stage is where it was.
    """
    base = _base()
    base.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{manifest.version}-", dir=base))
    where = f"{store.location}/{place.exact or place.folder}"
    copy = LocalCopy(folder, store.address, where, place, manifest)
    try:
        copy.write_draft().replace(folder / _RECORD)  # which counts once the stage is there, and that comes last
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
    """List the copies that are there, oldest first."""
    try:
        folders = sorted(_base().iterdir())
    except OSError:  # nothing was ever kept
        return []
    return [copy for copy in map(_read, folders) if copy is not None]


def forget_copies(name: str, version: str) -> None:
    """Remove the copies of a version that is deleted for good."""
    for copy in local_copies():
        if (copy.manifest.name, copy.manifest.version) == (name, version):
            copy.forget()


def trim(spare: LocalCopy) -> tuple[str, ...]:
    """Remove copies, those of published saves and then the oldest first, until all fit; says of each why.

    Args:
        spare: The copy that has just been made; it stays if it is the only one of its save.
    """
    copies = local_copies()
    _remove_litter({copy.folder for copy in copies})
    total = sum(copy.manifest.size for copy in copies)
    limit = most_kept(_base(), total)
    said = []
    for copy in sorted(copies, key=lambda copy: not copy.is_published):
        if total <= limit:
            break
        is_only = copy.folder == spare.folder and not spare.is_published
        if not is_only and _drop(copy):
            total -= copy.manifest.size
            known = "its upload was not known" if copy.is_published else "it was the only one, never published"
            said.append(
                f"The local copy of {copy.name} ({size_in_words(copy.manifest.size)}) was removed, and {known}: "
                f"all copies may take {size_in_words(limit)} of this disk."
            )
    return tuple(said)


def _drop(copy: LocalCopy) -> bool:
    """Remove a copy, unless it is being published now."""
    with copy.hold() as is_mine:
        if is_mine:
            copy.forget()
        return is_mine


def _remove_litter(known: set[Path]) -> None:
    with suppress(OSError):  # another notebook may be at it too
        for folder in _base().iterdir():
            if folder not in known and time.time() - folder.stat().st_mtime > LITTER_AGE.total_seconds():
                shutil.rmtree(folder, ignore_errors=True)


def _base() -> Path:
    return cache_base() / "pending"


def _read(folder: Path) -> LocalCopy | None:
    """Read the record of a copy; one that is being made or removed has none, or no files."""
    try:
        copy = _recorded(folder, (folder / _RECORD).read_text("utf-8"))
    except (OSError, ValueError, KeyError, TypeError, DamagedFileError):
        return None
    return copy if copy.stage.is_dir() else None


@functools.lru_cache(maxsize=32)
def _recorded(folder: Path, text: str) -> LocalCopy:
    """Parse a record once: the panel asks after each cell, and a large manifest takes 30 ms."""
    record = json.loads(text)
    place = Place(record["folder"], record["exact"])
    manifest = Manifest.from_json(record["manifest"], str(folder / _RECORD))
    return LocalCopy(folder, record["address"], record["where"], place, manifest, record["is_published"])


def _is_locked(descriptor: int) -> bool:
    """Take the lock of a folder; the system lets it go when the process ends, however that ends."""
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
