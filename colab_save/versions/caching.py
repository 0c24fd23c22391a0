"""The cache on the local disk: what was fetched, a folder for each artifact, and the pending copies beside it.

`locating` asks for a folder, `fetching` trims the others after it has filled it; `copies` keeps its own below this one.
Nothing in it is the only one of its kind but a pending copy, so the system may clear it at any time.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import time
from contextlib import suppress
from pathlib import Path

from colab_save.artifact.manifest import Manifest

LARGEST = 5_000_000_000
"""Bytes that all fetched files may take together, and as many again all pending copies."""

SHARE = 4
"""The share of the disk that either may take, of what would be free without them: a quarter."""

IN_USE = 3600.0
"""Seconds for which a folder that was asked for stays: a notebook may be opening what is in it."""


def cache_base() -> Path:
    """Give the folder of the cache; it may not be there yet."""
    import platformdirs

    return platformdirs.user_cache_path("colab_save", appauthor=False)


def most_kept(folder: Path, total: int) -> int:
    """Give the bytes that a part of the cache may take, which has so many now."""
    return min(LARGEST, (shutil.disk_usage(folder).free + total) // SHARE)


def cache_of(manifest: Manifest) -> Path:
    """Give the folder for an artifact's files; its name is a digest, so that it never holds anything else."""
    folder = cache_base() / hashlib.sha256(manifest.to_json().encode()).hexdigest()[:32]
    with suppress(FileNotFoundError):
        os.utime(folder)
    return folder


def trim_cache() -> None:
    """Remove what was fetched, that which was not asked for longest first, until the rest fits."""
    with suppress(FileNotFoundError):  # nothing was ever fetched, or another notebook is at it too
        folders = [folder for folder in cache_base().iterdir() if re.fullmatch("[0-9a-f]{32}", folder.name)]
        used = {folder: folder.stat().st_mtime for folder in folders}
        sizes = {folder: size_below(folder) for folder in folders}
        total = sum(sizes.values())
        limit = most_kept(cache_base(), total)
        for folder in sorted(folders, key=lambda folder: used[folder]):
            if total <= limit or time.time() - used[folder] < IN_USE:
                break
            shutil.rmtree(folder, ignore_errors=True)
            total -= sizes[folder]


def size_below(folder: Path) -> int:
    """Give the bytes of all files below a folder."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())
