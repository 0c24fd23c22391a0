"""Find the manifest of a plain save: the one beside the payload that has the payload's digests.

`locating` calls `find_plain`, then `find_plain_before` if that finds no whole version; `replacing` calls `is_whole`.
"""

from __future__ import annotations

from colab_save.artifact.layout import PREVIOUS, SIDECAR, Place, is_in
from colab_save.artifact.manifest import Manifest
from colab_save.errors import DamagedFileError, DigestError, NotFoundError
from colab_save.stores.base import Store, ignore_bytes
from colab_save.versions.finding import committed, read_manifest, versions_of


def find_plain(store: Store, key: str) -> tuple[Place, Manifest] | None:
    """Find the manifest beside a plain payload that has the payload's digests.

    If a save died while its payload was replacing the old one, the payload is found where it still is.

    Returns:
        ``None`` if there is no manifest beside it.

    Raises:
        DigestError: There are manifests, but none has the payload's digests.
        UntrustedError: A manifest cannot be read.
    """
    recorded = []
    for manifest in committed(store, f"{key}{SIDECAR}"):
        place = Place.of_plain(key, manifest.version)
        if is_whole(store, place, manifest):
            return place, manifest
        recorded.append((Place(place.folder), manifest))
    if store.keys(f"{key}{SIDECAR}/{PREVIOUS}") or not store.has(key):
        for place, manifest in recorded:
            if is_whole(store, place, manifest):
                return place, manifest
    if recorded:
        raise DigestError(
            f"{store.location}/{key} is not what was saved there: its digest matches no manifest beside it.",
            f"It has been changed or damaged since. To open it as it is, remove the folder {key}{SIDECAR} first.",
        )
    return None


def find_plain_before(store: Store, key: str) -> tuple[Place, Manifest] | None:
    """Find the newest whole version of a plain save after the upload of a newer one was lost.

    A replaced version waits in its own folder, see `replacing`. A payload at the path that has no manifest and is not
    cut off is somebody else's file: no older version is used in its place.

    Returns:
        ``None`` if there is none.
    """
    is_lost = not store.has(key)
    for version in reversed(versions_of(store, f"{key}{SIDECAR}")):
        place = Place.of_plain(key, version)
        try:
            manifest = read_manifest(store, place.folder)
        except NotFoundError:
            continue
        except DamagedFileError:
            is_lost = True
            continue
        if is_whole(store, place, manifest):
            return place, manifest
        is_lost = is_lost or _is_cut(store, place, manifest)
        if is_lost and is_whole(store, Place(place.folder), manifest):
            return Place(place.folder), manifest
    return None


def _is_cut(store: Store, place: Place, manifest: Manifest) -> bool:
    """Return whether a file of a payload is missing or shorter than it was, because its upload was cut off."""
    for file in manifest.files:
        if is_in(file.path, manifest.payloads[0].path):
            try:
                if store.digest(place.key(file.path, manifest), ignore_bytes)[0] < file.size:
                    return True
            except NotFoundError:
                return True
    return False


def is_whole(store: Store, place: Place, manifest: Manifest) -> bool:
    """Return whether the payload of a version has the sizes and digests in its manifest."""
    try:
        for file in manifest.files:
            if is_in(file.path, manifest.payloads[0].path):
                store.check(place.key(file.path, manifest), file.size, file.sha256)
    except (DigestError, NotFoundError):
        return False
    return True
