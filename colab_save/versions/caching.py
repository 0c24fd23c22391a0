"""The cache on the local disk: fetched files, a folder for each artifact, and beside them the local copies.

`locating` asks for an artifact's folder, `fetching` trims the others after filling it, `clearing` clears it, and
`local_copies` has a folder of its own below this one. Only a pending save's copy may be the only one, so the system may
clear the rest at any time.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from colab_save.artifact.manifest import Manifest
from colab_save.disk import size_of_files
from colab_save.settings import setting

SHARE = 4
"""Fetched files, and local copies, may each take this part of the space that would be free without them: a quarter."""

IN_USE = 3600.0
"""Seconds for which a folder stays after it was used: a notebook may be reading its files."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A fetched artifact.

    Attributes:
        folder: The folder with its files.
        size: Bytes.
        used: When it was last used, in seconds since 1970.
    """

    folder: Path
    size: int
    used: float

    @property
    def is_in_use(self) -> bool:
        """Return whether a notebook may be reading its files now; one may have begun since it was listed."""
        return time.time() - self.folder.stat().st_mtime < IN_USE


def cache_base() -> Path:
    """Return the folder of the cache; it may not exist yet."""
    import platformdirs

    return platformdirs.user_cache_path("colab_save", appauthor=False)


def size_limit(folder: Path, total: int) -> int:
    """Return how many bytes a part of the cache may take, if it takes so many now; its folder need not exist.

    Raises:
        RequestError: The setting ``cache_gb`` has a bad value.
    """
    there = next(each for each in (folder, *folder.parents) if each.is_dir())
    return round(min(float(setting("cache_gb")) * 1e9, (shutil.disk_usage(there).free + total) // SHARE))


def cache_of(manifest: Manifest) -> Path:
    """Return the folder for an artifact's files; its name is a digest, so that it never has anything else."""
    folder = cache_base() / hashlib.sha256(manifest.to_json().encode()).hexdigest()[:32]
    with suppress(FileNotFoundError):
        os.utime(folder)
    return folder


def fetched() -> list[Fetched]:
    """List the fetched artifacts, the least recently used first.

    Raises:
        OSError: The folder cannot be read.
    """
    found = []
    try:
        folders = [folder for folder in cache_base().iterdir() if re.fullmatch("[0-9a-f]{32}", folder.name)]
    except FileNotFoundError:  # nothing was ever fetched
        return []
    for folder in folders:
        with suppress(FileNotFoundError):  # another notebook has just removed it
            found.append(Fetched(folder, size_of_files(folder), folder.stat().st_mtime))
    return sorted(found, key=lambda each: each.used)


def trim_cache() -> None:
    """Remove fetched artifacts, the least recently used first, until the rest fits.

    Raises:
        RequestError: The setting ``cache_gb`` has a bad value.
    """
    with suppress(FileNotFoundError):  # nothing was ever fetched, or another notebook is trimming too
        artifacts = fetched()
        total = sum(each.size for each in artifacts)
        limit = size_limit(cache_base(), total)
        for each in artifacts:
            if total <= limit or each.is_in_use:
                break
            shutil.rmtree(each.folder, ignore_errors=True)
            total -= each.size
