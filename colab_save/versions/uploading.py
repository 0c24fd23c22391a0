"""See a published version through: wait for its upload (``--wait``), or have everything flushed (``--flush``).

`saving` calls `see_through` when all is committed, so that nothing here can cost the save: a limit that is reached, an
interrupt or a Drive that refuses is told in a note.
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
from colab_save.versions.pending import Kept

LIMIT = 3600.0
"""Seconds that ``wait=True`` waits at most."""

LOOK = 1.0
"""Seconds between two looks."""

DOUBT = 10.0
"""Seconds without a word of Drive, after which waiting any longer would be for nothing."""

_STOPPED = "stopped waiting; the save is committed, and {title} goes on uploading while this runtime lives."


def see_through(kept: Kept, clock: Clock, *, wait: float, flush: bool) -> tuple[UploadState, tuple[str, ...]]:
    """Wait and flush as asked, and say how far the store has kept the version, and what the user should know.

    Args:
        kept: What was published.
        clock: Told the bytes uploaded of all.
        wait: ``True``, or seconds.
        flush: Whether to flush; on Drive that unmounts it.
    """
    upload_state, notes = kept.store.upload_state(kept.sizes), []
    try:
        if wait and not upload_state.is_done:
            with clock.at(Stage.UPLOAD):
                upload_state = wait_for_upload(kept.store, kept.sizes, LIMIT if wait is True else wait, clock.on_step)
            notes += _left(kept, upload_state)
        if flush:
            with clock.at(Stage.UPLOAD, f"all of {STORES[kept.store.kind].title}" if kept.store.address else ""):
                upload_state, said = _flush(kept)
            notes += said
    except (KeyboardInterrupt, CancelledError):
        upload_state = kept.store.upload_state(kept.sizes)
        notes.append(f"You have {_STOPPED.format(title=STORES[kept.store.kind].title)}")
    return upload_state, (*notes, *kept.settle(upload_state))


def wait_for_upload(store: Store, sizes: Mapping[str, int], seconds: float, on_step: OnStep) -> UploadState:
    """Wait until a store has kept every key, a limit is reached, or the store does not tell.

    Args:
        store: Where they are.
        sizes: Bytes by key.
        seconds: The limit.
        on_step: Told the bytes that are known to be uploaded.

    Returns:
        What is known of the worst.
    """
    left, total = dict(sizes), sum(sizes.values())
    end = sure = time.monotonic()
    end += seconds
    while True:
        known = store.upload_states({key: {key: size} for key, size in left.items()})
        left = {key: size for key, size in left.items() if not known[key].is_done}
        files = f"{len(sizes) - len(left)} of {count_in_words(len(sizes), 'file')}"
        on_step(Step(Stage.UPLOAD, total - sum(left.values()), total, files))
        now = time.monotonic()
        if UploadState.WRITTEN in known.values():
            sure = now
        if not left or now >= end or now - sure >= DOUBT:
            return store.upload_state(sizes)
        time.sleep(min(LOOK, end - now))


def _left(kept: Kept, upload_state: UploadState) -> list[str]:
    """Say why waiting has ended before the upload was known."""
    if upload_state.is_done:
        return []
    if upload_state is UploadState.MISSING:
        return [f"It is no longer there; {PUBLISH_PENDING} publishes it again."]
    if upload_state is UploadState.UNKNOWN:
        return [STORES[kept.store.kind].silent]
    known = kept.store.upload_states({key: {key: size} for key, size in kept.sizes.items()})
    left = [size for key, size in kept.sizes.items() if not known[key].is_done]
    return [f"The upload takes longer: {size_in_words(sum(left))} are left, in {count_in_words(len(left), 'file')}."]


def _flush(kept: Kept) -> tuple[UploadState, list[str]]:
    """Flush, and say what that did to the mount; the copies of what is there are needed no more."""
    store = kept.store
    there = _copies_that_are_there(store)
    try:
        upload_state = store.flush()
    except StoreError as error:
        return store.upload_state(kept.sizes), [f"Flushing failed: {' '.join(error.references)}"]
    if upload_state is not UploadState.FLUSHED:
        return upload_state, []
    for copy in there:
        copy.forget()
    return upload_state, [STORES[store.kind].flushed]


def _copies_that_are_there(store: Store) -> list[LocalCopy]:
    copies = [copy for copy in local_copies() if copy.is_published and copy.address == store.address]
    with suppress(StoreError):
        return [copy for copy in copies if is_committed(store, copy.place.folder)]
    return []
