"""Publish to a store that uploads later without risking the model: a local copy stays until the upload is known.

`saving.pipeline` calls `publish_with_local_copy`. `watch` asks what is known of the uploads, and `pending` lists the
saves whose upload is not known yet; `publish_local_copies` publishes from the local copies, without the model, what did
not reach the store.
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
from colab_save.progress import OnStep, ignore_steps
from colab_save.reports.pending import PENDING, PUBLISH_PENDING, Pending, PendingSave
from colab_save.settings import setting
from colab_save.store_table import STORES
from colab_save.stores.base import Store, UploadState
from colab_save.stores.opening import is_known, reopen
from colab_save.versions.local_copies import LocalCopy, keys_of, local_copies, make_copy, trim
from colab_save.versions.packing import stored
from colab_save.versions.publishing import publish
from colab_save.wording import first_line


@dataclass(frozen=True, slots=True)
class Watched:
    """A local copy, and what is known of its upload.

    Attributes:
        copy: The copy.
        upload_state: The upload state of its save; ``None`` if it was never published.
        is_needed: Whether the copy may be the only one: its upload is not known, and its user has not deleted it.
    """

    copy: LocalCopy
    upload_state: UploadState | None
    is_needed: bool


def watch(patience: float) -> list[Watched]:
    """Return what is known of the upload of each local copy, oldest first; nothing is mounted, removed or published.

    Args:
        patience: Seconds that a mount may take to answer.
    """
    found = local_copies()
    watched: dict[Path, Watched] = {}
    for address in dict.fromkeys(copy.address for copy in found):
        copies = {copy.folder: copy for copy in found if copy.address == address}
        try:
            store = reopen(address, patience)
        except StoreError:  # their store is no longer in the table of stores
            watched |= {folder: Watched(copy, UploadState.UNKNOWN, is_needed=True) for folder, copy in copies.items()}
            continue
        known = store.upload_states({folder: copy.keys for folder, copy in copies.items() if copy.is_published})
        watched |= {folder: _watched(store, copy, known.get(folder)) for folder, copy in copies.items()}
    return [watched[copy.folder] for copy in found]


def _watched(store: Store, copy: LocalCopy, upload_state: UploadState | None) -> Watched:
    is_uploaded = upload_state is not None and upload_state.is_done
    is_gone = upload_state is UploadState.MISSING and _is_deleted(store, copy)
    return Watched(copy, upload_state, is_needed=not (is_uploaded or is_gone))


def pending(patience: float = 2.0) -> Pending:
    """Return the saves whose upload is not known yet, and forget the local copies of the others.

    Args:
        patience: Seconds that a mount may take to answer; nothing is mounted.
    """
    waiting: list[PendingSave] = []
    for each in watch(patience):
        if not each.is_needed:
            each.copy.forget()
        elif not each.copy.is_busy:
            waiting.append(_waiting(each.copy, each.upload_state))
    return Pending(tuple(sorted(waiting, key=lambda save: save.since)))


def _waiting(copy: LocalCopy, upload_state: UploadState | None) -> PendingSave:
    manifest = copy.manifest
    return PendingSave(copy.name, manifest.size, upload_state, manifest.created, copy.where, copy.stage)


def publish_local_copies(on_step: OnStep = ignore_steps) -> Pending:
    """Publish each pending save that is not in its store, from its local copy; the model itself is not needed.

    Copies whose store is no longer in the table of stores stay as they are.

    Args:
        on_step: Called with the bytes written.

    Returns:
        What is pending then.

    Raises:
        StoreError: The store refused again; the copies stay.
        RequestError: The setting ``cache_gb`` has a bad value.
    """
    setting("cache_gb")  # which trimming needs, when it is too late to refuse
    known = [copy for copy in local_copies() if is_known(copy.address)]
    published = tuple(copy.name for copy in known if _publish_if_missing(copy, on_step))
    return Pending(pending().saves, published)


@dataclass(frozen=True, slots=True)
class Published:
    """A version that has just been published, and its local copy.

    Attributes:
        store: Where it is.
        sizes: Bytes by key, of all its files there.
        copy: The local copy, if there is one.
        notes: Why there is none, if there should be one.
    """

    store: Store
    sizes: Mapping[str, int]
    copy: LocalCopy | None = None
    notes: tuple[str, ...] = ()

    def settle(self, upload_state: UploadState) -> tuple[str, ...]:
        """Forget the copy if it is no longer needed, trim the others, and return notes for the user."""
        if self.copy is None or upload_state.is_done:
            if self.copy is not None:
                self.copy.forget()
            return () if upload_state.is_done else self.notes
        removed = trim(self.copy) if pending() else ()
        if not self.copy.stage.is_dir():
            return removed
        return (f"{self.copy.stage} has a local copy until the upload is known; {PENDING} lists such saves.", *removed)


def publish_with_local_copy(store: Store, place: Place, stage: Path, manifest: Manifest, on_step: OnStep) -> Published:
    """Publish, and make a local copy if the store uploads later.

    Raises:
        ColabSaveError: As `publish` raises it; the hint says where the copy is.
    """
    sizes = keys_of(place, manifest)
    copy, why = _copy_of(store, place, stage, manifest)
    if copy is None:
        publish(store, place, stage, manifest, on_step)
        return Published(store, sizes, None, why)
    with copy.lock():
        return Published(store, sizes, _publish_copy(store, copy, on_step))


def _copy_of(store: Store, place: Place, stage: Path, manifest: Manifest) -> tuple[LocalCopy | None, tuple[str, ...]]:
    """Make a local copy where that is needed and possible, else return a note why not."""
    if not store.address:
        return None, ()
    try:
        return make_copy(store, place, stage, manifest), ()
    except OSError as error:
        return None, (f"No local copy could be made until the upload is known: {first_line(error)}.",)


def _publish_copy(store: Store, copy: LocalCopy, on_step: OnStep) -> LocalCopy:
    """Publish a copy; the error of a failure says where the copy is."""
    try:
        publish(store, copy.place, copy.stage, copy.manifest, on_step)
    except CancelledError:
        if not copy.is_published:
            copy.forget()
        raise
    except KeyboardInterrupt as error:  # perhaps because Drive hangs
        error.add_note(render(_rescue(copy)))
        raise
    except ColabSaveError as error:
        raise type(error)(error.references[0], "\n".join((error.references[1], _rescue(copy), *trim(copy)))) from error
    _forget_replaced(copy)
    with suppress(OSError):  # it is committed, which `publish_local_copies` will notice
        return copy.mark_published()
    return copy


def _rescue(copy: LocalCopy) -> str:
    message = f"The model is not lost: {copy.stage} has a proven local copy."
    title = STORES[copy.address.partition(":")[0]].title
    return f"{message} When {title} answers again, {PUBLISH_PENDING} publishes it."


def _forget_replaced(copy: LocalCopy) -> None:
    """Forget older saves to the same path: this one has replaced them."""
    for other in local_copies():
        is_same = (other.address, other.place.exact) == (copy.address, copy.place.exact)
        if copy.place.exact and is_same and other.manifest.version < copy.manifest.version:
            other.forget()


def _publish_if_missing(copy: LocalCopy, on_step: OnStep) -> bool:
    """Publish a copy and return ``True``, unless its store has it whole or somebody is publishing it."""
    with copy.lock() as is_mine:
        if not is_mine:
            return False
        store = reopen(copy.address)
        store.prepare(copy.manifest.size)
        is_needed = not copy.is_published or not (_is_deleted(store, copy) or _is_whole(store, copy))
        if is_needed:
            _publish_copy(store, copy, on_step)
        return is_needed


def _is_whole(store: Store, copy: LocalCopy) -> bool:
    """Read a version back from its store and return whether all of it is there."""
    try:
        for file in stored(copy.manifest):
            store.check(copy.place.key(file.path, copy.manifest), file.size, file.sha256)
        return store.has(f"{copy.place.folder}/{MANIFEST}")
    except (NotFoundError, DigestError):
        return False


def _is_deleted(store: Store, copy: LocalCopy) -> bool:
    """Return whether its user has deleted a version."""
    with suppress(StoreError):
        return bool(deletion_in(store.keys(copy.place.folder)))
    return False
