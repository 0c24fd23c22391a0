"""The pending saves, which are not known to be uploaded yet; `versions.pending` finds them, the frontends show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from colab_save.hints import action, literal
from colab_save.quantities import age_in_words, count_in_words, size_in_words
from colab_save.reports.card import Card, Remark, Shown, Table
from colab_save.stores.base import UploadState
from colab_save.types import Json

PENDING, PUBLISH_PENDING = action("pending"), action("publish_pending")
"""The actions that list the pending saves and publish those that are not in their store."""

_STATES: Mapping[UploadState | None, str] = {
    None: "not published",
    UploadState.MISSING: "missing or incomplete",
    UploadState.WRITTEN: "written, not uploaded yet",
    UploadState.UNKNOWN: "written, upload unknown",
}
"""The state of a pending save in words; ``None``: it was never committed."""


def state_in_words(upload_state: UploadState | None) -> str:
    """Return the state of a save that has a local copy; ``None``: it was never committed."""
    return _STATES.get(upload_state, str(upload_state))


@dataclass(frozen=True, slots=True)
class PendingSave:
    """One save that is not known to be uploaded yet.

    Attributes:
        name: The version's full name.
        size: Bytes.
        upload_state: Its upload state; ``None`` if it could not be published.
        since: When it was saved: UTC time in ISO 8601.
        where: Its location in the store, or the one it should have.
        copy: The folder with its local copy, which opens like any artifact.
    """

    name: str
    size: int
    upload_state: UploadState | None
    since: str
    where: str
    copy: Path

    @property
    def state(self) -> str:
        """Return its state in words."""
        return state_in_words(self.upload_state)

    @property
    def is_in_store(self) -> bool:
        """Return whether its store has it, as far as is known."""
        return self.upload_state not in {None, UploadState.MISSING}

    def to_json(self) -> dict[str, Json]:
        """Return the fields of the save."""
        return {
            "name": self.name,
            "state": "not published" if self.upload_state is None else str(self.upload_state),
            "size": self.size,
            "since": self.since,
            "where": self.where,
            "copy": str(self.copy),
        }


@dataclass(frozen=True, slots=True)
class Pending(Shown):
    """The pending saves.

    Attributes:
        saves: Each pending save, oldest first.
        published: The full names of the saves that have just been published.
    """

    saves: tuple[PendingSave, ...]
    published: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.saves)

    def __len__(self) -> int:
        return len(self.saves)

    def to_json(self) -> dict[str, Json]:
        """Return the pending saves, and the names of those that have just been published."""
        return {"saves": [save.to_json() for save in self.saves], "published": list(self.published)}

    def card(self) -> Card:
        """Return a card with a row for each save, and the action that publishes what is missing."""
        remarks = tuple(Remark("published", literal(name)) for name in self.published)
        if not self.saves:
            return Card("Nothing is pending", "No save of this machine waits for its upload.", remarks=remarks)
        head = ("save", "state", "size", "since", "where", "local copy")
        rows = tuple(
            (
                literal(save.name),
                save.state,
                size_in_words(save.size),
                age_in_words(save.since),
                literal(save.where),
                literal(str(save.copy)),
            )
            for save in self.saves
        )
        is_whole = all(save.is_in_store for save in self.saves)
        line = None if is_whole else ("publish what is missing, from the local copy", PUBLISH_PENDING)
        return Card(count_in_words(len(rows), "pending save"), "", table=Table(head, rows), remarks=remarks, line=line)
