"""Find, list and fetch what has been committed to a store.

`loading` calls `find` or `find_plain`, and `fetch`; the doors list. Only what has a manifest exists here, and bytes
are matched to their digests before anything opens them.
"""

from __future__ import annotations

import fnmatch
import hashlib
import itertools
from collections.abc import Iterator
from pathlib import Path

from colab_save.errors import (
    DamagedFileError,
    DigestError,
    NotFoundError,
    UnknownNameError,
    UntrustedError,
    did_you_mean,
)
from colab_save.manifest import MANIFEST, FileFacts, Manifest
from colab_save.place import PREVIOUS, SIDECAR, Place, digest_of, is_in, is_sidecar
from colab_save.progress import OnStep, Stage, Step
from colab_save.stores.base import CHUNK, Store, expect
from colab_save.stores.local import partial_of
from colab_save.stores.refusals import refusing
from colab_save.target import NEWEST, VERSION, Target


def versions_of(store: Store, folder: str) -> list[str]:
    """List the version ids of a folder, committed or not, oldest first."""
    return [name.rstrip("/") for name in store.keys(folder) if name.endswith("/") and VERSION.fullmatch(name[:-1])]


def is_committed(store: Store, folder: str) -> bool:
    """Say whether the folder of a version has its manifest; without one it is litter."""
    return MANIFEST in store.keys(folder)


def read_manifest(store: Store, folder: str, name: str = MANIFEST) -> Manifest:
    """Read the manifest of a version; a deleted one has another name.

    Raises:
        NotFoundError: The folder has none: it is litter.
        UntrustedError: It is none, or that of another version.
    """
    key = f"{folder}/{name}"
    manifest = Manifest.from_json(store.read(key), f"{store.location}/{key}")
    if manifest.version != folder.rpartition("/")[2]:
        raise DamagedFileError(
            f"The manifest {store.location}/{key} is that of the version {manifest.version}.",
            "It was copied there; %listmodels shows the other versions.",
        )
    return manifest


def committed(store: Store, name: str, beginning: str = "") -> Iterator[Manifest]:
    """Give the committed versions of a name whose ids begin so, newest first.

    Raises:
        UntrustedError: A manifest that is none.
    """
    for version in reversed([version for version in versions_of(store, name) if version.startswith(beginning)]):
        try:
            yield read_manifest(store, f"{name}/{version}")
        except NotFoundError:  # litter
            continue


def list_versions(store: Store, pattern: str = "*") -> tuple[tuple[Manifest, ...], tuple[str, ...]]:
    """List the committed versions of every name that matches a pattern, newest first.

    Returns:
        The manifests, and in words each version whose manifest cannot be read.
    """
    found: list[Manifest] = []
    damaged: list[str] = []
    for name in names_of(store):
        if fnmatch.fnmatchcase(name, pattern):
            for version in versions_of(store, name):
                try:
                    found.append(read_manifest(store, f"{name}/{version}"))
                except NotFoundError:  # litter
                    continue
                except UntrustedError as error:
                    damaged.append(error.message)
    return tuple(sorted(found, key=lambda manifest: manifest.version, reverse=True)), tuple(damaged)


def names_of(store: Store) -> list[str]:
    """List the names in a store, whether anything of them is committed or not; what is beside a plain save is none."""
    folders = [name.rstrip("/") for name in store.keys("") if name.endswith("/") and not name.startswith(".")]
    return [name for name in folders if not is_sidecar(name)]


def find(store: Store, target: Target) -> tuple[Place, Manifest]:
    """Find the version that a target means.

    Raises:
        NotFoundError: There is no such name, or nothing of it is committed.
        UnknownNameError: No version has that tag or begins so, or several do.
        UntrustedError: Its manifest cannot be read.
    """
    wanted = "" if target.selector == NEWEST else target.selector
    chosen = list(_matching(store, target.name, wanted))
    if not chosen:
        raise _not_found(store, target)
    newest = chosen[0]
    if len(chosen) > 1:
        raise UnknownNameError(
            f"{target} is the beginning of {len(chosen)} versions: {', '.join(m.version for m in chosen[:4])}.",
            "Write more of it.",
        )
    return Place.of_version(target.name, newest.version), newest


