"""Filter and sort saved versions by words and orders, for the panel's list of versions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from colab_save.artifact.manifest import Manifest
from colab_save.artifact.metrics import Best
from colab_save.artifact.round_trip import Outcome
from colab_save.reports.listing import EXPORT

_WORST_FIRST = (Outcome.FAILED, Outcome.PARTIAL, Outcome.SKIPPED, Outcome.PASSED)

ORDERS: dict[str, tuple[Callable[[Manifest], Any], bool]] = {
    "newest": (lambda manifest: manifest.version, True),
    "oldest": (lambda manifest: manifest.version, False),
    "name": (lambda manifest: manifest.name, False),
    "largest": (lambda manifest: manifest.size, True),
    "smallest": (lambda manifest: manifest.size, False),
    "outcome": (lambda manifest: _WORST_FIRST.index(manifest.outcome), False),
}
"""The orders by name: the sort key, and whether the greatest comes first."""

BEST = "best "
"""The prefix of a metric in the name of its order."""

MEASURED = 12
"""Most metrics that are offered as orders."""


def orders_of(manifests: Iterable[Manifest]) -> list[str]:
    """Return the names of the orders for some versions: the general ones, and one for each of their metrics."""
    metrics = sorted({name for manifest in manifests for name in manifest.metrics})
    return [*ORDERS, *(f"{BEST}{name}" for name in metrics[:MEASURED])]


def narrowed(manifests: Iterable[Manifest], words: str = "", order: str = "newest") -> list[Manifest]:
    """Return the versions that contain every word, ignoring case, sorted; ties are newest first.

    Args:
        manifests: The versions.
        words: Parts of names, versions, tags, notes, formats or outcomes, or of the word ``export``.
        order: One of `orders_of`; versions without the metric come last.
    """
    wanted = words.lower().split()
    found = [manifest for manifest in manifests if all(word in _text_of(manifest) for word in wanted)]
    newest_first = sorted(found, key=lambda manifest: manifest.version, reverse=True)
    if order.startswith(BEST):
        best = Best.parse(order.removeprefix(BEST))
        return sorted(newest_first, key=lambda manifest: best.rank(manifest.metrics), reverse=True)
    value_of, is_reversed = ORDERS[order]
    return sorted(newest_first, key=value_of, reverse=is_reversed)


def _text_of(manifest: Manifest) -> str:
    kind = EXPORT if manifest.is_export else ""
    texts = (manifest.name, manifest.version, *manifest.tags, manifest.note, *manifest.formats, kind, manifest.outcome)
    return " ".join(texts).lower()
