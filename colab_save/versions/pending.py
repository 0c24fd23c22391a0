"""Publish so that a store which uploads later costs no model: a local copy stays until the upload is known.

The save pipeline calls `publish_with_local_copy`. `pending` lists what is not known to be uploaded yet, and
`publish_pending` publishes from the local copy, without the model, what a dead mount has not taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from colab_save.artifact.layout import Place, deletion_in
from colab_save.artifact.manifest import MANIFEST, Manifest
from colab_save.errors import CancelledError, ColabSaveError, DigestError, NotFoundError, StoreError
from colab_save.hints import render
from colab_save.progress import OnStep, ProgressBar
from colab_save.reports.pending import PENDING, PUBLISH_PENDING, Pending, Waiting
from colab_save.store_table import STORES
from colab_save.stores.base import Store, UploadState
from colab_save.stores.opening import reopen
from colab_save.versions.local_copies import LocalCopy, keep, keys_of, local_copies, trim
from colab_save.versions.packing import stored
from colab_save.versions.publishing import publish
from colab_save.wording import first_line


def pending(patience: float = 2.0) -> Pending:
    """Tell which saves on Drive are not known to be uploaded; the copies of the others are removed.

    Args:
        patience: Seconds that a mount may take to answer; nothing is mounted.
    """
    waiting: list[Waiting] = []
    found = local_copies()
    for address in dict.fromkeys(copy.address for copy in found):
        copies = {copy.folder: copy for copy in found if copy.address == address}
        try:
            store = reopen(address, patience)
        except StoreError:  # what kept them there is no longer in the table of stores
            waiting += [_waiting(copy, UploadState.UNKNOWN) for copy in copies.values()]
            continue
        asked = {folder: copy.keys for folder, copy in copies.items() if copy.is_published}
        known = store.upload_states(asked)
        for folder, copy in copies.items():
            upload_state = known.get(folder)
            is_missing = upload_state is UploadState.MISSING
            if (upload_state and upload_state.is_done) or (is_missing and _is_deleted(store, copy)):
                copy.forget()
            elif not copy.is_busy:
                waiting.append(_waiting(copy, upload_state))
    return Pending(tuple(sorted(waiting, key=lambda save: save.since)))


def _waiting(copy: LocalCopy, upload_state: UploadState | None) -> Waiting:
    manifest = copy.manifest
    return Waiting(copy.name, manifest.size, upload_state, manifest.created, copy.where, copy.stage)


def publish_pending() -> Pending:
    """Publish each save that is not on Drive, from its local copy; the model itself is not needed.

    Returns:
        What is pending then.

    Raises:
        StoreError: Drive refused again; the copies stay.
    """
    with ProgressBar() as bar:
        published = tuple(copy.name for copy in local_copies() if _is_published(copy, bar))
    return Pending(pending().saves, published)


@dataclass(frozen=True, slots=True)
class Kept:
    """A version that has just been published, and its local copy.

    Attributes:
        store: Where it is.
        sizes: Bytes by key, of all that it has there.
        copy: The local copy, where there is one.
        notes: Why there is none, where there should be one.
    """

    store: Store
    sizes: Mapping[str, int]
    copy: LocalCopy | None = None
    notes: tuple[str, ...] = ()

    def settle(self, upload_state: UploadState) -> tuple[str, ...]:
        """Forget the copy when it is not needed, and keep all copies within their bound; says what should be known."""
        if self.copy is None or upload_state.is_done:
            if self.copy is not None:
                self.copy.forget()
            return () if upload_state.is_done else self.notes
        removed = trim(self.copy) if pending() else ()
        if not self.copy.stage.is_dir():
            return removed
        return (f"{self.copy.stage} is a local copy until the upload is known; {PENDING} lists what waits.", *removed)


def publish_with_local_copy(store: Store, place: Place, stage: Path, manifest: Manifest, on_step: OnStep) -> Kept:
    """Publish, and keep a local copy where the store uploads later.

    Raises:
        ColabSaveError: What `publish` raises; the hint says where the copy is.
    """
    sizes = keys_of(place, manifest)
    copy, why = _kept(store, place, stage, manifest)
    if copy is None:
        publish(store, place, stage, manifest, on_step)
        return Kept(store, sizes, None, why)
    with copy.hold():
        return Kept(store, sizes, _published(store, copy, on_step))


def _kept(store: Store, place: Place, stage: Path, manifest: Manifest) -> tuple[LocalCopy | None, tuple[str, ...]]:
    """Keep a stage, where that is needed and possible; else say why it is not."""
    if not store.address:
        return None, ()
    try:
        return keep(store, place, stage, manifest), ()
    except OSError as error:
        return None, (f"There is no local copy until the upload is known: {first_line(error)}.",)


def _published(store: Store, copy: LocalCopy, on_step: OnStep) -> LocalCopy:
    """Publish a copy; what fails is told with where the copy is."""
    try:
        publish(store, copy.place, copy.stage, copy.manifest, on_step)
    except CancelledError:
        if not copy.is_published:
            copy.forget()
        raise
    except KeyboardInterrupt as error:  # of a Drive that hangs, perhaps
        error.add_note(render(_safe(copy)))
        raise
    except ColabSaveError as error:
        raise type(error)(error.references[0], "\n".join((error.references[1], _safe(copy), *trim(copy)))) from error
    _forget_replaced(copy)
    with suppress(OSError):  # it is committed; that is noticed when it is published
        return copy.mark_published()
    return copy


def _safe(copy: LocalCopy) -> str:
    held = f"The model is not lost: {copy.stage} holds it, proven."
    title = STORES[copy.address.partition(":")[0]].title
    return f"{held} When {title} answers again, {PUBLISH_PENDING} publishes it."


def _forget_replaced(copy: LocalCopy) -> None:
    """Forget the older saves to the same exact place: this one has replaced them."""
    for other in local_copies():
        is_same = (other.address, other.place.exact) == (copy.address, copy.place.exact)
        if copy.place.exact and is_same and other.manifest.version < copy.manifest.version:
            other.forget()


def _is_published(copy: LocalCopy, on_step: OnStep) -> bool:
    """Publish a copy, unless its store has it whole, or somebody is at it."""
    with copy.hold() as is_mine:
        if not is_mine:
            return False
        store = reopen(copy.address)
        store.prepare(copy.manifest.size)
        is_needed = not copy.is_published or not (_is_deleted(store, copy) or _is_whole(store, copy))
        if is_needed:
            _published(store, copy, on_step)
        return is_needed


def _is_whole(store: Store, copy: LocalCopy) -> bool:
    """Read a version back from its store."""
    try:
        for file in stored(copy.manifest):
            store.check(copy.place.key(file.path, copy.manifest), file.size, file.sha256)
        return store.has(f"{copy.place.folder}/{MANIFEST}")
    except (NotFoundError, DigestError):
        return False


def _is_deleted(store: Store, copy: LocalCopy) -> bool:
    """Say whether a version was deleted by its user."""
    with suppress(StoreError):
        return bool(deletion_in(store.keys(copy.place.folder)))
    return False
