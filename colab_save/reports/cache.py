"""The report on the cache: what is fetched, which local copies there are, and what clearing has removed and left.

`versions.clearing` makes it; every frontend shows it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from colab_save.hints import action, literal, render
from colab_save.quantities import age_in_words, count_in_words, size_in_words
from colab_save.reports.card import Card, Remark, Shown, Table
from colab_save.types import Json

UNREADABLE = (
    "no local copy can be read there. A save may be making one, or a process that was killed has left it; a later save "
    "to such a store removes it once it is a day old."
)
"""The remark on a folder of a local copy without a record that can be read; it may be all that is left of a save."""

_HEAD = ("local copy", "state", "size", "since", "clearing")


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """A fetched artifact or a local copy.

    Attributes:
        size: Bytes before it was cleared.
        since: When it was last used, for a local copy when it was saved: UTC time in ISO 8601.
        stays: Why clearing leaves it, as the end of a sentence; empty if it removes it.
        freed: Bytes that clearing has freed.
        name: The full name of a local copy; empty for a fetched artifact, whose folder is named by a digest.
        state: The state of a local copy in words.
    """

    size: int
    since: str
    stays: str = ""
    freed: int = 0
    name: str = ""
    state: str = ""

    def to_json(self) -> dict[str, Json]:
        """Return the fields of the entry; a fetched artifact has no name and no state."""
        own = {"name": self.name, "state": self.state} if self.name else {}
        return {**own, "size": self.size, "since": self.since, "stays": render(self.stays), "freed": self.freed}


@dataclass(frozen=True, slots=True)
class Cache(Shown):
    """What the cache has, or what was left of it when it was cleared.

    Attributes:
        folder: Where it is.
        fetched: Each fetched artifact, the least recently used first.
        copies: Each local copy, oldest first.
        fetched_limit: Bytes that the fetched artifacts may take.
        copies_limit: Bytes that the local copies may take.
        unreadable: Each folder of a local copy whose record cannot be read; clearing leaves it.
        is_cleared: Whether it has been cleared.
    """

    folder: str
    fetched: tuple[CacheEntry, ...]
    copies: tuple[CacheEntry, ...]
    fetched_limit: int
    copies_limit: int
    unreadable: tuple[str, ...] = ()
    is_cleared: bool = False

    @property
    def freed(self) -> int:
        """Return the bytes that clearing has freed."""
        return sum(entry.freed for entry in (*self.fetched, *self.copies))

    @property
    def size(self) -> int:
        """Return the bytes that fetched artifacts and local copies take now."""
        return sum(entry.size for entry in (*self.fetched, *self.copies)) - self.freed

    def card(self) -> Card:
        """Return a card with both parts and their limits, each local copy, and what stays and why."""
        entries = (*self.fetched, *self.copies)
        can_clear = not self.is_cleared and any(not entry.stays for entry in entries)
        return Card(
            self._title(),
            "",
            facts=dict(self._facts()),
            table=Table(_HEAD, tuple(map(self._row, self.copies))) if self.copies else None,
            remarks=tuple(self._remarks()),
            line=("remove what is not needed", action("cache", clear=None)) if can_clear else None,
        )

    def to_json(self) -> dict[str, Json]:
        """Return both parts, their limits, and what was freed."""
        return {
            "where": self.folder,
            "size": self.size,
            "freed": self.freed,
            "fetched": [entry.to_json() for entry in self.fetched],
            "fetched_limit": self.fetched_limit,
            "copies": [entry.to_json() for entry in self.copies],
            "copies_limit": self.copies_limit,
            "unreadable": list(self.unreadable),
        }

    def _title(self) -> str:
        if self.is_cleared:
            return f"{size_in_words(self.freed)} freed" if self.freed else "Nothing was removed"
        return f"The cache takes {size_in_words(self.size)}" if self.fetched or self.copies else "The cache is empty"

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield "where", literal(self.folder)
        for label, entries, limit in (
            ("fetched artifacts", self.fetched, self.fetched_limit),
            ("local copies", self.copies, self.copies_limit),
        ):
            removed = [entry for entry in entries if self.is_cleared and not entry.stays]
            left = [entry for entry in entries if entry not in removed]
            if removed:
                yield f"{label} removed", _counted(removed)
            yield label, f"{_counted(left)}; at most {size_in_words(limit)}"

    def _row(self, copy: CacheEntry) -> tuple[str, ...]:
        clearing = f"leaves it: {copy.stays}" if copy.stays else "removed" if self.is_cleared else "removes it"
        return literal(copy.name), copy.state, size_in_words(copy.size), age_in_words(copy.since), clearing

    def _remarks(self) -> Iterator[Remark]:
        reasons = Counter(entry.stays for entry in self.fetched if entry.stays)
        for reason, count in reasons.items():
            yield Remark("stays", f"{count_in_words(count, 'fetched artifact')}: {reason}.")
        for folder in self.unreadable:
            yield Remark("stays", f"{literal(folder)}: {UNREADABLE}")


def _counted(entries: Collection[CacheEntry]) -> str:
    size = sum(entry.size - entry.freed if entry.stays else entry.size for entry in entries)
    return f"{len(entries):,}, {size_in_words(size)}" if entries else "none"
