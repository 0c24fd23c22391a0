"""Prune: remove the versions of a name that retention does not keep, after the commit of a newer one.

`saving.pipeline` calls `prune`; `curating` removes a single version in the same way. `superseded` is the rule, a pure
function: it never returns a version with a tag, a newer one, or the last good one.
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
from colab_save.hints import literal, option
from colab_save.stores.base import Store
from colab_save.versions.finding import is_committed, read_manifest, readable, versions_of
from colab_save.versions.local_copies import forget_copies, keys_of
from colab_save.wording import did_you_mean

REMOVED = "removed.json"
"""The manifest's file name while a version is removed; no reader looks for it, and a later save removes it."""

_BEST_FIRST = (Outcome.PASSED, Outcome.PARTIAL, Outcome.SKIPPED, Outcome.FAILED)


@dataclass(frozen=True, slots=True)
class Retention:
    """Which versions of a name are kept.

    Attributes:
        newest: How many of the newest.
        best: The metric whose best version is kept too.
    """

    newest: int = 1
    best: Best | None = None

    @classmethod
    def of(cls, keep: int | None, keep_best: str | None) -> Retention | None:
        """Return the retention of a save; ``None`` keeps everything, and so does 0."""
        if keep == 0 or (keep is None and keep_best is None):
            return None
        return cls(keep or 1, Best.parse(keep_best) if keep_best else None)


@dataclass(frozen=True, slots=True)
class Pruned:
    """The versions that were removed after a save.

    Attributes:
        versions: Their ids, oldest first.
        notes: Why not all, or none, could be removed.
    """

    versions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def superseded(
    manifests: Iterable[Manifest], rule: Retention, committed: str, is_safe: Callable[[Manifest], bool]
) -> tuple[Manifest, ...]:
    """Return the versions that a retention does not keep, oldest first: models after a model, exports after an export.

    The newest version that passed is always kept, and so is one whose upload is known: that of the version that was
    just written often is not, and it may be lost when the runtime ends. If no version has the metric, nothing is
    returned: a misspelt metric must not cost a model.

    Args:
        manifests: The committed versions of one name.
        rule: The retention.
        committed: The version that was just saved.
        is_safe: Returns whether a version's upload is known; called for few.
    """
    newest_first = _alike(sorted(manifests, key=lambda manifest: manifest.version, reverse=True), committed)
    best = rule.best
    if best and not any(best.metric in manifest.metrics for manifest in newest_first):
        return ()
    kept = {committed, *(manifest.version for manifest in newest_first[: rule.newest])}
    kept |= {manifest.version for manifest in newest_first if manifest.tags or manifest.version > committed}
    if best:
        kept.add(max(newest_first, key=lambda manifest: best.rank(manifest.metrics)).version)
    kept |= {manifest.version for manifest in _good(newest_first, committed, is_safe)}
    return tuple(manifest for manifest in reversed(newest_first) if manifest.version not in kept)


def _alike(manifests: list[Manifest], committed: str) -> list[Manifest]:
    """Return the exports if the version that was just saved is one, else the other versions."""
    is_export = any(manifest.is_export for manifest in manifests if manifest.version == committed)
    return [manifest for manifest in manifests if manifest.is_export is is_export]


def _good(newest_first: list[Manifest], committed: str, is_safe: Callable[[Manifest], bool]) -> Iterator[Manifest]:
    """Yield the last good version and, if that may still be lost, the one that replaces it."""
    best_first = sorted(newest_first, key=lambda manifest: _BEST_FIRST.index(manifest.outcome))
    yield from best_first[:1]
    others = (manifest for manifest in best_first if manifest.version != committed)
    stand_in = next(filter(is_safe, best_first), None) or next(others, None)
    if stand_in is not None:
        yield stand_in


def prune(store: Store, manifest: Manifest, rule: Retention | None) -> Pruned:
    """Remove the versions of a name that a retention does not keep; since the save is committed, a failure is a note.

    Two notebooks may prune at once: each removes only versions older than its own.

    Args:
        store: Where they are.
        manifest: The version that was just committed.
        rule: The retention; without one nothing is removed.
    """
    if rule is None:
        return Pruned()
    removed, notes = [], list(_doubts(manifest, rule))
    try:
        for item in _superseded_in(store, manifest, rule):
            if _remove_untagged(store, item):
                removed.append(item.version)  # noqa: PERF401 - those removed before an error count
    except ColabSaveError as error:
        notes.append(f"The save is committed, but not all older versions could be pruned: {error.references[0]}")
    return Pruned(tuple(removed), tuple(notes))


def _doubts(manifest: Manifest, rule: Retention) -> Iterator[str]:
    if rule.best and rule.best.metric not in manifest.metrics:
        metric = rule.best.metric
        wanted = option("metrics", f"{metric}=VALUE")
        hint = did_you_mean(metric, manifest.metrics) if manifest.metrics else f"Save it with {wanted}."
        yield f"This version has no metric {literal(repr(metric))}, by which the best one is kept. {hint}".strip()


def _superseded_in(store: Store, manifest: Manifest, rule: Retention) -> tuple[Manifest, ...]:
    """Return the versions in a store that can be removed; unreadable ones are left alone."""
    known = versions_of(store, manifest.name)
    if len(known) <= rule.newest:
        return ()
    read = readable(store, manifest.name)
    return superseded(read, rule, manifest.version, lambda item: store.upload_state(_keys(item)).is_done)


def _keys(manifest: Manifest) -> Mapping[str, int]:
    return keys_of(Place.of_version(manifest.name, manifest.version), manifest)


def _remove_untagged(store: Store, manifest: Manifest) -> bool:
    """Remove a version and return ``True``, unless it has been tagged, deleted or removed meanwhile."""
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
    """Remove a version for good, and its local copies.

    Its manifest is renamed first: Drive empties files before it deletes them, and a version with half a manifest would
    be listed as damaged. If the process dies, the rest is an unfinished version.

    Args:
        store: Where it is.
        name: The artifact's name.
        version: The version's id.
        key: The current file name of its manifest.

    Raises:
        NotFoundError: There is no such version.
        StoreError: The store refused.
    """
    _hide(store, Place.of_version(name, version).folder, key)
    _delete_hidden(store, name, version)


def _hide(store: Store, folder: str, key: str) -> None:
    store.move(f"{folder}/{key}", f"{folder}/{REMOVED}")


def _delete_hidden(store: Store, name: str, version: str) -> None:
    with contextlib.suppress(OSError):  # a copy that cannot be removed is trimmed later
        forget_copies(name, version)
    store.delete_folder(Place.of_version(name, version).folder)
