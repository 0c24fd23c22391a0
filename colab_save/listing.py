"""What a store holds, as every door shows it: a row for each version, or how to make the first one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from colab_save.card import Card, Cell, Remark, Shown, Table, aligned
from colab_save.manifest import Manifest
from colab_save.measures import age_in_words, count_in_words, size_in_words


@dataclass(frozen=True, slots=True)
class Listing(Shown):
    """What a store holds.

    Attributes:
        where: Where the store is.
        store: The kind of store.
        manifests: The committed versions, newest first.
        damaged: What is wrong with each version that cannot be read.
    """

    where: str
    store: str
    manifests: tuple[Manifest, ...]
    damaged: tuple[str, ...] = ()

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
        if not self.manifests:
            return Card(f"No saved models in {self.where}", "Save one with %savemodel.", remarks=remarks)
        head = ("name", "version", "when", "size", "formats", "outcome", "tags", "note")
        rows = tuple(_version_row(manifest, now) for manifest in self.manifests)
        title = f"{count_in_words(len(rows), 'saved version')} in {self.where}"
        return Card(title, "", table=Table(head, rows), remarks=remarks)


def _version_row(manifest: Manifest, now: datetime | None) -> tuple[Cell, ...]:
    formats = ", ".join(manifest.formats)
    age, size = age_in_words(manifest.created, now), size_in_words(manifest.size)
    tags = ", ".join(manifest.tags)
    return (manifest.name, manifest.version, age, size, formats, manifest.outcome, tags, manifest.note)
