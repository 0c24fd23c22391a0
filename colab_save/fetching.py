"""Bring files of a version within reach, matched with their digests before anything opens them.

`locating` calls `fetch`. Files on a local disk stay where they are; others are copied into a cache.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from colab_save.errors import DigestError, NotFoundError
from colab_save.manifest import FileFacts, Manifest
from colab_save.place import Place, digest_of, is_in
from colab_save.progress import OnStep, Stage, Step
from colab_save.stores.base import CHUNK, Store, expect
from colab_save.stores.local import partial_of
from colab_save.stores.refusals import refusing


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
        DigestError: A file is not what was saved, or is missing.
    """
    wanted = [file for file in manifest.files if any(is_in(file.path, path) for path in paths)]
    total, done = sum(file.size for file in wanted), 0
    for file in wanted:
        key = place.key(file.path, manifest)
        try:
            if store.path(key) is not None:
                store.check(key, file.size, file.sha256)
            else:
                _copy(store, key, file, cache)
        except NotFoundError as error:
            raise DigestError(
                f"{store.location}/{key} is not there, and the manifest names it.",
                "It was removed, or never uploaded. Load another version (%listmodels shows them), or save again.",
            ) from error
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
