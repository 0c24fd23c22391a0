"""Probes of the places that colab_save uses: Drive, the default store, keys, the cache. Each returns a `Finding`.

Nothing is mounted, made or written; a mount that has died may hang, which `doctor` gives up.
"""

from __future__ import annotations

from collections import Counter

from colab_save.custom_code.signing import key_files
from colab_save.disk import size_of_files
from colab_save.quantities import count_in_words, size_in_words
from colab_save.reports.diagnosis import Finding
from colab_save.reports.pending import state_in_words
from colab_save.stores.base import Access
from colab_save.stores.drive.drive_state import drive_state
from colab_save.stores.opening import open_store
from colab_save.versions.caching import cache_base, fetched, size_limit
from colab_save.versions.pending import watch

ANSWER = 2.0
"""Seconds that a mount may take to answer; less than `doctor` waits, so that what is known without it is told."""


def drive() -> Finding:
    """Return whether Drive is mounted and answers."""
    found = drive_state(ANSWER)
    return Finding(str(found), {"state": str(found.mounted), "free": found.free})


def default_store() -> Finding:
    """Return where a save without a store goes, and whether it exists and can be written."""
    store = open_store()
    access = store.access()
    fields = {
        "kind": store.kind,
        "location": store.location,
        "exists": access.exists,
        "is_writable": access.is_writable,
    }
    return Finding(f"{store.location} ({store.kind}): {_access_in_words(access)}", fields)


def _access_in_words(access: Access) -> str:
    if access.exists is None:
        return "not known before it is mounted"
    if access.is_writable is None:
        return "it answers; only a save tests whether it can be written"
    can = "can" if access.is_writable else "cannot"
    return f"it exists and {can} be written" if access.exists else f"it does not exist yet and {can} be made"


def signing_key() -> Finding:
    """Return where there is a key that signs; not the key."""
    files = key_files()
    if not files:
        return Finding("none; a save makes one", {"folders": [], "count": 0})
    shown = [
        f"{file.parent}{'' if is_whole else ' (not whole, so it is not used)'}" for file, is_whole in files.items()
    ]
    folders = [{"folder": str(file.parent), "is_whole": is_whole} for file, is_whole in files.items()]
    also = "; the first is used" if len(files) > 1 else ""
    return Finding(f"{len(files)}, in {', '.join(shown)}{also}", {"folders": folders, "count": len(files)})


def cached() -> Finding:
    """Return where the cache is, and the size and the limit of the fetched artifacts."""
    folder, artifacts = cache_base(), fetched()
    size = sum(artifact.size for artifact in artifacts)
    limit = size_limit(folder, size)
    shown = f"{count_in_words(len(artifacts), 'fetched artifact')}, {size_in_words(size)}"
    fields = {"folder": str(folder), "fetched": len(artifacts), "size": size, "limit": limit}
    return Finding(f"{folder}: {shown if artifacts else 'nothing fetched'}; at most {size_in_words(limit)}", fields)


def copies() -> Finding:
    """Return how many local copies there are, what is known of their uploads, and their size and limit."""
    watched = watch(ANSWER)
    size = sum(size_of_files(each.copy.stage) for each in watched)
    limit = size_limit(cache_base(), size)
    states = Counter(state_in_words(each.upload_state) for each in watched)
    pending = sum(each.is_needed for each in watched)
    fields = {"count": len(watched), "pending": pending, "states": dict(states), "size": size, "limit": limit}
    if not watched:
        return Finding("none", fields)
    known = ", ".join(f"{count} {state}" for state, count in states.items())
    shown = f"{len(watched)}, {size_in_words(size)}, of which {pending} pending ({known})"
    return Finding(f"{shown}; at most {size_in_words(limit)}", fields)
