"""What may be done to a committed version afterwards: other tags, delete, bring back.

The panel and scripts call these. A deleted version has its manifest under another name, so that no reader sees it and
one renaming brings it back; a save that comes a day later removes its files (`publishing`), or `delete_version` does.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from colab_save.errors import NotFoundError, TargetError, did_you_mean
from colab_save.finding import committed, find, names_of, read_manifest, versions_of
from colab_save.manifest import MANIFEST, Manifest
from colab_save.place import Place, deletion_in, deletion_now
from colab_save.pruning import remove
from colab_save.publishing import commit
from colab_save.stores import open_store
from colab_save.stores.base import Store
from colab_save.target import Target, check_tag
from colab_save.trusting import is_own, signed


def tag_version(target: str, tags: str | Iterable[str], *, source: str | None = None) -> Manifest:
    """Give a version exactly these tags; each of them moves there from the other versions of that name.

    Args:
        target: A name, ``name@tag`` or ``name@version-prefix``.
        tags: One tag or several; none takes all of them away.
        source: The store. Default: Drive in Colab, ``./models`` elsewhere.

    Returns:
        The manifest as it is now.

    Raises:
        NotFoundError: There is no such version.
        TargetError: A path, or a tag that cannot be one.
    """
    wanted = tuple(dict.fromkeys((tags,) if isinstance(tags, str) else tags))
    for tag in wanted:
        check_tag(tag)
    store, name = open_store(source), _name(target)
    _, manifest = find(store, name)
    tagged = _with_tags(store, manifest, wanted)
    for other in committed(store, manifest.name):
        if other.version != manifest.version and set(wanted) & set(other.tags):
            _with_tags(store, other, tuple(tag for tag in other.tags if tag not in wanted))
    return tagged


def delete_version(target: str, *, source: str | None = None, for_good: bool = False) -> Manifest:
    """Delete a version: nothing lists or loads it any more, and `restore_version` can bring it back for a day.

    Args:
        target: A name, ``name@tag`` or ``name@version-prefix``.
        source: The store. Default: Drive in Colab, ``./models`` elsewhere.
        for_good: Remove the files at once, to free their room; also of a version that was deleted before.

    Returns:
        The manifest of what was deleted.

    Raises:
        NotFoundError: There is no such version.
        TargetError: A path.
    """
    store, name = open_store(source), _name(target)
    if for_good and name.selector and (known := _deleted(store, name)):
        place, manifest = known
        remove(store, manifest, deletion_in(store.keys(place.folder)))
        return manifest
    place, manifest = find(store, name)
    if for_good:
        remove(store, manifest)
    else:
        store.move(f"{place.folder}/{MANIFEST}", f"{place.folder}/{deletion_now(datetime.now(UTC))}")
    return manifest


def restore_version(target: str, *, source: str | None = None) -> Manifest:
    """Bring back a version that was deleted and whose files are still there.

    Args:
        target: ``name@version-prefix``; a name alone means the newest that was deleted.
        source: The store. Default: Drive in Colab, ``./models`` elsewhere.

    Returns:
        Its manifest.

    Raises:
        NotFoundError: No such version is there.
        TargetError: A path.
    """
    store, name = open_store(source), _name(target)
    known = _deleted(store, name)
    if known is None:
        raise NotFoundError(
            f"There is no deleted version {str(name)!r} in {store.location}.",
            did_you_mean(name.name, names_of(store)) or "The files of a deleted version go a day later.",
        )
    place, manifest = known
    store.move(f"{place.folder}/{deletion_in(store.keys(place.folder))}", f"{place.folder}/{MANIFEST}")
    return manifest


def _name(target: str) -> Target:
    parsed = Target.parse(target)
    if parsed.path:
        raise TargetError(
            f"{parsed.path!r} is a path; only what was saved under a name has versions.", "Give a name such as cats."
        )
    return parsed


def _deleted(store: Store, target: Target) -> tuple[Place, Manifest] | None:
    """Find the newest deleted version that begins so."""
    for version in reversed(versions_of(store, target.name)):
        place = Place.of_version(target.name, version)
        key = deletion_in(store.keys(place.folder)) if version.startswith(target.selector) else ""
        if key:
            return place, read_manifest(store, place.folder, key)
    return None


def _with_tags(store: Store, manifest: Manifest, tags: tuple[str, ...]) -> Manifest:
    """Write a manifest with other tags; one that this user has signed is signed again, and no other."""
    if tags == manifest.tags:
        return manifest
    changed = replace(manifest, tags=tags, signature="")
    changed = signed(changed) if is_own(manifest) else replace(changed, signature=manifest.signature)
    with tempfile.TemporaryDirectory(prefix="colab_save_") as folder:
        commit(store, Place.of_version(manifest.name, manifest.version), Path(folder, "artifact"), changed)
    return changed
