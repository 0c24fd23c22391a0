"""Find the committed versions in a store: those with a manifest.

`locating` and `curating` call `find`, `listing` calls `contents_of` and `deleted`.
"""

from __future__ import annotations

import contextlib
import fnmatch
import itertools
from collections.abc import Iterator
from typing import NamedTuple

from colab_save.artifact.layout import Place, deletion_in, is_sidecar
from colab_save.artifact.manifest import MANIFEST, Manifest
from colab_save.errors import DamagedFileError, NotFoundError, UnknownNameError, UntrustedError
from colab_save.hints import action, literal, option
from colab_save.stores.base import Store
from colab_save.target import NEWEST, VERSION, Target
from colab_save.wording import did_you_mean

NAMED = 4
"""Most versions that an error names."""


def versions_of(store: Store, folder: str) -> list[str]:
    """List the version ids in a folder, committed or not, oldest first."""
    return [name.rstrip("/") for name in store.keys(folder) if name.endswith("/") and VERSION.fullmatch(name[:-1])]


def is_committed(store: Store, folder: str) -> bool:
    """Return whether a version's folder has its manifest; without one it is unfinished."""
    return MANIFEST in store.keys(folder)


def read_manifest(store: Store, folder: str, name: str = MANIFEST) -> Manifest:
    """Read the manifest of a version; that of a deleted one has another file name.

    Raises:
        NotFoundError: The folder has none: the version is unfinished.
        UntrustedError: It cannot be read, or is that of another version.
    """
    key = f"{folder}/{name}"
    manifest = Manifest.from_json(store.read(key), f"{store.location}/{key}")
    if manifest.version != folder.rpartition("/")[2]:
        raise DamagedFileError(
            f"The manifest {store.location}/{key} belongs to the version {manifest.version}.",
            f"It was copied there; {action('list')} shows the other versions.",
        )
    return manifest


def committed(store: Store, name: str, beginning: str = "") -> Iterator[Manifest]:
    """Yield the committed versions of a name whose ids begin so, newest first.

    Raises:
        UntrustedError: A manifest cannot be read.
    """
    for version in reversed([version for version in versions_of(store, name) if version.startswith(beginning)]):
        try:
            yield read_manifest(store, f"{name}/{version}")
        except NotFoundError:  # unfinished
            continue


class Contents(NamedTuple):
    """The versions in a store whose names match a pattern.

    Attributes:
        manifests: The committed versions, newest first.
        damaged: A sentence for each version whose manifest cannot be read.
        unfinished: The folders without a manifest, of saves that died or are still running.
    """

    manifests: tuple[Manifest, ...]
    damaged: tuple[str, ...]
    unfinished: tuple[str, ...]


def contents_of(store: Store, pattern: str = "*") -> Contents:
    """Read every version of every name that matches a pattern; deleted versions are left out."""
    found: list[Manifest] = []
    damaged: list[str] = []
    unfinished: list[str] = []
    for name in (name for name in names_of(store) if fnmatch.fnmatchcase(name, pattern)):
        for version in versions_of(store, name):
            folder = f"{name}/{version}"
            try:
                found.append(read_manifest(store, folder))
            except NotFoundError:
                unfinished += [] if deletion_in(store.keys(folder)) else [folder]
            except UntrustedError as error:
                damaged.append(error.references[0])
    newest_first = sorted(found, key=lambda manifest: manifest.version, reverse=True)
    return Contents(tuple(newest_first), tuple(damaged), tuple(unfinished))


def names_of(store: Store) -> list[str]:
    """List the names in a store, also those without a committed version, but no folders beside plain saves."""
    folders = [name.rstrip("/") for name in store.keys("") if name.endswith("/") and not name.startswith(".")]
    return [name for name in folders if not is_sidecar(name)]


def find(store: Store, target: Target) -> tuple[Place, Manifest]:
    """Find the version that a target means.

    Raises:
        NotFoundError: There is no such name, or it has no committed version.
        UnknownNameError: No version has that tag or id, or several ids begin so.
        UntrustedError: Its manifest cannot be read.
    """
    wanted = "" if target.selector == NEWEST else target.selector
    chosen = list(_matching(store, target.name, wanted))
    if not chosen:
        raise _not_found(store, target)
    newest = chosen[0]
    if len(chosen) > 1:
        named = [manifest.version for manifest in chosen[:NAMED]] + ["…"] * (len(chosen) > NAMED)
        raise UnknownNameError(
            f"{literal(str(target))} matches {len(chosen)} versions: {', '.join(named)}.",
            "Write more of the id.",
        )
    return Place.of_version(target.name, newest.version), newest


def readable(store: Store, name: str, before: str = "") -> Iterator[Manifest]:
    """Yield the readable committed versions of a name, newest first; with an id, those before it."""
    for version in reversed(versions_of(store, name)):
        if not before or version < before:
            with contextlib.suppress(NotFoundError, UntrustedError):  # unfinished, or damaged
                yield read_manifest(store, f"{name}/{version}")


def deleted(store: Store, name: str, beginning: str = "") -> Iterator[tuple[str, Manifest]]:
    """Yield the deleted versions whose ids begin so, newest first: each manifest's file name and the manifest."""
    for version in reversed(versions_of(store, name)):
        folder = Place.of_version(name, version).folder
        key = deletion_in(store.keys(folder)) if version.startswith(beginning) else ""
        if key:
            with contextlib.suppress(NotFoundError, UntrustedError):  # gone meanwhile, or damaged
                yield key, read_manifest(store, folder, key)


def _matching(store: Store, name: str, wanted: str) -> Iterator[Manifest]:
    """Yield the newest version, or all whose ids begin so, or the newest readable one with that tag."""
    if not wanted:
        yield from itertools.islice(committed(store, name), 1)
        return
    beginning = list(committed(store, name, wanted))
    tagged = (manifest for manifest in readable(store, name) if wanted in manifest.tags)
    yield from beginning or itertools.islice(tagged, 1)


def _not_found(store: Store, target: Target) -> NotFoundError | UnknownNameError:
    names = [
        name for name in names_of(store) if any(is_committed(store, f"{name}/{v}") for v in versions_of(store, name))
    ]
    if target.name not in names:
        hint = (
            did_you_mean(target.name, names)
            or f"Nothing has been saved there yet; choose another store with {option('source')}."
        )
        return NotFoundError(f"There is no {literal(repr(target.name))} in {literal(store.location)}.", hint)
    known = [word for manifest in committed(store, target.name) for word in (*manifest.tags, manifest.version)]
    return UnknownNameError(
        f"{literal(f'{target.name!r} in {store.location}')} has no version or tag {literal(repr(target.selector))}.",
        did_you_mean(target.selector, known),
    )
