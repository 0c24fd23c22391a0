"""What is not known to be safe yet, as `keeping` tells it and the doors show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from colab_save.hints import action, literal
from colab_save.quantities import age_in_words, count_in_words, size_in_words
from colab_save.reports.card import Card, Remark, Shown, Table
from colab_save.stores.base import UploadState

PENDING, PUBLISH_PENDING = action("pending"), action("publish_pending")
"""The actions that list what waits, and that publish what is not there."""

_STATES: Mapping[UploadState | None, str] = {
    None: "not published",
    UploadState.MISSING: "not there, or not all of it",
    UploadState.WRITTEN: "written, not uploaded yet",
    UploadState.UNKNOWN: "written, upload unknown",
}
"""What a save that is not known to be safe has come to; ``None``: it was never committed."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One save that is not known to be safe.

    Attributes:
        name: The version's full name.
        size: Bytes.
        upload_state: How far its store has kept it; ``None`` when it could not be published.
        since: When it was saved: UTC time in ISO 8601.
        where: Where it is, or should be.
        copy: The folder with its local copy, which opens as any artifact.
    """

    name: str
    size: int
    upload_state: UploadState | None
    since: str
    where: str
    copy: Path

    @property
    def state(self) -> str:
        """Say what has become of it, in words."""
        return _STATES[self.upload_state]

    @property
    def is_there(self) -> bool:
        """Say whether its store has it, as far as is known."""
        return self.upload_state not in {None, UploadState.MISSING}

    def to_json(self) -> dict[str, Any]:
        """Return what is known of the save."""
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
    """What is not known to be safe yet.

    Attributes:
        saves: Each such save, oldest first.
        published: The full names of those that have just been published.
    """

    saves: tuple[Waiting, ...]
    published: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.saves)

    def __len__(self) -> int:
        return len(self.saves)

    def to_json(self) -> dict[str, Any]:
        """Return each save that waits, and what has just been published."""
        return {"saves": [save.to_json() for save in self.saves], "published": list(self.published)}

    def card(self) -> Card:
        """Give what is shown: a row for each save, and the line that helps."""
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
        is_whole = all(save.is_there for save in self.saves)
        line = None if is_whole else ("publish what is not there, from the local copy", PUBLISH_PENDING)
        title = f"{count_in_words(len(rows), 'save')} not known to be safe"
        return Card(title, "", table=Table(head, rows), remarks=remarks, line=line)
