"""The first steps of a load: from a target to files on the local disk whose digests match.

`loading` and `viewing` call `locate`, `choose_payload` and `fetch_payload`. No model file is opened here.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from colab_save.artifact.assets import ASSETS, is_asset, origins_of, places_of
from colab_save.artifact.collection import ARRAYS, TREE
from colab_save.artifact.layout import CODE_ARRAYS, CUSTOM_CODE, EXTRAS, STATE, Place, is_in
from colab_save.artifact.manifest import Manifest, Payload
from colab_save.artifact.parts import each_part
from colab_save.artifact.sample import FILE
from colab_save.disk import CHUNK
from colab_save.errors import ColabSaveError, DamagedFileError, DigestError, NotFoundError, RequestError
from colab_save.format_table import fills, suffixes
from colab_save.hints import action, literal, option
from colab_save.progress import OnStep
from colab_save.request.request import LoadRequest
from colab_save.stores.base import Store
from colab_save.stores.opening import open_folder_of, open_store
from colab_save.target import Target, without_secrets
from colab_save.versions.caching import cache_of
from colab_save.versions.fetching import fetch
from colab_save.versions.finding import Latest, find, find_latest, latest_of, readable, versions_of
from colab_save.versions.plain_files import find_plain, find_plain_before
from colab_save.wording import did_you_mean

INDEX = ".index"
"""The end of the name of a checkpoint's index; the path of a checkpoint is what the names of its files begin with."""


@dataclass(frozen=True, slots=True)
class Found:
    """The version or plain file that a target means.

    Attributes:
        store: Where it is.
        place: Its place in the store.
        manifest: Its manifest; ``None`` for a plain file without one.
        name: Its full name, or the path or URL.
        passed_over: A sentence for each newer version that is not whole.
        whole: For a part of a collection, the manifest of the collection, which is the one that is signed.
        exports: The newer exports of its name, which the name alone does not mean, newest first.
    """

    store: Store
    place: Place
    manifest: Manifest | None
    name: str
    passed_over: tuple[str, ...] = ()
    whole: Manifest | None = None
    exports: tuple[Manifest, ...] = ()

    @property
    def parts(self) -> dict[str, Found]:
        """Return each part of a collection by its name, as an artifact of its own; of a single model nothing."""
        if self.manifest is None or not self.manifest.parts:
            return {}
        folder = self.place.folder
        return {
            name: Found(self.store, Place(f"{folder}/{name}"), manifest, f"{self.name}, {name}", whole=self.manifest)
            for name, manifest in each_part(self.manifest).items()
        }

    @property
    def where(self) -> str:
        """Return where it is, as reports show it."""
        return f"{self.store.location}/{self.place.exact or self.place.folder}"


@dataclass(frozen=True, slots=True)
class Fetched:
    """The local files of one payload, whose digests match.

    Attributes:
        payload: The model file or folder.
        sample: The sample; ``None`` without one.
        code: The custom code; ``None`` without any.
        beside: The folder with the artifact's other files.
        extras: The folder with the extras; ``None`` without any.
        assets: The place of an asset on this disk for each text that stands for it in a config.
        origins: The path of an asset where the model was saved, by its place on this disk.
        state: The variables that the payload does not bring back; ``None`` without any.
    """

    payload: Path
    sample: Path | None = None
    code: Path | None = None
    beside: Path | None = None
    extras: Path | None = None
    assets: Mapping[str, str] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)
    state: Path | None = None


def locate(request: LoadRequest) -> Found:
    """Find what a target means.

    Raises:
        NotFoundError: There is no such name, version or file.
        DamagedFileError: The version's manifest cannot be read. Where the target names no version, the one before it is
            taken instead.
        DigestError: A plain file is not the one that its manifest describes.
        StoreError: The store is not available.
    """
    target = Target.parse(request.target)
    if not target.path:
        return _locate_version(open_store(request.source), target)
    if request.source is not None:
        shown, source = literal(repr(target.shown)), option("source", without_secrets(request.source))
        raise RequestError(
            f"{shown} is a path or URL, so {source} cannot be used with it.", f"Leave {option('source')} out."
        )
    store, key = open_folder_of(target.path)
    for name in (key, *(f"{key}{suffix}" for suffix in (*suffixes(), INDEX))):  # a save adds one to a path without
        known, passed_over = _plain(store, name)
        if known is not None:
            return Found(store, known[0], known[1], target.shown, passed_over)
        if store.has(name) and not versions_of(store, name):
            return Found(store, Place("", name), None, target.shown)
    near = [name.rstrip("/") for name in store.keys("")] if store.is_quick else []
    hint = _saved_name(store, key) or did_you_mean(key, near) or "Check the path."
    raise NotFoundError(f"There is no model file {literal(f'{store.location}/{key}')}.", hint)


def _saved_name(store: Store, key: str) -> str:
    """Return how to load what a path may have meant: the folder of a name in its store, or a name with a suffix."""
    if not store.is_quick:
        return ""
    if versions_of(store, key):
        return f"It is the folder of versions; {action('load', key, source=store.location)} loads the newest."
    name = key.removesuffix(max((suffix for suffix in suffixes() if key.endswith(suffix)), key=len, default=""))
    with suppress(ColabSaveError):  # the store of the settings may not be there, which is no reason to say so here
        usual = open_store(None)
        if name != key and usual.is_quick and versions_of(usual, name):
            return f"A model is saved as {literal(name)}; {action('load', name)} loads it."
    return ""


def _locate_version(store: Store, target: Target) -> Found:
    if not target.is_newest:
        return _found(store, target, Latest(find(store, target)[1]))
    try:
        return _found(store, target, find_latest(store, target))
    except DamagedFileError as error:
        if (latest := latest_of(readable(store, target.name))) is None:
            raise
        return _found(store, target, latest, (error.references[0],))


