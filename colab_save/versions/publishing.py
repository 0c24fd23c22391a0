"""Put a staged artifact into a store, manifest last.

`saving` calls `publish`. Every file is read back and matched to its digest before
the manifest makes the version exist; a folder without a manifest is litter that no reader sees.
"""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from pathlib import Path

from colab_save.artifact.layout import PREVIOUS, Place, deletion_in
from colab_save.artifact.manifest import MANIFEST, FileFacts, Manifest
from colab_save.disk import digest_of
from colab_save.errors import DigestError, StoreError
from colab_save.progress import OnStep, Stage, Step
from colab_save.stores.base import Store, ignore_bytes
from colab_save.versions.finding import versions_of
from colab_save.versions.local_copies import LITTER_AGE
from colab_save.versions.packing import stored
from colab_save.versions.replacing import needed, take_place


def describe_files(stage: Path) -> tuple[FileFacts, ...]:
    """Give every file of a stage with its size and digest, sorted by path."""
    return tuple(
        FileFacts(file.relative_to(stage).as_posix(), file.stat().st_size, digest_of(file))
        for file in sorted(stage.rglob("*"))
        if file.is_file()
    )


def publish(store: Store, place: Place, stage: Path, manifest: Manifest, on_step: OnStep) -> None:
    """Commit a staged artifact.

    Args:
        store: A prepared store.
        place: Where in it.
        stage: The folder with every file that the manifest names.
        manifest: The artifact's description.
        on_step: Told the bytes written.

    Raises:
        StoreError: The store refused; nothing that was committed before is lost.
        DigestError: What was read back is not what was written; nothing is committed.
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
        _forget(store, inside)
        raise
    if place.exact:
        take_place(store, place, manifest)
    _sweep(store, place, manifest)


def commit(store: Store, place: Place, stage: Path, manifest: Manifest) -> None:
    """Write the manifest and read it back; from here on the version exists.

    Args:
        store: Where.
        place: Which version.
        stage: A folder whose parent can be written: the stage.
        manifest: What to write.

    Raises:
        StoreError: The store refused.
        DigestError: What was read back is not what was written.
    """
    text = manifest.to_json()
    staged = stage.parent / MANIFEST
    staged.write_text(text, encoding="utf-8")
    store.put(f"{place.folder}/{MANIFEST}", staged, ignore_bytes)
    if store.read(f"{place.folder}/{MANIFEST}").decode() != text:
        raise DigestError(f"The manifest in {store.location} is not what was written.", "Save again.")
    Manifest.from_json(text, f"{store.location}/{place.folder}/{MANIFEST}")


def _forget(store: Store, place: Place) -> None:
    """Take back what a failed publish wrote; what cannot be removed is litter, which readers ignore.

    The manifest goes first: without it nothing half is ever a version.
    """
    try:
        store.delete(f"{place.folder}/{MANIFEST}")
        store.delete_folder(place.folder)
    except Exception:  # noqa: S110, BLE001 - the store has just failed; its first error is the one to raise
        pass


def _sweep(store: Store, place: Place, manifest: Manifest) -> None:
    """Remove litter of dead saves beside a version, and what a plain save has replaced and need not keep.

    The version is committed; what a store does not let go of waits for the next save.
    """
    parent, _, version = place.folder.rpartition("/")
    horizon = f"{datetime.now(UTC) - LITTER_AGE:%Y%m%dT%H%M%SZ}"
    with contextlib.suppress(StoreError):
        kept = needed(store, place, manifest, horizon) if place.exact else set()
        if place.exact and store.upload_state([place.exact]).is_done:
            store.delete_folder(f"{parent}/{PREVIOUS}")
        for other in versions_of(store, parent):
            is_old = other < horizon and _is_litter(store.keys(f"{parent}/{other}"), horizon)
            is_replaced = bool(place.exact) and other < version and other not in kept
            if is_old or is_replaced:
                store.delete_folder(f"{parent}/{other}")


def _is_litter(keys: list[str], horizon: str) -> bool:
    """Tell a folder of a dead save, or of a version deleted a while ago, from one that can be brought back."""
    return MANIFEST not in keys and not deletion_in(keys, since=horizon)
