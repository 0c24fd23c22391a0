"""Saved versions, narrowed to what is looked for and in the order that is asked for; pure.

The panel's list shows them page by page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from colab_save.artifact.manifest import Manifest
from colab_save.artifact.metrics import Best
from colab_save.artifact.round_trip import Outcome

_WORST_FIRST = (Outcome.FAILED, Outcome.SKIPPED, Outcome.PASSED)

ORDERS: dict[str, tuple[Callable[[Manifest], Any], bool]] = {
    "newest": (lambda manifest: manifest.version, True),
    "oldest": (lambda manifest: manifest.version, False),
    "name": (lambda manifest: manifest.name, False),
    "largest": (lambda manifest: manifest.size, True),
    "smallest": (lambda manifest: manifest.size, False),
    "outcome": (lambda manifest: _WORST_FIRST.index(manifest.outcome), False),
}
"""The orders by name: what is compared, and whether the greatest comes first."""

BEST = "best "
"""What stands before a metric in the name of its order."""

MEASURED = 12
"""Metrics that are offered to sort by."""


def orders_of(manifests: Iterable[Manifest]) -> list[str]:
    """Name the orders that some versions can be sorted in: those that all have, and by each metric of theirs."""
    metrics = sorted({name for manifest in manifests for name in manifest.metrics})
    return [*ORDERS, *(f"{BEST}{name}" for name in metrics[:MEASURED])]


def narrowed(manifests: Iterable[Manifest], words: str = "", order: str = "newest") -> list[Manifest]:
    """Keep the versions in which every word is found, whatever its case, and sort them; within a tie newest first.

    Args:
        manifests: The versions.
        words: Parts of names, versions, tags, notes, formats or outcomes.
        order: One of `orders_of`; what was not measured comes last.
    """
    wanted = words.lower().split()
    kept = [manifest for manifest in manifests if all(word in _text_of(manifest) for word in wanted)]
    newest_first = sorted(kept, key=lambda manifest: manifest.version, reverse=True)
    if order.startswith(BEST):
        best = Best.parse(order.removeprefix(BEST))
        return sorted(newest_first, key=lambda manifest: best.rank(manifest.metrics), reverse=True)
    value_of, is_reversed = ORDERS[order]
    return sorted(newest_first, key=value_of, reverse=is_reversed)


def _text_of(manifest: Manifest) -> str:
    texts = (manifest.name, manifest.version, *manifest.tags, manifest.note, *manifest.formats, manifest.outcome)
    return " ".join(texts).lower()
