"""Publish so that a store which uploads later costs no model: a local copy stays until the upload is known.

`saving` calls `publish_kept`. `pending` tells what is not known to be safe yet, and `resume` publishes what a dead
mount has not taken, from the copy and without the model.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from colab_save.card import Card, Remark, Shown, Table
from colab_save.copies import LocalCopy, keep, keys_of, local_copies, trim
from colab_save.errors import CancelledError, ColabSaveError, DigestError, NotFoundError, StoreError, first_line
from colab_save.manifest import MANIFEST, Manifest
from colab_save.measures import age_in_words, count_in_words, size_in_words
from colab_save.packing import stored
from colab_save.place import Place, deletion_in
from colab_save.progress import OnStep, ProgressBar
from colab_save.publishing import publish
from colab_save.stores import reopen
from colab_save.stores.base import Durability, Store

RESUME = "colab_save.resume()"
"""The line that publishes what is not there."""

_STATES: Mapping[Durability | None, str] = {
    None: "not published",
    Durability.MISSING: "gone from the store",
    Durability.WRITTEN: "written, not uploaded yet",
    Durability.UNKNOWN: "written, upload unknown",
}
"""What a save that is not known to be safe has come to; ``None``: it was never committed."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One save that is not known to be safe.

    Attributes:
        name: The version's full name.
        size: Bytes.
        durability: How far its store has kept it; ``None`` when it could not be published.
        since: When it was saved: UTC time in ISO 8601.
        where: Where it is, or should be.
        copy: The folder with its local copy, which opens as any artifact.
    """

    name: str
    size: int
    durability: Durability | None
    since: str
    where: str
    copy: Path

    @property
    def state(self) -> str:
        """Say what has become of it, in words."""
        return _STATES[self.durability]

    @property
    def is_there(self) -> bool:
        """Say whether its store has it, as far as is known."""
        return self.durability not in {None, Durability.MISSING}


@dataclass(frozen=True, slots=True)
class Pending(Shown):
    """What is not known to be safe yet.

    Attributes:
        saves: Each such save, oldest first.
        resumed: The full names of those that have just been published.
    """

    saves: tuple[Waiting, ...]
    resumed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.saves)

    def __len__(self) -> int:
        return len(self.saves)

    def card(self) -> Card:
        """Give what is shown: a row for each save, and the line that helps."""
        remarks = tuple(Remark("published", name) for name in self.resumed)
        if not self.saves:
            return Card("Nothing is pending", "No save of this machine waits for its upload.", remarks=remarks)
        head = ("save", "state", "size", "since", "where", "local copy")
        rows = tuple(
            (save.name, save.state, size_in_words(save.size), age_in_words(save.since), save.where, str(save.copy))
            for save in self.saves
        )
        is_whole = all(save.is_there for save in self.saves)
        line = None if is_whole else ("publish what is not there, from the local copy", RESUME)
        title = f"{count_in_words(len(rows), 'save')} not known to be safe"
        return Card(title, "", table=Table(head, rows), remarks=remarks, line=line)


def pending(patience: float = 2.0) -> Pending:
    """Tell which saves on Drive are not known to be uploaded; the copies of the others are removed.

    Args:
        patience: Seconds that a mount may take to answer; nothing is mounted.
    """
    waiting: list[Waiting] = []
    found = local_copies()
    for address in dict.fromkeys(copy.address for copy in found):
        store = reopen(address, patience)
        copies = {copy.folder: copy for copy in found if copy.address == address}
        asked = {folder: copy.keys for folder, copy in copies.items() if copy.is_published}
        known = store.durabilities(asked)
        for folder, copy in copies.items():
            durability = known.get(folder)
            is_missing = durability is Durability.MISSING
            if (durability and durability.is_done) or (is_missing and _is_deleted(store, copy)):
                copy.forget()
            else:
                waiting.append(_waiting(copy, durability))
    return Pending(tuple(sorted(waiting, key=lambda save: save.since)))


def _waiting(copy: LocalCopy, durability: Durability | None) -> Waiting:
    manifest = copy.manifest
    return Waiting(copy.name, manifest.size, durability, manifest.created, copy.where, copy.stage)


def resume() -> Pending:
    """Publish each save that is not on Drive, from its local copy; the model itself is not needed.

    Returns:
        What is pending then.

    Raises:
        StoreError: Drive refused again; the copies stay.
    """
    with ProgressBar() as bar:
        resumed = tuple(copy.name for copy in local_copies() if _is_resumed(copy, bar))
    return Pending(pending().saves, resumed)


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of a published version: how far its store has kept it, and what the user should know of copies."""

    durability: Durability
    notes: tuple[str, ...] = ()


def publish_kept(store: Store, place: Place, stage: Path, manifest: Manifest, on_step: OnStep) -> Kept:
    """Publish, and keep a local copy where the store uploads later.

    Raises:
        ColabSaveError: What `publish` raises; the hint says where the copy is.
    """
    keys = keys_of(place, manifest)
    copy, why = _kept(store, place, stage, manifest)
    if copy is None:
        publish(store, place, stage, manifest, on_step)
        return Kept(store.durability(keys), why)
    with copy.hold():
        copy = _published(store, copy, on_step)
    durability = store.durability(keys)
    notes = trim(copy) if pending() else ()
    if copy.stage.is_dir():
        told = f"{copy.stage} is a local copy until the upload is known; colab_save.pending() lists what waits."
        notes = (told, *notes)
    return Kept(durability, notes)


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
    except ColabSaveError as error:
        raise type(error)(error.message, "\n".join((error.hint, _safe(copy), *trim(copy)))) from error
    _forget_replaced(copy)
    return copy.mark_published()


def _safe(copy: LocalCopy) -> str:
    return f"The model is not lost: {copy.stage} holds it, proven. When Drive answers again, {RESUME} publishes it."


def _forget_replaced(copy: LocalCopy) -> None:
    """Forget the older saves to the same exact place: this one has replaced them."""
    for other in local_copies():
        is_same = (other.address, other.place.exact) == (copy.address, copy.place.exact)
        if copy.place.exact and is_same and other.manifest.version < copy.manifest.version:
            other.forget()


def _is_resumed(copy: LocalCopy, on_step: OnStep) -> bool:
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
