"""Wait for the upload of a published version, or flush the store, as the save's options say.

`saving.pipeline` calls `see_through` when the version is committed. Nothing here can fail the save: a limit that is
reached, an interrupt or a Drive that refuses becomes a note.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress

from colab_save.errors import CancelledError, StoreError
from colab_save.progress import Clock, OnStep, Stage, Step
from colab_save.quantities import count_in_words, size_in_words
from colab_save.reports.pending import PUBLISH_PENDING
from colab_save.store_table import STORES
from colab_save.stores.base import Store, UploadState
from colab_save.versions.finding import is_committed
from colab_save.versions.local_copies import LocalCopy, local_copies
from colab_save.versions.pending import Published

LIMIT = 3600.0
"""Seconds that ``wait=True`` waits at most."""

LOOK = 1.0
"""Seconds between two looks."""

DOUBT = 10.0
"""Seconds without an answer from the store, after which it is not waited for any longer."""

_STOPPED = "You have stopped waiting; the save is committed, and {title} goes on uploading while this runtime lives."


def see_through(version: Published, clock: Clock, *, wait: float, flush: bool) -> tuple[UploadState, tuple[str, ...]]:
    """Wait and flush as requested, and return the version's upload state and notes for the user.

    Args:
        version: What was published, and its local copy.
        clock: Called with the bytes uploaded.
        wait: ``True``, or the limit in seconds.
        flush: Whether to flush; on Drive that unmounts it.
    """
    upload_state, notes = version.store.upload_state(version.sizes), []
    try:
        if wait and not upload_state.is_done:
            with clock.at(Stage.UPLOAD):
                upload_state = wait_for_upload(
                    version.store, version.sizes, LIMIT if wait is True else wait, clock.on_step
                )
            notes += _left(version, upload_state)
        if flush:
            with clock.at(Stage.UPLOAD, f"all of {STORES[version.store.kind].title}" if version.store.address else ""):
                upload_state, flushed = _flush(version)
            notes += flushed
    except (KeyboardInterrupt, CancelledError):
        upload_state = version.store.upload_state(version.sizes)
        notes.append(_STOPPED.format(title=STORES[version.store.kind].title))
    return upload_state, (*notes, *version.settle(upload_state))


def wait_for_upload(store: Store, sizes: Mapping[str, int], seconds: float, on_step: OnStep) -> UploadState:
    """Wait until every key is uploaded, the limit is reached, or the store does not tell.

    Args:
        store: Where they are.
        sizes: Bytes by key.
        seconds: The limit.
        on_step: Called with the bytes that are known to be uploaded.

    Returns:
        The upload state of the worst.
    """
    left, total = dict(sizes), sum(sizes.values())
    heard = time.monotonic()
    end = heard + seconds
    while True:
        known = store.upload_states({key: {key: size} for key, size in left.items()})
        left = {key: size for key, size in left.items() if not known[key].is_done}
        files = f"{len(sizes) - len(left)} of {count_in_words(len(sizes), 'file')}"
        on_step(Step(Stage.UPLOAD, total - sum(left.values()), total, files))
        now = time.monotonic()
        if UploadState.WRITTEN in known.values():
            heard = now
        if not left or now >= end or now - heard >= DOUBT:
            return store.upload_state(sizes)
        time.sleep(min(LOOK, end - now))


def _left(version: Published, upload_state: UploadState) -> list[str]:
    """Return a note why waiting ended before the upload was known."""
    if upload_state.is_done:
        return []
    if upload_state is UploadState.MISSING:
        return [f"The version is no longer in its store, or not all of it; {PUBLISH_PENDING} publishes it again."]
    if upload_state is UploadState.UNKNOWN:
        return [STORES[version.store.kind].silent]
    known = version.store.upload_states({key: {key: size} for key, size in version.sizes.items()})
    left = [size for key, size in version.sizes.items() if not known[key].is_done]
    files = count_in_words(len(left), "file")
    return [f"The upload has not finished: {size_in_words(sum(left))} left to upload, in {files}."]


def _flush(version: Published) -> tuple[UploadState, list[str]]:
    """Flush, and forget the local copies of what was in the store; returns notes about what that did to the mount."""
    store = version.store
    copies = _published_copies(store)
    try:
        upload_state = store.flush()
    except StoreError as error:
        return store.upload_state(version.sizes), [f"Flushing failed: {' '.join(error.references)}"]
    if upload_state is not UploadState.FLUSHED:
        return upload_state, []
    for copy in copies:
        copy.forget()
    return upload_state, [STORES[store.kind].flushed]


def _published_copies(store: Store) -> list[LocalCopy]:
    copies = [copy for copy in local_copies() if copy.is_published and copy.address == store.address]
    with suppress(StoreError):
        return [copy for copy in copies if is_committed(store, copy.place.folder)]
    return []
