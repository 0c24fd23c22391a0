"""Put one payload of a version at an exact path, byte for byte, with its manifest beside it, as a plain save does.

The terminal's ``load TARGET PATH`` calls `open_place` first, and `place_payload` once the version is verified. The
version itself stays where it is, so that no local copy is needed while the store uploads. Plain saves ask
`find_obstacle` too.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from colab_save.artifact.layout import SIDECAR, Place, is_in
from colab_save.artifact.manifest import Manifest, Payload, describe_files
from colab_save.artifact.readme import README
from colab_save.artifact.version import new_version
from colab_save.custom_code.signing import is_own, signed
from colab_save.errors import NotFoundError, TargetError
from colab_save.format_table import FORMATS
from colab_save.hints import literal
from colab_save.os_errors import refusing
from colab_save.progress import OnStep
from colab_save.stores.base import Store
from colab_save.stores.opening import open_folder_of
from colab_save.versions.caching import cache_of
from colab_save.versions.fetching import fetch
from colab_save.versions.finding import versions_of
from colab_save.versions.locating import Found
from colab_save.versions.publishing import publish


def place_payload(found: Found, format_name: str, path: str, on_step: OnStep) -> str:
    """Put the payload of a format at exactly a path; a model file that is there is removed only after that.

    Args:
        found: The version.
        format_name: The format of the payload.
        path: A path or URL.
        on_step: Called with the bytes fetched and written.

    Returns:
        Where it is, as reports show it.

    Raises:
        NotFoundError: The version has no such payload.
        TargetError: There is something that the payload may not replace.
        StoreError: The store is not available, read-only or full.
    """
    manifest = found.manifest
    payload = next((item for item in (manifest.payloads if manifest else ()) if item.format == format_name), None)
    if manifest is None or payload is None:
        raise NotFoundError(
            f"{literal(found.name)} was not saved as {literal(format_name)}.", "Choose a path with another suffix."
        )
    store, key = open_place(path, format_name)
    with tempfile.TemporaryDirectory(prefix="colab_save_") as work:
        stage = Path(work, "artifact")
        with refusing("write", str(stage)):
            _stage(found, manifest, payload, stage, on_step)
        newest = next(reversed(versions_of(store, f"{key}{SIDECAR}")), "")
        placed = _alone(manifest, payload, stage, key, newest)
        store.prepare(placed.size)
        publish(store, Place.of_plain(key, placed.version), stage, placed, on_step)
    return f"{store.location}/{key}"


def open_place(path: str, format_name: str) -> tuple[Store, str]:
    """Return the store and the key of an exact path that a payload of a format may be put at; nothing is written.

    Raises:
        TargetError: There is something that the payload may not replace.
        StoreError: The store is not available.
    """
    store, key = open_folder_of(path)
    if obstacle := find_obstacle(store, key, format_name):
        raise TargetError(f"{obstacle}.", "Choose another path: only a model of the same kind is replaced.")
    return store, key


def find_obstacle(store: Store, key: str, format_name: str) -> str:
    """Return what stands at an exact path and may not be replaced by a payload of a format; empty if nothing.

    A file may replace a file, and a folder a folder with nothing in it but what the format writes.
    """
    names, place = store.keys(key), f"{store.location}/{key}"
    record = FORMATS[format_name]
    if not record.is_folder:
        return f"{place} is a folder" if names else ""
    if not names:
        return f"{place} is a file" if store.has(key) else ""
    others = sorted(set(names) - record.contents)
    return f"{place} is a folder with {others[0]} in it" if others else ""


def _stage(found: Found, manifest: Manifest, payload: Payload, stage: Path, on_step: OnStep) -> None:
    """Copy the payload and everything that belongs to it; fetching matches the digests."""
    others = [item.path for item in manifest.payloads if item != payload]
    files = [file.path for file in manifest.files if not any(is_in(file.path, other) for other in others)]
    wanted = [payload.path, *(name for name in files if not is_in(name, payload.path) and name != README)]
    for name, local in fetch(found.store, found.place, manifest, wanted, cache_of(manifest), on_step).items():
        copy = stage / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if local.is_dir():
            shutil.copytree(local, copy)
        else:
            shutil.copyfile(local, copy)


def _alone(manifest: Manifest, payload: Payload, stage: Path, key: str, newest: str) -> Manifest:
    """Return the manifest of a version with this payload only, signed again if it was this user's own."""
    alone = replace(
        manifest,
        name=key,
        version=new_version(newest=newest),
        payloads=(payload,),
        files=describe_files(stage),
        packed=(),
        round_trips=tuple(trip for trip in manifest.round_trips if trip.format == payload.format),
        signature="",
    )
    return signed(alone) if is_own(manifest) else alone
