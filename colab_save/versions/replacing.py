"""Move the payload of a committed plain save to its path; the old payload stays until the new one is uploaded.

`publishing` calls `take_place` once the manifest is written, and `find_needed` before it removes replaced versions. On
Drive a new file is on the runtime's disk for a while; until it is uploaded, only the old one outlives the runtime.
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
    """Move a committed payload to its exact path; the old one is removed only after that.

    A file that is known to be uploaded replaces the old one in one step. Otherwise the old one is moved aside first; if
    the process dies in that moment, `find_plain` finds the new one where it still is.

    Raises:
        StoreError: The store refused; the old payload is where it was, or aside.
    """
    payload = f"{place.folder}/{manifest.payloads[0].path}"
    is_folder, is_safe = bool(store.keys(place.exact)), is_uploaded(store, place.folder, manifest)
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
        with contextlib.suppress(StoreError):  # the first error is raised; `find_plain` finds the new payload
            store.move(aside, place.exact)
        raise


def is_uploaded(store: Store, folder: str, manifest: Manifest) -> bool:
    """Return whether the upload of a version is known, whose payload is in its own folder."""
    return store.upload_state(keys_of(Place(folder), manifest)).is_done


def find_needed(store: Store, place: Place, manifest: Manifest, horizon: str) -> set[str]:
    """Return the ids of the older versions beside a plain save that must stay.

    None, if the new one is known to be uploaded. Else the newest whole one and, if its upload is not known either, the
    newest whose upload is.

    Args:
        store: Where they are.
        place: The new version, whose payload is at its path.
        manifest: Its manifest.
        horizon: Versions with smaller ids count as uploaded.
    """
    if store.upload_state(keys_of(place, manifest)).is_done:
        return set()
    stay: set[str] = set()
    for older in _older(store, place):
        folder = f"{place.exact}{SIDECAR}/{older.version}"
        is_last = older.version < horizon or is_uploaded(store, folder, older)
        if (is_last or not stay) and is_whole(store, Place(folder), older):
            stay.add(older.version)
            if is_last:
                break
    return stay


def _aside(store: Store, place: Place, *, is_safe: bool) -> str:
    """Return where the old payload waits: if possible in its own version's folder, from which it can be loaded."""
    if not is_safe:
        for older in _older(store, place):
            own = f"{place.exact}{SIDECAR}/{older.version}/{older.payloads[0].path}"
            if store.has(own):
                break
            return own
    waiting = f"{place.exact}{SIDECAR}/{PREVIOUS}"
    store.delete_folder(waiting)  # also an empty one that a killed process left
    store.delete(waiting)
    return waiting


def _older(store: Store, place: Place) -> Iterator[Manifest]:
    """Yield the readable manifests beside a plain save that are older than it, newest first."""
    beside, _, newest = place.folder.rpartition("/")
    for version in reversed(versions_of(store, beside)):
        if version < newest:
            with contextlib.suppress(NotFoundError, DamagedFileError):
                yield read_manifest(store, f"{beside}/{version}")
