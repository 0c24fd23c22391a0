"""Bring back all that was saved together: each part as a single model is, then what held them.

`loading` calls `open_all`. If one part differs from what was saved, nothing is handed back.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from colab_save.artifact.collection import ARRAYS, COLLECTION, TREE, Collection, read_collection
from colab_save.artifact.round_trip import RoundTrip, skipped
from colab_save.collections.extras import read_extras
from colab_save.collections.joining import check_into, existing, join, put_into
from colab_save.collections.splitting import collection_of
from colab_save.custom_code.origins import packages_of
from colab_save.custom_code.signing import may_run
from colab_save.format_table import fills
from colab_save.inspecting.inspection import inspect_npz, inspect_recorded
from colab_save.inspecting.limits import MAX_SAMPLE
from colab_save.loading.custom_objects import Supplied, supply
from colab_save.loading.opening import Loaded, check_equal, open_model
from colab_save.progress import Clock, OnStep, Stage
from colab_save.proof.verdicts import judge_collection
from colab_save.request.request import LoadRequest
from colab_save.versions.locating import Fetched, Found, choose, fetch_collection


def open_all(found: Found, request: LoadRequest, work: Path, clock: Clock, on_step: OnStep) -> Loaded:
    """Bring back what a target means, one model or several.

    Args:
        found: Where it is.
        request: What the user wants.
        work: An empty folder for copies.
        clock: Told the stages.
        on_step: Told the progress.

    Raises:
        ColabSaveError: Any of the tree; `RoundTripError` when what came back is not what was saved.
    """
    if not found.parts:
        return open_model(found, request, work, clock, on_step)
    with clock.at(Stage.FETCH):
        fetched = fetch_collection(found, on_step)
    request = replace(request, trust=may_run(found.manifest, is_trusted=request.trust))
    with clock.at(Stage.LOAD):
        collection, supplied = _read(found, fetched, request)
    asked = _requests(found, collection, request)
    parts = {
        name: open_model(part, asked[name], work, clock, on_step, fetched.code) for name, part in found.parts.items()
    }
    with clock.at(Stage.LOAD):
        made = join(collection, {name: part.model for name, part in parts.items()}, supplied.objects)
    with clock.at(Stage.VERIFY):
        trip = _compare(collection, made, is_checked=request.verify)
        check_equal(found, trip)
    if request.into is not None:
        put_into(request.into, collection.tree, made)
    trips = (*(replace(part.trips[0], part=name) for name, part in parts.items()), trip)
    notes = (f"{name}: {note}" for name, part in parts.items() for note in part.notes)
    whole = made if request.into is None else request.into
    formats = "+".join(dict.fromkeys(part.format for part in parts.values()))
    extras = read_extras(fetched.extras)
    return Loaded(whole, formats, trips, (*supplied.notes, *notes, *collection.notes), extras.values)


def _read(found: Found, fetched: Fetched, request: LoadRequest) -> tuple[Collection, Supplied]:
    """Inspect what held the models, and supply the custom objects that it needs."""
    arrays = fetched.payload / ARRAYS
    stored = arrays.stat().st_size if arrays.is_file() else 0
    inspect_npz(arrays, max(MAX_SAMPLE, stored))
    collection = read_collection(fetched.payload)
    if request.into is not None:
        check_into(request.into, collection.tree)
    allowed = packages_of(found.manifest) if request.trust else frozenset()
    findings = inspect_recorded(collection.configs, None, f"{TREE} of {found.name}", allowed, stored=stored)
    return collection, supply(findings, fetched.code if findings.custom_names else None, is_allowed=request.trust)


def _requests(found: Found, collection: Collection, request: LoadRequest) -> dict[str, LoadRequest]:
    """Say what is wanted of each part: weights go into the model that stands in its place, where there is one."""
    plain = replace(request, into=None)
    held: Mapping[str, Any] = dict(existing(collection.tree, request.into))
    asked = {}
    for name, part in found.parts.items():
        payload = choose(part, plain)
        is_weights = payload is not None and fills(payload.format)
        asked[name] = replace(plain, into=held.get(name) if is_weights else None)
    return asked


def _compare(collection: Collection, made: Any, *, is_checked: bool) -> RoundTrip:
    if not is_checked:
        return skipped(COLLECTION, "not compared, as asked")
    began = time.perf_counter()
    return judge_collection(collection, collection_of(made), time.perf_counter() - began)
