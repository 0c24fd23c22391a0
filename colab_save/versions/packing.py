"""Pack a payload that is a folder into one file, for a store where each file costs a round trip, as on Drive.

`saving.sealing` packs the stage, `publishing` writes the files that `stored` names, `fetching` unpacks. The manifest
has the digest of every file, so that unpacked files are checked as if they had never been packed.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import BinaryIO

from colab_save.artifact.layout import is_in
from colab_save.artifact.manifest import FileFacts, Manifest
from colab_save.disk import CHUNK, digest_of, partial_of
from colab_save.errors import DigestError
from colab_save.inspecting.archive import open_member, read_directory
from colab_save.os_errors import refusing
from colab_save.stores.base import expect

PACK = ".zip"
"""The suffix of a packed folder's file."""


def pack(stage: Path, folders: Iterable[str]) -> tuple[FileFacts, ...]:
    """Pack folders of a stage, each into one file beside it, uncompressed: weights hardly get smaller.

    Returns:
        The packs, with size and digest.
    """
    return tuple(_packed(stage, folder) for folder in folders)


def _packed(stage: Path, folder: str) -> FileFacts:
    file, inside = stage / f"{folder}{PACK}", stage / folder
    with zipfile.ZipFile(file, "w", strict_timestamps=False) as archive:
        for path in sorted(inside.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(inside.parent))
    return FileFacts(f"{folder}{PACK}", file.stat().st_size, digest_of(file))


def contents(manifest: Manifest, packed: FileFacts) -> list[FileFacts]:
    """Return the files that are in a pack."""
    folder = packed.path.removesuffix(PACK)
    return [file for file in manifest.files if is_in(file.path, folder)]


def stored(manifest: Manifest) -> tuple[FileFacts, ...]:
    """Return the files that a store has of a version, without its manifest."""
    inside = {file.path for packed in manifest.packed for file in contents(manifest, packed)}
    return (*(file for file in manifest.files if file.path not in inside), *manifest.packed)


def unpack(pack: Path, folder: str, files: Sequence[FileFacts], cache: Path) -> None:
    """Unpack files into a cache and match the digest of each; other files in the pack are not touched.

    Args:
        pack: The pack.
        folder: The folder that was packed, by its path in the artifact.
        files: The wanted files.
        cache: The folder for the artifact's files.

    Raises:
        DigestError: A file is missing, or is not what was saved.
        UntrustedError: The pack is not a zip file, or a hostile one.
    """
    base = folder.rpartition("/")[0]
    with pack.open("rb") as stream:
        members = read_directory(stream, str(pack))
        for file in files:
            member = members.get(file.path.removeprefix(f"{base}/" if base else ""))
            if member is None:
                raise DigestError(f"{pack} does not contain {file.path}.", "Load another version, or save again.")
            expect(f"{file.path} in {pack}", member.size, file.sha256, file.size, file.sha256)
            with refusing("write", str(cache / file.path)), open_member(stream, member, str(pack)) as source:
                copy_matched(source, cache, file, f"{file.path} in {pack}")


def copy_matched(source: BinaryIO, cache: Path, file: FileFacts, where: str) -> None:
    """Copy a file into a cache and match size and digest while copying; a file that differs is removed.

    Args:
        source: Its bytes.
        cache: The folder for the artifact's files.
        file: The expected path, size and digest.
        where: The name of the source in an error.

    Raises:
        DigestError: It is not what was saved.
    """
    local, partial = cache / file.path, partial_of(cache)
    local.parent.mkdir(parents=True, exist_ok=True)
    sha, copied = hashlib.sha256(), 0
    try:
        with partial.open("xb") as copy:
            while block := source.read(CHUNK):
                sha.update(block)
                copied += len(block)
                copy.write(block)
        expect(where, copied, sha.hexdigest(), file.size, file.sha256)
        partial.replace(local)
    finally:
        partial.unlink(missing_ok=True)