def _matching(store: Store, name: str, wanted: str) -> Iterator[Manifest]:
    """Give the newest version, or the newest with that tag, or all that begin so."""
    if not wanted:
        yield from itertools.islice(committed(store, name), 1)
        return
    beginning = list(committed(store, name, wanted))
    tagged = (manifest for manifest in committed(store, name) if wanted in manifest.tags)
    yield from beginning or itertools.islice(tagged, 1)


def _not_found(store: Store, target: Target) -> NotFoundError | UnknownNameError:
    names = [
        name for name in names_of(store) if any(is_committed(store, f"{name}/{v}") for v in versions_of(store, name))
    ]
    if target.name not in names:
        hint = did_you_mean(target.name, names) or "Nothing has been saved there yet; --from names another store."
        return NotFoundError(f"There is no {target.name!r} in {store.location}.", hint)
    known = [word for manifest in committed(store, target.name) for word in (*manifest.tags, manifest.version)]
    return UnknownNameError(
        f"{target.name!r} in {store.location} has no version or tag {target.selector!r}.",
        did_you_mean(target.selector, known),
    )


def find_plain(store: Store, key: str) -> tuple[Place, Manifest] | None:
    """Find the manifest beside a plain payload: the one whose digests are the payload's own.

    A save that died while its payload took the old one's place is found where the payload still is.

    Returns:
        ``None`` when nothing was ever recorded beside it.

    Raises:
        DigestError: There are manifests, and the payload is none of theirs.
        UntrustedError: A manifest that is none.
    """
    recorded = []
    for manifest in committed(store, f"{key}{SIDECAR}"):
        place = Place.of_plain(key, manifest.version)
        if _is_whole(store, place, manifest):
            return place, manifest
        recorded.append((Place(place.folder), manifest))
    if store.keys(f"{key}{SIDECAR}/{PREVIOUS}") or not store.has(key):
        for place, manifest in recorded:
            if _is_whole(store, place, manifest):
                return place, manifest
    if recorded:
        raise DigestError(
            f"{store.location}/{key} is not what was saved there: its digest matches no manifest beside it.",
            f"It was changed or damaged since. To open it as it is, remove the folder {key}{SIDECAR} first.",
        )
    return None


def _is_whole(store: Store, place: Place, manifest: Manifest) -> bool:
    try:
        for file in manifest.files:
            if is_in(file.path, manifest.payloads[0].path):
                store.check(place.key(file.path, manifest), file.size, file.sha256)
    except (DigestError, NotFoundError):
        return False
    return True


def fetch(
    store: Store, place: Place, manifest: Manifest, paths: list[str], cache: Path, on_step: OnStep
) -> dict[str, Path]:
    """Bring files of an artifact within reach and match their digests.

    Args:
        store: Where they are.
        place: Which version.
        manifest: Its manifest.
        paths: The payloads and files that are wanted; a folder means everything in it.
        cache: The folder for copies of files that are not on a local disk.
        on_step: Told the bytes read.

    Returns:
        For each wanted path, the local file or folder.

    Raises:
        DigestError: A file is not what was saved.
        NotFoundError: A file is missing.
    """
    wanted = [file for file in manifest.files if any(is_in(file.path, path) for path in paths)]
    total, done = sum(file.size for file in wanted), 0
    for file in wanted:
        key = place.key(file.path, manifest)
        if store.path(key) is not None:
            store.check(key, file.size, file.sha256)
        else:
            _copy(store, key, file, cache)
        done += file.size
        on_step(Step(Stage.FETCH, done, total, file.path))
    found = {}
    for path in paths:
        local = store.path(place.key(path, manifest))
        found[path] = local if local is not None else cache / path
    return found


def _copy(store: Store, key: str, file: FileFacts, cache: Path) -> None:
    """Copy a file into the cache, unless it is there already, and match its digest on the way."""
    local = cache / file.path
    with refusing("write", str(local)):
        if local.is_file() and local.stat().st_size == file.size and digest_of(local) == file.sha256:
            return
        local.parent.mkdir(parents=True, exist_ok=True)
        partial = partial_of(cache)
        sha, copied = hashlib.sha256(), 0
        try:
            with store.get(key) as stream, partial.open("xb") as copy:
                while block := stream.read(CHUNK):
                    sha.update(block)
                    copied += len(block)
                    copy.write(block)
            expect(f"{store.location}/{key}", copied, sha.hexdigest(), file.size, file.sha256)
            partial.replace(local)
        finally:
            partial.unlink(missing_ok=True)
