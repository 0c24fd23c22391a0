"""Give a committed plain save exactly its place, and keep what stood there until the new one is known to be kept.

`publishing` calls `take_place` once the manifest is written, and `needed` when it sweeps. On Drive a file is on the
runtime's disk for a while after it was written: until then the old one is the only copy that outlives the runtime.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from colab_save.artifact.layout import PREVIOUS, SIDECAR, Place
from colab_save.artifact.manifest import Manifest
from colab_save.errors import DamagedFileError, NotFoundError, StoreError
from colab_save.stores.base import Store
from colab_save.versions.finding import read_manifest, versions_of
from colab_save.versions.local_copies import keys_of
from colab_save.versions.plain_files import is_whole


def take_place(store: Store, place: Place, manifest: Manifest) -> None:
    """Move a committed payload to exactly its place; the old one goes only after that.

    A file that is kept takes the old one's place in one step. Otherwise the old one steps aside first; should the
    process die in that moment, `find_plain` finds the new one where it still is.

    Raises:
        StoreError: The store refused; the old payload stands where it stood, or waits aside.
    """
    payload = f"{place.folder}/{manifest.payloads[0].path}"
    is_folder, is_safe = bool(store.keys(place.exact)), is_kept(store, place.folder, manifest)
    if not is_folder:
        store.delete_folder(place.exact)  # an empty folder: nothing can be moved onto one
        if is_safe or not store.has(place.exact):
            store.move(payload, place.exact)
            return
    aside = _aside(store, place, is_safe=is_safe)
    store.move(place.exact, aside)
    try:
        store.move(payload, place.exact)
    except BaseException:
        with contextlib.suppress(StoreError):  # what failed is raised; `find_plain` finds the new one
            store.move(aside, place.exact)
        raise


def is_kept(store: Store, folder: str, manifest: Manifest) -> bool:
    """Say whether the store is known to have really kept a version whose payload is in its own folder."""
    return store.upload_state(keys_of(Place(folder), manifest)).is_done


def needed(store: Store, place: Place, manifest: Manifest, horizon: str) -> set[str]:
    """Name the older versions beside a plain save that must stay.

    Nothing, when the new one is known to be kept. Else the newest one that is whole and, where that is not known to be
    kept either, the newest that is.

    Args:
        store: Where.
        place: The new version, whose payload has taken its place.
        manifest: Its manifest.
        horizon: Versions whose ids are older than this count as kept.
    """
    if store.upload_state(keys_of(place, manifest)).is_done:
        return set()
    stay: set[str] = set()
    for older in _older(store, place):
        folder = f"{place.exact}{SIDECAR}/{older.version}"
        is_last = older.version < horizon or is_kept(store, folder, older)
        if (is_last or not stay) and is_whole(store, Place(folder), older):
            stay.add(older.version)
            if is_last:
                break
    return stay


def _aside(store: Store, place: Place, *, is_safe: bool) -> str:
    """Choose where the old payload waits: in the folder of its own version, from which it can be loaded again."""
    if not is_safe:
        for older in _older(store, place):
            own = f"{place.exact}{SIDECAR}/{older.version}/{older.payloads[0].path}"
            if store.has(own):
                break
            return own
    waiting = f"{place.exact}{SIDECAR}/{PREVIOUS}"
    store.delete_folder(waiting)  # also an empty one, of a process that was killed when it removed it
    store.delete(waiting)
    return waiting


def _older(store: Store, place: Place) -> Iterator[Manifest]:
    """Give the manifests beside a plain save that are older than it and can be read, newest first."""
    beside, _, newest = place.folder.rpartition("/")
    for version in reversed(versions_of(store, beside)):
        if version < newest:
            with contextlib.suppress(NotFoundError, DamagedFileError):
                yield read_manifest(store, f"{beside}/{version}")
