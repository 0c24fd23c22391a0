"""The load line: resolve, fetch, inspect, load, verify. A request comes in, a `LoadReport` with the model goes out.

Digests are matched before anything opens a file, and the model is compared with the manifest in the notebook's own
process. A model that is not the one that was saved is never handed back without saying so.
"""

from __future__ import annotations

import contextlib
import hashlib
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from colab_save.errors import DigestError, NotFoundError, RequestError, RoundTripError, did_you_mean
from colab_save.examining import examine
from colab_save.finding import fetch, find, find_plain, list_versions
from colab_save.formats import get_format
from colab_save.formats.base import Context, Format
from colab_save.inspecting import Findings, Kind, inspect, inspect_npz
from colab_save.manifest import Manifest, Payload
from colab_save.place import CUSTOM_CODE, Place
from colab_save.progress import OnStep, Stage, Step, ignore_steps
from colab_save.report import Listing, LoadReport
from colab_save.request import LoadRequest
from colab_save.round_trip import Aspect, Outcome, RoundTrip, Verdict, skipped
from colab_save.sample import FILE, read_arrays
from colab_save.stores import open_folder_of, open_store
from colab_save.stores.base import Store
from colab_save.target import Target
from colab_save.trusting import Supplied, supply
from colab_save.verifying import answer_sample, judge, verdicts_of

FORMAT_OF = {Kind.KERAS: "keras", Kind.H5: "h5", Kind.WEIGHTS_H5: "weights", Kind.SAVED_MODEL: "saved_model"}
"""Which format opens what `inspecting` finds a file to be."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a target turned out to be.

    Attributes:
        store: Where it is.
        place: Where in it.
        manifest: Its manifest; ``None`` for a plain file that nobody recorded.
        name: The target, made exact.
    """

    store: Store
    place: Place
    manifest: Manifest | None
    name: str

    @property
    def where(self) -> str:
        """Say where it is, for a report."""
        return f"{self.store.location}/{self.place.exact or self.place.folder}"


@dataclass(frozen=True, slots=True)
class Fetched:
    """The files of one payload within reach, matched with their digests.

    Attributes:
        payload: The model file or folder.
        sample: The sample; ``None`` without one.
        code: The captured code; ``None`` without any.
        beside: The folder with the artifact's other files.
    """

    payload: Path
    sample: Path | None = None
    code: Path | None = None
    beside: Path | None = None


def load(request: LoadRequest, on_step: OnStep = ignore_steps) -> LoadReport:
    """Bring a model back and compare it with the one that was saved.

    Args:
        request: What the user wants.
        on_step: Told the progress.

    Raises:
        ColabSaveError: Any of the tree; `RoundTripError` when what came back is not what was saved.
    """
    seconds: dict[str, float] = {}
    on_step(Step(Stage.RESOLVE))
    with _timed(seconds, Stage.RESOLVE):
        found = resolve(request)
    with tempfile.TemporaryDirectory(prefix="colab_save_load_") as work:
        with _timed(seconds, Stage.FETCH):
            payload = _choose(found, request)
            fetched = _fetch(found, payload, Path(work), on_step)
        on_step(Step(Stage.LOAD))
        with _timed(seconds, Stage.LOAD):
            findings = inspect(fetched.payload)
            plug = get_format(payload.format if payload else _format_of(findings, fetched.payload))
            if request.into is not None and plug.name != "weights":
                raise RequestError(
                    f"--into loads weights into a model, and {found.name} is saved as {plug.name}.",
                    "Leave --into out: the whole model comes back. Or save with --format weights.",
                )
            supplied = supply(findings, fetched.code, found.manifest, is_trusted=request.trust)
            model = plug.load(fetched.payload, Context(supplied.objects, request.into, fetched.beside))
        on_step(Step(Stage.VERIFY))
        with _timed(seconds, Stage.VERIFY):
            trip = _compare(plug, model, found.manifest, fetched, is_checked=request.check)
    if trip.outcome is Outcome.FAILED:
        raise _not_equal(found, trip)
    return _report(found, plug, model, trip, supplied, seconds)


def resolve(request: LoadRequest) -> Found:
    """Find what a target means.

    Raises:
        NotFoundError: There is no such name, version or file.
        DigestError: A plain file is not the one that was recorded.
        StoreError: The store is not available.
    """
    target = Target.parse(request.target)
    if not target.path:
        store = open_store(request.source)
        place, manifest = find(store, target)
        return Found(store, place, manifest, f"{manifest.name}@{manifest.version}")
    if request.source is not None:
        raise RequestError(
            f"{target.path!r} says where the file is, and --from {request.source} does too.", "Leave --from out."
        )
    store, key = open_folder_of(target.path)
    for name in (key, *(f"{key}{suffix}" for suffix in (".keras", ".h5", ".weights.h5"))):  # as `saving` adds them
        known = find_plain(store, name)
        if known is not None:
            return Found(store, known[0], known[1], target.path)
        if store.has(name):
            return Found(store, Place("", name), None, target.path)
    near = [name.rstrip("/") for name in store.keys()] if store.kind == "local" else []
    raise NotFoundError(f"There is no {store.location}/{key}.", did_you_mean(key, near) or "Check the path.")


