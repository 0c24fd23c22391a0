"""What a store holds, as every door shows it: a row for each version, or how to make the first one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from colab_save.card import Card, Cell, Remark, Shown, Table, aligned
from colab_save.manifest import Manifest
from colab_save.measures import age_in_words, count_in_words, size_in_words
from colab_save.metrics import metrics_in_words

SAVED = "saved version"
"""What the rows of a listing are, unless it is said."""

MEASURED = 3
"""Metrics of a version that its row names."""


@dataclass(frozen=True, slots=True)
class Listing(Shown):
    """What a store holds.

    Attributes:
        where: Where the store is.
        store: The kind of store.
        manifests: The committed versions, newest first.
        damaged: What is wrong with each version that cannot be read.
        kind: What the versions are, in words.
    """

    where: str
    store: str
    manifests: tuple[Manifest, ...]
    damaged: tuple[str, ...] = ()
    kind: str = SAVED

    def __str__(self) -> str:
        card = self.card()
        head, *remarks = str(replace(card, table=None)).splitlines()
        return "\n".join([head, *(aligned(card.table) if card.table else ()), *remarks])

    def card(self, now: datetime | None = None) -> Card:
        """Give what is shown: a row for each version, or how to make the first one.

        Args:
            now: The moment that ages are counted from.
        """
        remarks = tuple(Remark("damaged", message) for message in self.damaged)
        if not self.manifests and self.kind != SAVED:
            return Card(f"No {self.kind} in {self.where}", "", remarks=remarks)
        if not self.manifests:
            return Card(f"No saved models in {self.where}", "Save one with %savemodel.", remarks=remarks)
        columns = [dict(_columns(manifest, now)) for manifest in self.manifests]
        head = [label for label in columns[0] if label != "metrics" or any(each[label] for each in columns)]
        rows = tuple(tuple(each[label] for label in head) for each in columns)
        title = f"{count_in_words(len(rows), self.kind)} in {self.where}"
        return Card(title, "", table=Table(tuple(head), rows), remarks=remarks)


def _columns(manifest: Manifest, now: datetime | None) -> Iterator[tuple[str, Cell]]:
    yield "name", manifest.name
    yield "version", manifest.version
    yield "when", age_in_words(manifest.created, now)
    yield "size", size_in_words(manifest.size)
    yield "formats", ", ".join(manifest.formats)
    yield "outcome", manifest.outcome
    yield "metrics", metrics_in_words(manifest.metrics, MEASURED)
    yield "tags", ", ".join(manifest.tags)
    yield "note", manifest.note
