"""Fetch files of a version to the local disk and match their digests before anything opens them.

`locating` and others call `fetch`. Files on a local disk stay where they are; others are copied into a cache.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from colab_save.artifact.layout import Place, is_in
from colab_save.artifact.manifest import FileFacts, Manifest
from colab_save.disk import digest_of
from colab_save.errors import DigestError, NotFoundError
from colab_save.hints import action
from colab_save.os_errors import refusing
from colab_save.progress import OnStep, Stage, Step
from colab_save.stores.base import Store
from colab_save.versions.caching import trim_cache
from colab_save.versions.packing import PACK, contents, copy_matched, unpack


def fetch(
    store: Store, place: Place, manifest: Manifest, paths: list[str], cache: Path, on_step: OnStep
) -> dict[str, Path]:
    """Fetch files of a version and match their digests.

    Args:
        store: Where they are.
        place: The version's place in it.
        manifest: Its manifest.
        paths: The wanted files and payloads; a folder means everything in it.
        cache: The folder for copies of files that are not on a local disk.
        on_step: Called with the bytes read.

    Returns:
        The local file or folder for each wanted path.

    Raises:
        DigestError: A file is missing, or is not what was saved.
        RequestError: A file was copied, and the setting ``cache_gb`` has a bad value.
    """
    wanted = [file for file in manifest.files if any(is_in(file.path, path) for path in paths)]
    total, done = sum(file.size for file in wanted), 0
    inside = {path: pack for pack in manifest.packed for path in contents(manifest, pack)}
    for file in wanted:
        _fetch_file(store, place.key(inside.get(file, file).path, manifest), file, inside, cache)
        done += file.size
        on_step(Step(Stage.FETCH, done, total, file.path))
    if cache.is_dir():
        trim_cache()
    found = {}
    for path in paths:
        is_packed = any(is_in(file.path, path) for file in inside)
        local = None if is_packed else store.path(place.key(path, manifest))
        found[path] = local if local is not None else cache / path
    return found


def _fetch_file(store: Store, key: str, file: FileFacts, inside: Mapping[FileFacts, FileFacts], cache: Path) -> None:
    """Fetch one file, from its own key or from the pack that it is in."""
    try:
        if file in inside:
            _unpack(store, key, file, inside, cache)
        elif store.path(key) is not None:
            store.check(key, file.size, file.sha256)
        else:
            _copy(store, key, file, cache)
    except NotFoundError as error:
        raise DigestError(
            f"{store.location}/{key} is missing, though the manifest names it.",
            f"It was removed, or never uploaded. Load another version ({action('list')} shows them), or save again.",
        ) from error


def _unpack(store: Store, key: str, file: FileFacts, inside: Mapping[FileFacts, FileFacts], cache: Path) -> None:
    """Unpack everything in a pack into the cache, unless it is there already."""
    if _is_copied(cache, file):
        return
    pack, local = inside[file], store.path(key)
    if local is not None:
        store.check(key, pack.size, pack.sha256)
    else:
        _copy(store, key, pack, cache)
    files = [other for other, where in inside.items() if where == pack]
    unpack(local or cache / pack.path, pack.path.removesuffix(PACK), files, cache)
    if local is None:
        (cache / pack.path).unlink(missing_ok=True)


def _is_copied(cache: Path, file: FileFacts) -> bool:
    """Return whether a file is in the cache as it was saved."""
    local = cache / file.path
    return local.is_file() and local.stat().st_size == file.size and digest_of(local) == file.sha256


def _copy(store: Store, key: str, file: FileFacts, cache: Path) -> None:
    """Copy a file into the cache, unless it is there already, and match its digest while copying."""
    local = cache / file.path
    with refusing("write", str(local)):
        if _is_copied(cache, file):
            return
        with store.get(key) as stream:
            copy_matched(stream, cache, file, f"{store.location}/{key}")