def _choose(found: Found, request: LoadRequest) -> Payload | None:
    """Pick the payload: the one that is asked for, else the one that keeps most, which is the first."""
    if found.manifest is None:
        if request.format is not None and request.format not in FORMAT_OF.values():
            get_format(request.format)
        return None
    payloads = {payload.format: payload for payload in found.manifest.payloads}
    if request.format is None:
        into = payloads.get("weights") if request.into is not None else None
        return into or found.manifest.payloads[0]
    if request.format not in payloads:
        raise NotFoundError(
            f"{found.name} was not saved as {request.format}.", f"It has: {', '.join(payloads)}."
        )
    return payloads[request.format]


def _fetch(found: Found, payload: Payload | None, work: Path, on_step: OnStep) -> Fetched:
    """Bring the payload, the sample, the code and what lies beside them within reach."""
    manifest = found.manifest
    if manifest is None or payload is None:
        local = found.store.path(found.place.exact)
        return Fetched(local if local is not None else _copy_plain(found, work))
    others = [item.path for item in manifest.payloads if item != payload]
    paths = [file.path for file in manifest.files if file.path.split("/")[0] not in others]
    wanted = [payload.path, *(path for path in paths if path.split("/")[0] != payload.path)]
    cache = _cache(manifest)
    local_files = fetch(found.store, found.place, manifest, wanted, cache, on_step)
    sample, code = local_files.get(FILE), local_files.get(CUSTOM_CODE)
    beside = next((path.parent for name, path in local_files.items() if name != payload.path), None)
    return Fetched(local_files[payload.path], sample, code, beside)


def _cache(manifest: Manifest) -> Path:
    """Name the folder for copies of an artifact's files; its name is a digest, so that it never holds anything else."""
    import platformdirs

    digest = hashlib.sha256(manifest.to_json().encode()).hexdigest()
    return platformdirs.user_cache_path("colab_save", appauthor=False) / digest[:32]


def _copy_plain(found: Found, work: Path) -> Path:
    """Copy a file or folder that nobody recorded to the local disk."""
    key = found.place.exact
    for name in found.store.walk(key) or [key]:
        copy = work / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        with found.store.get(name) as stream, copy.open("wb") as file:
            while block := stream.read(1 << 20):
                file.write(block)
    return work / key


def _format_of(findings: Findings, path: Path) -> str:
    if findings.kind not in FORMAT_OF:
        raise RequestError(
            f"{path} is a TensorFlow checkpoint: weights without a model.",
            "Make the model, then tf.train.Checkpoint(model=model).restore(path), and save it with %savemodel.",
        )
    return FORMAT_OF[findings.kind]


def _compare(plug: Format, model: Any, manifest: Manifest | None, fetched: Fetched, *, is_checked: bool) -> RoundTrip:
    """Compare what came back with the manifest's facts and its sample, here and now."""
    if manifest is None:
        return skipped(plug.name, "a plain file: nothing was recorded to compare with")
    if not is_checked:
        return skipped(plug.name, "not compared, as asked")
    began = time.perf_counter()
    facts = examine(model)
    sample = manifest.sample
    if fetched.sample is None or not sample.path:
        verdicts = verdicts_of(plug, manifest.facts, facts)
        outputs = Verdict(Outcome.SKIPPED, "no sample was recorded")
        return RoundTrip(plug.name, {Aspect.OUTPUTS: outputs, **verdicts}, (), time.perf_counter() - began)
    inspect_npz(fetched.sample)
    actual = answer_sample(plug, model, fetched.sample, sample)
    expected = read_arrays(fetched.sample, sample.outputs)
    return judge(plug, manifest.facts, facts, sample, expected, actual, time.perf_counter() - began)


def _not_equal(found: Found, trip: RoundTrip) -> RoundTripError:
    return RoundTripError(
        f"{found.name} came back different from what was saved: {trip.reason}.",
        "Load another version or --format; --no-check hands this one back as it is.",
    )


def _report(
    found: Found, plug: Format, model: Any, trip: RoundTrip, supplied: Supplied, seconds: dict[str, float]
) -> LoadReport:
    return LoadReport(
        model=model,
        target=found.name,
        where=found.where,
        format=plug.name,
        round_trip=trip,
        manifest=found.manifest,
        notes=supplied.notes,
        size=found.manifest.size if found.manifest else 0,
        seconds=seconds,
    )


def list_models(pattern: str = "*", source: str | None = None) -> Listing:
    """List the committed versions in a store, newest first.

    Args:
        pattern: Names to list, with ``*`` and ``?``.
        source: The store. Default: Drive in Colab, ``./models`` elsewhere.

    Raises:
        StoreError: The store is not available.
    """
    store = open_store(source)
    manifests, damaged = list_versions(store, pattern)
    return Listing(store.location, store.kind, manifests, damaged)


@contextlib.contextmanager
def _timed(seconds: dict[str, float], stage: Stage) -> Iterator[None]:
    began = time.perf_counter()
    try:
        yield
    finally:
        seconds[stage] = seconds.get(stage, 0.0) + time.perf_counter() - began
