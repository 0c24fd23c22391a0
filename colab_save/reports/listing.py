"""The list of the versions in a store, as every frontend shows it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from colab_save.artifact.manifest import Manifest
from colab_save.artifact.metrics import metrics_in_words
from colab_save.hints import action, literal, render
from colab_save.quantities import age_in_words, count_in_words, size_in_words
from colab_save.reports.card import Card, Cell, Remark, Shown, Table, aligned
from colab_save.reports.json_fields import version_fields
from colab_save.stores.base import UploadState
from colab_save.types import Json

SAVED = "saved version"
"""The kind of the versions in a listing, by default."""

MEASURED = 3
"""Most metrics of a version in its row."""

NEWEST = 20
"""Most versions that are shown where no pattern narrows the listing; all others are counted."""

NAMED = 4
"""Most names whose older versions are counted by name."""

EXPORT = "export"
"""What an export is called in its row."""

OPTIONAL = {"kind", "upload", "metrics"}
"""Columns that are shown only if any version has a value in them."""

MISSING = (
    "a file is missing or incomplete, because the runtime ended before it was uploaded. "
    f"{action('load')} passes over this version, and {action('delete')} removes it."
)
"""The remark on a version with missing or short files."""

UNFINISHED = (
    "a save that is still running, or that ended before its commit or its upload. It only takes space; the next save "
    "of that name removes it once it is a day old."
)
"""The remark on a folder of a version without a manifest."""


def by_name(manifests: Iterable[Manifest]) -> list[Manifest]:
    """Return versions with those of one name together, newest first; the name with the newest version comes first."""
    groups: dict[str, list[Manifest]] = {}
    for manifest in sorted(manifests, key=lambda item: item.version, reverse=True):
        groups.setdefault(manifest.name, []).append(manifest)
    return [manifest for group in groups.values() for manifest in group]


@dataclass(frozen=True, slots=True)
class Listing(Shown):
    """The versions in a store.

    Attributes:
        where: The location of the store.
        store: The kind of store.
        manifests: The committed versions, newest first.
        damaged: A message for each version that cannot be read.
        unfinished: The folders of versions that were never committed.
        upload_states: The upload state of each version by its full name, in a store that uploads later.
        kind: What the versions are, in words.
        pattern: The pattern of the names that were listed.
        others: How many names the store has, if the pattern matches none of them.
    """

    where: str
    store: str
    manifests: tuple[Manifest, ...]
    damaged: tuple[str, ...] = ()
    unfinished: tuple[str, ...] = ()
    upload_states: Mapping[str, UploadState] = field(default_factory=dict)
    kind: str = SAVED
    pattern: str = "*"
    others: int = 0

    def __str__(self) -> str:
        card = self.card()
        head, *remarks = str(replace(card, table=None)).splitlines()
        return "\n".join([head, *(aligned(card.table) if card.table else ()), *remarks])

    def card(self, now: datetime | None = None) -> Card:
        """Return a card with a row for each version, or with how to save the first one.

        Args:
            now: The moment to count ages from. Default: now.
        """
        remarks = tuple(Remark("damaged", message) for message in self.damaged)
        missing = (name for name, upload_state in self.upload_states.items() if upload_state is UploadState.MISSING)
        remarks += tuple(Remark("missing", f"{literal(name)}: {MISSING}") for name in missing)
        remarks += tuple(Remark("unfinished", f"{literal(folder)}: {UNFINISHED}") for folder in self.unfinished)
        where = literal(self.where)
        if self.others:
            title = f"No name in {where} matches {literal(repr(self.pattern))}"
            are = "There is 1 name" if self.others == 1 else f"There are {self.others} names"
            return Card(title, f"{are}; {action('list')} shows all.", remarks=remarks)
        if not self.manifests and self.kind != SAVED:
            return Card(f"No {self.kind} in {where}", "", remarks=remarks)
        if not self.manifests:
            return Card(f"No saved models in {where}", f"Save one with {action('save')}.", remarks=remarks)
        columns = [dict(self._columns(manifest, now)) for manifest in by_name(self._shown)]
        head = [label for label in columns[0] if label not in OPTIONAL or any(each[label] for each in columns)]
        rows = tuple(tuple(each[label] for label in head) for each in columns)
        title = f"{count_in_words(len(self.manifests), self.kind)} in {where}"
        remarks = (*self._older(), *remarks)
        return Card(title, "", table=Table(tuple(head), rows), remarks=remarks)

    def to_json(self) -> dict[str, Json]:
        """Return every version, newest first, and what is damaged or unfinished."""
        return {
            "where": self.where,
            "store": self.store,
            "kind": self.kind,
            "versions": [{**version_fields(item), "upload_state": self._upload_state(item)} for item in self.manifests],
            "damaged": list(map(render, self.damaged)),
            "unfinished": list(self.unfinished),
        }

    @property
    def _shown(self) -> tuple[Manifest, ...]:
        """Return what has a row: of saved versions that no pattern narrows, the newest."""
        most = NEWEST if self.pattern == "*" and self.kind == SAVED else None
        return tuple(sorted(self.manifests, key=lambda item: item.version, reverse=True)[:most])

    def _older(self) -> Iterator[Remark]:
        """Yield how many versions of which names have no row, and how to see them."""
        count = Counter(item.name for item in self.manifests)
        count.subtract(item.name for item in self._shown)
        named = (+count).most_common()
        if not named:
            return
        words = [f"{number} of {literal(name)}" for name, number in named[:NAMED]]
        if rest := named[NAMED:]:
            words.append(f"{sum(number for _, number in rest)} of {count_in_words(len(rest), 'other name')}")
        are = count_in_words(count.total(), "older version")
        yield Remark("not shown", f"{are}: {', '.join(words)}. {action('list', named[0][0])} shows all of that name.")

    def _upload_state(self, manifest: Manifest) -> str:
        return str(self.upload_states.get(f"{manifest.name}@{manifest.version}", UploadState.DONE))

    def _columns(self, manifest: Manifest, now: datetime | None) -> Iterator[tuple[str, Cell]]:
        yield "name", literal(manifest.name)
        yield "version", manifest.version
        yield "when", age_in_words(manifest.created, now)
        yield "size", size_in_words(manifest.size)
        yield "formats", literal(", ".join(manifest.formats))
        yield "kind", EXPORT if manifest.is_export else ""
        yield "outcome", manifest.outcome
        yield "upload", self.upload_states.get(f"{manifest.name}@{manifest.version}", "")
        yield "metrics", literal(metrics_in_words(manifest.metrics, MEASURED))
        yield "tags", literal(", ".join(manifest.tags))
        yield "note", literal(manifest.note)
