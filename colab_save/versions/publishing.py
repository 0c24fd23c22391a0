"""Publish a staged artifact: write its files into a store, the manifest last.

`pending` and `placing` call `publish`. Every file is read back and its digest matched before the manifest is written,
which is the commit; a folder without a manifest is an unfinished version that no reader loads.
"""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from pathlib import Path

from colab_save.artifact.layout import PREVIOUS, Place, deletion_in
from colab_save.artifact.manifest import MANIFEST, Manifest
from colab_save.errors import DigestError, StoreError
from colab_save.progress import OnStep, Stage, Step
from colab_save.stores.base import Store, ignore_bytes
from colab_save.versions.finding import versions_of
from colab_save.versions.local_copies import LEFTOVER_AGE
from colab_save.versions.packing import stored
from colab_save.versions.replacing import find_needed, take_place


def publish(store: Store, place: Place, stage: Path, manifest: Manifest, on_step: OnStep) -> None:
    """Write a staged artifact into a store and commit it.

    Args:
        store: A prepared store.
        place: Its place in the store.
        stage: The folder with every file that the manifest names.
        manifest: The artifact's description.
        on_step: Called with the bytes written.

    Raises:
        StoreError: The store refused; no committed version is lost.
        DigestError: A file reads back different from what was written; nothing is committed.
    """
    files = stored(manifest)
    done, total = 0, sum(file.size for file in files)

    def on_bytes(count: int) -> None:
        nonlocal done
        done += count
        on_step(Step(Stage.PUBLISH, done, total, store.kind))

    inside = Place(place.folder)
    try:
        for file in files:
            key = inside.key(file.path, manifest)
            store.put(key, stage / file.path, on_bytes)
            store.check(key, file.size, file.sha256)
        commit(store, inside, stage, manifest)
    except BaseException:
        _take_back(store, inside)
        raise
    if place.exact:
        take_place(store, place, manifest)
    _sweep(store, place, manifest)


def commit(store: Store, place: Place, stage: Path, manifest: Manifest) -> None:
    """Write the manifest and read it back; from then on the version exists.

    Args:
        store: Where.
        place: The version's place.
        stage: A folder whose parent is writable, such as the stage.
        manifest: What to write.

    Raises:
        StoreError: The store refused.
        DigestError: The manifest reads back different from what was written.
    """
    text = manifest.to_json()
    staged = stage.parent / MANIFEST
    staged.write_text(text, encoding="utf-8")
    store.put(f"{place.folder}/{MANIFEST}", staged, ignore_bytes)
    if store.read(f"{place.folder}/{MANIFEST}").decode() != text:
        raise DigestError(f"The manifest in {store.location} is not what was written.", "Save again.")
    Manifest.from_json(text, f"{store.location}/{place.folder}/{MANIFEST}")


def _take_back(store: Store, place: Place) -> None:
    """Remove what a failed publish has written, the manifest first, so that half a version never counts.

    What cannot be removed stays as an unfinished version.
    """
    try:
        store.delete(f"{place.folder}/{MANIFEST}")
        store.delete_folder(place.folder)
    except Exception:  # noqa: S110, BLE001 - the store has just failed, and its first error is raised
        pass


def _sweep(store: Store, place: Place, manifest: Manifest) -> None:
    """Remove old unfinished and deleted versions, and plain saves that were replaced and need not stay.

    The new version is committed already; what the store does not remove is left to the next save.
    """
    parent, _, version = place.folder.rpartition("/")
    horizon = f"{datetime.now(UTC) - LEFTOVER_AGE:%Y%m%dT%H%M%SZ}"
    with contextlib.suppress(StoreError):
        staying = find_needed(store, place, manifest, horizon) if place.exact else set()
        if place.exact and store.upload_state([place.exact]).is_done:
            store.delete_folder(f"{parent}/{PREVIOUS}")
        for other in versions_of(store, parent):
            is_old = other < horizon and _is_leftover(store.keys(f"{parent}/{other}"), horizon)
            is_replaced = bool(place.exact) and other < version and other not in staying
            if is_old or is_replaced:
                store.delete_folder(f"{parent}/{other}")


def _is_leftover(keys: list[str], horizon: str) -> bool:
    """Return whether a folder is an unfinished version, or one that was deleted too long ago to be restored."""
    return MANIFEST not in keys and not deletion_in(keys, since=horizon)