def _found(store: Store, target: Target, latest: Latest, passed_over: tuple[str, ...] = ()) -> Found:
    manifest = latest.manifest
    place = Place.of_version(target.name, manifest.version)
    return Found(store, place, manifest, f"{manifest.name}@{manifest.version}", passed_over, exports=latest.exports)


def _plain(store: Store, key: str) -> tuple[tuple[Place, Manifest] | None, tuple[str, ...]]:
    """Find the manifest beside a plain file, and a sentence for each version that was passed over."""
    try:
        return find_plain(store, key), ()
    except (DamagedFileError, DigestError) as error:
        if (older := find_plain_before(store, key)) is None:
            raise
        return older, (error.references[0],)


def step_back(found: Found, request: LoadRequest, error: DigestError) -> Found:
    """Find the version before the newest one, which turned out not to be whole.

    A runtime that ends before Drive has uploaded everything leaves such a version, and the one before it is the last
    good one. A version, tag or path that the user named is never replaced by another, nor a model by an export.

    Raises:
        DigestError: The error itself, if the user named a version or no older one of its kind can be read.
    """
    target, newest = Target.parse(request.target), found.manifest
    if newest is None or not target.is_newest:
        raise error
    before = readable(found.store, target.name, newest.version)
    older = next((manifest for manifest in before if manifest.is_export == newest.is_export), None)
    if older is None:
        raise error
    return _found(found.store, target, Latest(older, found.exports), (*found.passed_over, error.references[0]))


def choose_payload(found: Found, request: LoadRequest) -> Payload | None:
    """Return the payload of the requested format, by default the one that holds most and answers as the live model."""
    if found.manifest is None:
        return None
    payloads = {payload.format: payload for payload in found.manifest.payloads}
    if request.format is None:
        filling = (item for item in payloads.values() if request.into is not None and fills(item.format))
        return next(filling, found.manifest.default)
    if request.format not in payloads:
        other = f" {literal(name)} has it." if (name := _version_with(request.format, found)) else ""
        raise NotFoundError(
            f"{literal(found.name)} was not saved as {literal(request.format)}.",
            f"Choose one it has: {literal(', '.join(payloads))}.{other}",
        )
    return payloads[request.format]


def _version_with(format: str, found: Found) -> str:
    """Return the full name of the newest version of the same name that has a format; empty if there is none."""
    if found.place.exact or found.whole is not None:
        return ""
    others = readable(found.store, found.place.folder.rpartition("/")[0])
    return next((f"{other.name}@{other.version}" for other in others if format in other.formats), "")


def fetch_payload(found: Found, payload: Payload | None, work: Path, on_step: OnStep) -> Fetched:
    """Fetch the payload, the sample, the custom code and the files beside them."""
    manifest = found.manifest
    if manifest is None or payload is None:
        local = found.store.path(found.place.exact)
        return Fetched(local if local is not None else _copy_plain(found, work))
    others = [item.path for item in manifest.payloads if item != payload]
    paths = [file.path for file in manifest.files if file.path.split("/")[0] not in others]
    wanted = [payload.path, *(path for path in paths if path.split("/")[0] != payload.path)]
    local_files = fetch(found.store, found.place, manifest, wanted, cache_of(manifest), on_step)
    sample, code = local_files.get(FILE), local_files.get(CUSTOM_CODE)
    beside = next((path.parent for name, path in local_files.items() if name != payload.path and "/" not in name), None)
    extras, (assets, origins) = _extras_in(local_files), _assets_in(manifest, local_files)
    return Fetched(local_files[payload.path], sample, code, beside, extras, assets, origins, local_files.get(STATE))


def fetch_collection(found: Found, on_step: OnStep) -> Fetched:
    """Fetch the structure of a collection: the folder with its files, and the custom code.

    Raises:
        DamagedFileError: The artifact has none.
    """
    manifest = found.manifest
    names = {file.path for file in manifest.files} if manifest else set()
    if manifest is None or not {TREE, ARRAYS} <= names:
        raise DamagedFileError(f"{literal(found.name)} lacks {TREE} or {ARRAYS}.", "Load another version.")
    wanted = [
        name
        for name in sorted(names)
        if name in {TREE, ARRAYS, CODE_ARRAYS, CUSTOM_CODE} or is_in(name, EXTRAS) or is_in(name, ASSETS)
    ]
    local_files = fetch(found.store, found.place, manifest, wanted, cache_of(manifest), on_step)
    code, extras = local_files.get(CUSTOM_CODE), _extras_in(local_files)
    return Fetched(local_files[TREE].parent, None, code, None, extras, *_assets_in(manifest, local_files))


def _extras_in(files: Mapping[str, Path]) -> Path | None:
    """Return the folder of the extras."""
    return next((path.parent for name, path in files.items() if name.rpartition("/")[0] == EXTRAS), None)


def _assets_in(manifest: Manifest, files: Mapping[str, Path]) -> tuple[dict[str, str], dict[str, str]]:
    """Return where the fetched assets are for each text that stands for one, and where they come from."""
    folder = next((Path(str(path).removesuffix(name)) for name, path in files.items() if is_asset(name)), None)
    return ({}, {}) if folder is None else (places_of(manifest.assets, folder), origins_of(manifest.assets, folder))


def _copy_plain(found: Found, work: Path) -> Path:
    """Copy a file or folder without a manifest to the local disk."""
    key = found.place.exact
    for name in found.store.walk(key) or [key]:
        copy = work / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        with found.store.get(name) as stream, copy.open("wb") as file:
            while block := stream.read(CHUNK):
                file.write(block)
    return work / key
