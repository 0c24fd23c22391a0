"""Show the cache, and clear it of what is not needed; `cache` is an action of every frontend.

A fetched artifact can be fetched again, so each goes that no notebook is reading. A local copy goes only if its upload
is known, or its version was deleted: a pending one may be the only copy of a model.
"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

from colab_save.disk import size_of_files
from colab_save.errors import StoreUnavailableError
from colab_save.hints import literal
from colab_save.reports.cache import Cache, CacheEntry
from colab_save.reports.pending import state_in_words
from colab_save.versions.caching import Fetched, cache_base, fetched, size_limit
from colab_save.versions.local_copies import drop, leftovers
from colab_save.versions.pending import Watched, watch
from colab_save.wording import first_line

IN_USE = "used within the last hour, and a notebook may be reading it"
PENDING = "it is not known to be uploaded, and may be the only copy"
BUSY = "it is being published now"


def cache(*, clear: bool = False, patience: float = 2.0) -> Cache:
    """Show what the cache has, or remove what is not needed: fetched artifacts, and local copies that are uploaded.

    A local copy whose save is pending is never removed, nor a fetched artifact that was used within the last hour.

    Args:
        clear: Whether to remove it. Default: show only.
        patience: Seconds that a mount may take to say what is uploaded; nothing is mounted.

    Returns:
        What is there, or what was removed, what stays and why.

    Raises:
        StoreUnavailableError: The folder of the cache cannot be read.
        RequestError: The setting ``cache_gb`` has a bad value.
    """
    folder = cache_base()
    try:
        artifacts = fetched()
    except OSError as error:
        raise StoreUnavailableError(
            f"The cache in {literal(str(folder))} cannot be read ({first_line(error)}).",
            "Have its permissions changed, move it out of the way, or set XDG_CACHE_HOME to another folder.",
        ) from error
    limit = size_limit(folder, sum(each.size for each in artifacts))  # before anything is removed: it may refuse
    watched = watch(patience)
    return Cache(
        str(folder),
        tuple(_of_fetched(each, clear=clear) for each in artifacts),
        tuple(_of_copy(each, clear=clear) for each in watched),
        limit,
        size_limit(folder, sum(size_of_files(each.copy.stage) for each in watched)),
        tuple(str(each) for each in leftovers([each.copy for each in watched])),
        is_cleared=clear,
    )


def _of_fetched(artifact: Fetched, *, clear: bool) -> CacheEntry:
    used = datetime.fromtimestamp(artifact.used, UTC).isoformat(timespec="seconds")
    try:
        stays = IN_USE if artifact.is_in_use else ""
        if clear and not stays:
            shutil.rmtree(artifact.folder)
    except FileNotFoundError:  # another notebook has just removed it
        stays = ""
    except OSError as error:
        stays = f"it cannot be removed ({first_line(error)})"
    return CacheEntry(artifact.size, used, stays, _freed(artifact.folder, artifact.size) if clear else 0)


def _of_copy(watched: Watched, *, clear: bool) -> CacheEntry:
    copy, size = watched.copy, size_of_files(watched.copy.stage)
    stays = PENDING if watched.is_needed else ""
    try:
        if clear and not stays and not drop(copy) and copy.folder.is_dir():
            stays = BUSY
    except OSError as error:
        stays = f"it cannot be removed ({first_line(error)})"
    freed = _freed(copy.stage, size) if clear else 0
    return CacheEntry(size, copy.manifest.created, stays, freed, copy.name, state_in_words(watched.upload_state))


def _freed(folder: Path, size: int) -> int:
    """Return how many of a folder's bytes are gone."""
    return size - size_of_files(folder)
