"""Load a single model, or a collection: each part like a single model, then the collection around them.

The pipeline calls `open_all`. If one part differs from what was saved, nothing is returned.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from colab_save.artifact.collection import ARRAYS, COLLECTION, TREE, Collection, load_order, read_collection
from colab_save.artifact.round_trip import NOT_VERIFIED, RoundTrip, skipped
from colab_save.collections.extras import read_extras
from colab_save.collections.joining import check_into, existing, join, put_into
from colab_save.collections.rejoining import Owners
from colab_save.collections.splitting import collection_of
from colab_save.custom_code.origins import packages_of
from colab_save.custom_code.signing import may_run
from colab_save.errors import UntrustedCodeError
from colab_save.format_table import fills
from colab_save.hints import literal, option
from colab_save.inspecting.findings import CustomName
from colab_save.inspecting.inspection import inspect_npz, inspect_recorded
from colab_save.inspecting.limits import MAX_SAMPLE
from colab_save.loading.custom_objects import Supplied, supply, supply_classes
from colab_save.loading.opening import Loaded, check_equal, open_model
from colab_save.progress import Clock, Stage
from colab_save.proof.verdicts import judge_collection
from colab_save.request.request import LoadRequest
from colab_save.types import Model
from colab_save.versions.locating import Fetched, Found, choose_payload, fetch_collection


def open_all(found: Found, request: LoadRequest, work: Path, clock: Clock) -> Loaded:
    """Load what a target means, a single model or a collection.

    Args:
        found: Where it is.
        request: What the user wants.
        work: An empty folder for copies.
        clock: Reports the stages and the progress.

    Raises:
        ColabSaveError: Any of its subclasses; `RoundTripError` if the loaded model differs from the saved one.
    """
    if not found.parts:
        return open_model(found, request, work, clock)
    with clock.at(Stage.FETCH):
        fetched = fetch_collection(found, clock.on_step)
    request = replace(request, trust=may_run(found.manifest, is_trusted=request.trust))
    with clock.at(Stage.LOAD):
        collection, supplied = _read(found, fetched, request)
    requests = _requests(found, collection, request)
    is_new = not request.convert and all(each.into is None for each in requests.values())
    parts = dict[str, Loaded]()
    for name in load_order(collection.shared, found.parts):
        shared = tuple(each for each in collection.shared if each.part == name and is_new)
        owners = Owners(shared, {owner: part.model for owner, part in parts.items()})
        parts[name] = open_model(found.parts[name], requests[name], work, clock, fetched, owners)
    parts = {name: parts[name] for name in found.parts}
    with clock.at(Stage.LOAD):
        models = {name: part.model for name, part in parts.items()}
        made = join(collection, models, supplied.objects, is_trusted=request.trust)
    with clock.at(Stage.VERIFY):
        trip = _compare(collection, made, is_verified=request.verify, is_new=is_new)
        check_equal(found, trip)
    if request.into is not None:
        put_into(request.into, collection.tree, made)
    trips = (*(replace(part.trips[0], part=name) for name, part in parts.items()), trip)
    of_parts = (f"{literal(name)}: {note}" for name, part in parts.items() for note in part.notes)
    whole = made if request.into is None else request.into
    formats = "+".join(dict.fromkeys(part.format for part in parts.values()))
    extras = read_extras(fetched.extras, partial(supply_classes, code=fetched.code), is_trusted=request.trust)
    own = sum((fetched.payload / name).stat().st_size for name in (TREE, ARRAYS))
    size = own + sum(part.size for part in parts.values())
    notes = (*supplied.notes, *of_parts, *map(literal, collection.notes))
    return Loaded(whole, formats, trips, notes, size, extras, request.trust)


def _read(found: Found, fetched: Fetched, request: LoadRequest) -> tuple[Collection, Supplied]:
    """Inspect and read the collection, and supply the custom objects that it needs."""
    arrays = fetched.payload / ARRAYS
    stored = arrays.stat().st_size if arrays.is_file() else 0
    inspect_npz(arrays, max(MAX_SAMPLE, stored))
    collection = read_collection(fetched.payload)
    if request.into is not None:
        check_into(request.into, collection.tree)
    allowed = packages_of(found.manifest) if request.trust else frozenset()
    findings = inspect_recorded(collection.configs, None, f"{TREE} of {found.name}", allowed, stored=stored)
    if collection.made and not request.trust:
        raise UntrustedCodeError(
            f"Opening it would make objects of {literal(', '.join(collection.made[:4]))} as the file has them.",
            f"If you trust where it came from, add {option('trust')}.",
        )
    names = {*findings.custom_names, *(CustomName("", name) for name in collection.made)}
    findings = replace(findings, custom_names=tuple(sorted(names)))
    code = fetched.code if findings.custom_names or findings.homonyms else None
    return collection, supply(findings, code, is_allowed=request.trust)


def _requests(found: Found, collection: Collection, request: LoadRequest) -> dict[str, LoadRequest]:
    """Return the request for each part; weights are loaded into the model in its place, if the user gave one."""
    plain = replace(request, into=None)
    live: Mapping[str, Model] = dict(existing(collection.tree, request.into))
    requests = {}
    for name, part in found.parts.items():
        payload = choose_payload(part, plain)
        is_weights = payload is not None and fills(payload.format)
        requests[name] = replace(plain, into=live.get(name) if is_weights else None)
    return requests


def _compare(collection: Collection, made: Any, *, is_verified: bool, is_new: bool) -> RoundTrip:
    """Compare what came back; the user's own models, and those that were made anew, share what they share."""
    if not is_verified:
        return skipped(COLLECTION, NOT_VERIFIED)
    began, actual = time.perf_counter(), collection_of(made)
    if not is_new:
        collection, actual = (replace(each, shared=()) for each in (collection, actual))
    return judge_collection(collection, actual, time.perf_counter() - began)
