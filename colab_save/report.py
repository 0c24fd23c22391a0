"""What happened, in one object that every door shows: as text here, as a card in HTML by `_repr_html_`.

`saving` and `loading` return these; the magics display them, the terminal prints them, the panel embeds them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from colab_save.manifest import Manifest
from colab_save.round_trip import Outcome, RoundTrip
from colab_save.stores.base import Durability


@dataclass(frozen=True, slots=True)
class SaveReport:
    """What a save did.

    Attributes:
        manifest: What was committed: name, version, payloads, files, round trips, facts, tags, note.
        where: The folder, file or URL that holds it.
        store: The kind of store (``local``, ``drive``).
        durability: Whether the store has really kept it, as far as the store can tell.
        load_line: The one magic line that brings the model back.
        attempts: Round trips of formats that ``auto`` tried and gave up, in order.
        notes: What the user should know: a suffix that was added, what is not kept and why.
        seconds: Seconds of each step of the line, by its name.
    """

    manifest: Manifest
    where: str
    store: str
    durability: Durability
    load_line: str
    attempts: tuple[RoundTrip, ...] = ()
    notes: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def outcome(self) -> Outcome:
        """Sum the round trips of what was committed up."""
        return self.manifest.outcome


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a load found.

    Attributes:
        model: What was loaded: a Keras model, or a callable for a SavedModel.
        target: What was asked for, made exact (``cats@20260822T101530Z-3fa2``, or the path).
        where: The folder, file or URL that it came from.
        format: The format of the payload that was opened.
        round_trip: The comparison with the manifest, made in this process; aspects that could not be compared are
            ``SKIPPED`` with the reason (a plain file without a manifest has nothing to compare with).
        manifest: The manifest, where there is one.
        notes: What the user should know.
        size: Bytes read.
        seconds: Seconds of each step of the line, by its name.
    """

    model: Any
    target: str
    where: str
    format: str
    round_trip: RoundTrip
    manifest: Manifest | None = None
    notes: tuple[str, ...] = ()
    size: int = 0
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def is_proven(self) -> bool:
        """Say whether every aspect that the format keeps was compared and is equal."""
        return self.round_trip.is_passed


@dataclass(frozen=True, slots=True)
class Listing:
    """What a store holds: the committed versions, newest first, and where they are."""

    where: str
    store: str
    manifests: tuple[Manifest, ...]
