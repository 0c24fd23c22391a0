"""Remove the versions of a name that need not be kept: after the commit, where the user has asked for that.

`saving` calls `prune`, and `curating` removes a single version the same way. `superseded` is the rule itself, and pure:
what has a tag, what is newer and the last good version are never removed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from colab_save.artifact.layout import Place
from colab_save.artifact.manifest import MANIFEST, Manifest
from colab_save.artifact.metrics import Best
from colab_save.artifact.round_trip import Outcome
from colab_save.errors import ColabSaveError, StoreError
from colab_save.hints import option
from colab_save.stores.base import Store
from colab_save.versions.finding import is_committed, read_manifest, readable, versions_of
from colab_save.versions.local_copies import forget_copies, keys_of
from colab_save.wording import did_you_mean

REMOVED = "removed.json"
"""What the manifest of a version is called while its files go; no reader looks for that, and a sweep removes it."""

_BEST_FIRST = (Outcome.PASSED, Outcome.SKIPPED, Outcome.FAILED)


@dataclass(frozen=True, slots=True)
class Retention:
    """Which versions of a name stay.

    Attributes:
        newest: So many of the newest.
        best: The one that is best in this metric too.
    """

    newest: int = 1
    best: Best | None = None

    @classmethod
    def of(cls, keep: int | None, keep_best: str | None) -> Retention | None:
        """Make the rule of a request; ``None`` keeps everything."""
        if keep is None and keep_best is None:
            return None
        return cls(keep or 1, Best.parse(keep_best) if keep_best else None)


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was removed after a save.

    Attributes:
        versions: The ids, oldest first.
        notes: Why not all of it, or nothing, where the user should know.
    """

    versions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def superseded(
    manifests: Iterable[Manifest], rule: Retention, committed: str, is_safe: Callable[[Manifest], bool]
) -> tuple[Manifest, ...]:
    """Give the versions that a rule does not keep, oldest first.

    The newest version that passed stays whatever the rule says. So does one that the store has kept for sure: of the
    version that was just written this is often not known yet, and a runtime that ends may take it along. Where nobody
    has the metric of the rule, nothing is given: a misspelt word must not cost a model.

    Args:
        manifests: The committed versions of one name.
        rule: What the user asked for.
        committed: The version that was just saved.
        is_safe: Says whether the store has kept a version for sure; asked of few.
    """
    newest_first = sorted(manifests, key=lambda manifest: manifest.version, reverse=True)
    best = rule.best
    if best and not any(best.metric in manifest.metrics for manifest in newest_first):
        return ()
    kept = {committed, *(manifest.version for manifest in newest_first[: rule.newest])}
    kept |= {manifest.version for manifest in newest_first if manifest.tags or manifest.version > committed}
    if best:
        kept.add(max(newest_first, key=lambda manifest: best.rank(manifest.metrics)).version)
    kept |= {manifest.version for manifest in _good(newest_first, committed, is_safe)}
    return tuple(manifest for manifest in reversed(newest_first) if manifest.version not in kept)


def _good(newest_first: list[Manifest], committed: str, is_safe: Callable[[Manifest], bool]) -> Iterator[Manifest]:
    """Give the last good version, and where that may still be lost the one that stands in for it."""
    best_first = sorted(newest_first, key=lambda manifest: _BEST_FIRST.index(manifest.outcome))
    yield from best_first[:1]
    others = (manifest for manifest in best_first if manifest.version != committed)
    stand_in = next(filter(is_safe, best_first), None) or next(others, None)
    if stand_in is not None:
        yield stand_in


def prune(store: Store, manifest: Manifest, rule: Retention | None) -> Pruned:
    """Remove what a rule does not keep of a name; whatever fails is a note, since the save has been committed.

    Two notebooks may do so at once: each removes only what is older than its own version.

    Args:
        store: Where.
        manifest: The version that was just committed.
        rule: See `Retention`; without one nothing is done.
    """
    if rule is None:
        return Pruned()
    removed, notes = [], list(_doubts(manifest, rule))
    try:
        for item in _superseded_in(store, manifest, rule):
            if _remove_untagged(store, item):
                removed.append(item.version)  # noqa: PERF401 - what went before an error counts
    except ColabSaveError as error:
        notes.append(f"The save is whole, but older versions were not all pruned: {error.references[0]}")
    return Pruned(tuple(removed), tuple(notes))


def _doubts(manifest: Manifest, rule: Retention) -> Iterator[str]:
    if rule.best and rule.best.metric not in manifest.metrics:
        metric = rule.best.metric
        wanted = option("metrics", f"{metric}=VALUE")
        hint = did_you_mean(metric, manifest.metrics) if manifest.metrics else f"Give it with {wanted}."
        yield f"This version has no metric {metric!r} to be the best in. {hint}".strip()


def _superseded_in(store: Store, manifest: Manifest, rule: Retention) -> tuple[Manifest, ...]:
    """Read the committed versions of a name, and give those that can go; what cannot be read is left alone."""
    known = versions_of(store, manifest.name)
    if len(known) <= rule.newest:
        return ()
    read = readable(store, manifest.name)
    return superseded(read, rule, manifest.version, lambda item: store.upload_state(_keys(item)).is_done)


def _keys(manifest: Manifest) -> Mapping[str, int]:
    return keys_of(Place.of_version(manifest.name, manifest.version), manifest)


def _remove_untagged(store: Store, manifest: Manifest) -> bool:
    """Remove a version, unless somebody has tagged, deleted or removed it meanwhile; says whether."""
    folder = Place.of_version(manifest.name, manifest.version).folder
    try:
        if read_manifest(store, folder).tags:
            return False
        _hide(store, folder, MANIFEST)
    except StoreError:
        if is_committed(store, folder):
            raise
        return False
    _delete_hidden(store, manifest.name, manifest.version)
    return True


def remove(store: Store, name: str, version: str, key: str = MANIFEST) -> None:
    """Remove a version for good, and the local copies of it.

    Its manifest goes first and in one renaming: Drive empties files before it deletes them, and a version with half
    a manifest would be listed as damaged. What a process that dies leaves behind is litter.

    Args:
        store: Where.
        name: The artifact's name.
        version: The version's id.
        key: What its manifest is called now, see `place`.

    Raises:
        NotFoundError: There is no such version.
        StoreError: The store refused.
    """
    _hide(store, Place.of_version(name, version).folder, key)
    _delete_hidden(store, name, version)


def _hide(store: Store, folder: str, key: str) -> None:
    store.move(f"{folder}/{key}", f"{folder}/{REMOVED}")


def _delete_hidden(store: Store, name: str, version: str) -> None:
    with contextlib.suppress(OSError):  # what the local disk does not let go of is litter in a cache
        forget_copies(name, version)
    store.delete_folder(Place.of_version(name, version).folder)
