"""Find what is known of the payload of a plain save: the manifest beside it whose digests are its own.

`locating` calls `find_plain`, then `find_plain_before` where that finds nothing whole; `replacing` asks `is_whole`.
"""

from __future__ import annotations

from colab_save.artifact.layout import PREVIOUS, SIDECAR, Place, is_in
from colab_save.artifact.manifest import Manifest
from colab_save.errors import DamagedFileError, DigestError, NotFoundError
from colab_save.stores.base import Store, ignore_bytes
from colab_save.versions.finding import committed, read_manifest, versions_of


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
            f"It was changed or damaged since. To open it as it is, remove the folder {key}{SIDECAR} first.",
        )
    return None


def find_plain_before(store: Store, key: str) -> tuple[Place, Manifest] | None:
    """Find the newest version of a plain save that is whole, when the newest one is not: its upload was lost.

    A version that was replaced waits in its own folder, see `replacing`. Bytes at the place that nobody recorded, and
    that are not cut off, are somebody's own: nothing stands in for them.

    Returns:
        ``None`` when there is none.
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
    """Say whether a file of a payload is missing or shorter than it was: never uploaded, or not all of it."""
    for file in manifest.files:
        if is_in(file.path, manifest.payloads[0].path):
            try:
                if store.digest(place.key(file.path, manifest), ignore_bytes)[0] < file.size:
                    return True
            except NotFoundError:
                return True
    return False


def is_whole(store: Store, place: Place, manifest: Manifest) -> bool:
    """Say whether the payload of a version is what its manifest says."""
    try:
        for file in manifest.files:
            if is_in(file.path, manifest.payloads[0].path):
                store.check(place.key(file.path, manifest), file.size, file.sha256)
    except (DigestError, NotFoundError):
        return False
    return True
