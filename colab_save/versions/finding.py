"""Find the committed versions in a store: those with a manifest.

`locating` and `curating` call `find`, `listing` calls `contents_of` and `deleted`.
"""

from __future__ import annotations

import contextlib
import fnmatch
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from colab_save.artifact.layout import Place, deletion_in, is_sidecar
from colab_save.artifact.manifest import MANIFEST, Manifest
from colab_save.artifact.round_trip import Outcome
from colab_save.errors import DamagedFileError, NotFoundError, UnknownNameError, UntrustedError
from colab_save.hints import action, literal, option
from colab_save.stores.base import Store
from colab_save.target import VERSION, Target
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


class Latest(NamedTuple):
    """The version that a name alone means: the newest that is no export, else the newest export.

    Attributes:
        manifest: Its manifest.
        exports: The exports of that name that are newer, newest first.
    """

    manifest: Manifest
    exports: tuple[Manifest, ...] = ()


def latest_of(newest_first: Iterable[Manifest]) -> Latest | None:
    """Return the version that a name alone means, and read no more than needed; ``None`` if there is none."""
    exports: list[Manifest] = []
    for manifest in newest_first:
        if not manifest.is_export:
            return Latest(manifest, tuple(exports))
        exports.append(manifest)
    return Latest(exports[0]) if exports else None


def exports_in_words(exports: Sequence[Manifest]) -> str:
    """Return a sentence with the exports that are newer than what a name alone means; empty without any."""
    if not exports:
        return ""
    named = [f"{item.name}@{item.version} ({', '.join(item.formats)})" for item in exports[:NAMED]]
    more = f" and {len(exports) - NAMED} more" if len(exports) > NAMED else ""
    newer = "A newer version is an export" if len(exports) == 1 else f"{len(exports)} newer versions are exports"
    return f"{newer}, which the name alone does not mean: {literal(', '.join(named))}{more}."


def passed_in_words(store: Store, partial: Manifest) -> str:
    """Return a sentence with the newest version that PASSED, of the name of one that was saved in part."""
    alike = (each for each in readable(store, partial.name) if each.is_export == partial.is_export)
    passed = next((each for each in alike if each.outcome is Outcome.PASSED), None)
    if passed is None:
        return ""
    target = f"{passed.name}@{passed.version}"
    return f"The newest version that {Outcome.PASSED} is loaded by {action('load', target, name='model')}."


def find_latest(store: Store, target: Target) -> Latest:
    """Find the version that a name alone means.

    Raises:
        NotFoundError: There is no such name, or it has no committed version.
        UntrustedError: A manifest that may be its manifest cannot be read.
    """
    if (latest := latest_of(committed(store, target.name))) is None:
        raise _not_found(store, target)
    return latest


def find(store: Store, target: Target) -> tuple[Place, Manifest]:
    """Find the version that a target means.

    Raises:
        NotFoundError: There is no such name, or it has no committed version.
        UnknownNameError: No version has that tag or id, or several ids begin so.
        UntrustedError: Its manifest cannot be read.
    """
    manifest = find_latest(store, target).manifest if target.is_newest else _find_selected(store, target)
    return Place.of_version(target.name, manifest.version), manifest


def _find_selected(store: Store, target: Target) -> Manifest:
    """Find the version whose id begins as the target says, or the newest readable one with that tag."""
    chosen = list(committed(store, target.name, target.selector))
    if len(chosen) > 1:
        named = [manifest.version for manifest in chosen[:NAMED]] + ["…"] * (len(chosen) > NAMED)
        raise UnknownNameError(
            f"{literal(str(target))} matches {len(chosen)} versions: {', '.join(named)}.",
            "Write more of the id.",
        )
    tagged = (manifest for manifest in readable(store, target.name) if target.selector in manifest.tags)
    if (found := next(iter(chosen), None) or next(tagged, None)) is None:
        raise _not_found(store, target)
    return found


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
