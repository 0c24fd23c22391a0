"""The load line: resolve, fetch, inspect, load, verify. A request comes in, a `LoadReport` with the model goes out.

Digests are matched before anything opens a file, and the model is compared with the manifest in the notebook's own
process. A model that is not the one that was saved is never handed back without saying so.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from colab_save.configs import Configs, rebuilding
from colab_save.errors import RequestError, RoundTripError
from colab_save.examining import examine, kind_of
from colab_save.finding import list_versions
from colab_save.formats import get_format
from colab_save.formats.base import Context, Format
from colab_save.formats.weights import ARCHITECTURE
from colab_save.inspecting import (
    Findings,
    Kind,
    inspect,
    inspect_architecture,
    inspect_npz,
    inspect_recorded,
    needs_child,
)
from colab_save.judging import answer_sample, answers_of, judge, verdicts_of
from colab_save.locating import Fetched, Found, bring, choose, locate
from colab_save.manifest import Manifest
from colab_save.precision import made_in
from colab_save.progress import Clock, OnStep, Stage, ignore_steps
from colab_save.repairing import Record, repair, unbuilt
from colab_save.report import Listing, LoadReport
from colab_save.request import LoadRequest
from colab_save.round_trip import Aspect, Outcome, RoundTrip, Verdict, skipped
from colab_save.stores import open_store
from colab_save.trusting import is_own, may_run, packages_of, supply
from colab_save.trying import try_opening

FORMAT_OF = {Kind.KERAS: "keras", Kind.H5: "h5", Kind.WEIGHTS_H5: "weights", Kind.SAVED_MODEL: "saved_model"}
"""Which format opens what `inspecting` finds a file to be."""


def load(request: LoadRequest, on_step: OnStep = ignore_steps) -> LoadReport:
    """Bring a model back and compare it with the one that was saved.

    Args:
        request: What the user wants.
        on_step: Told the progress.

    Raises:
        ColabSaveError: Any of the tree; `RoundTripError` when what came back is not what was saved.
    """
    clock = Clock(on_step)
    with clock.at(Stage.RESOLVE):
        found = locate(request)
    with tempfile.TemporaryDirectory(prefix="colab_save_load_") as work:
        with clock.at(Stage.FETCH):
            payload = choose(found, request)
            fetched = bring(found, payload, Path(work), on_step)
        with clock.at(Stage.LOAD):
            plug, model, notes = _open(found, fetched, request)
        with clock.at(Stage.VERIFY):
            trip = _compare(plug, model, found.manifest, fetched, is_checked=request.check)
    if trip.outcome is Outcome.FAILED:
        raise _not_equal(found, trip)
    return LoadReport(
        model=model,
        target=found.name,
        where=found.where,
        format=plug.name,
        round_trip=trip,
        manifest=found.manifest,
        notes=notes,
        size=found.manifest.size if found.manifest else 0,
        seconds=clock.seconds,
    )


def _open(found: Found, fetched: Fetched, request: LoadRequest) -> tuple[Format, Any, tuple[str, ...]]:
    """Inspect what is to be opened, supply the custom objects that it needs, and load it.

    Returns:
        The format, the model, and what the user should know.
    """
    is_allowed = may_run(found.manifest, is_trusted=request.trust)
    allowed = packages_of(found.manifest) if is_allowed else frozenset()
    findings = inspect(fetched.payload, allowed)
    plug = get_format(_format_of(findings, fetched.payload))
    if request.into is not None and plug.name != "weights":
        raise RequestError(
            f"--into loads weights into a model, and {found.name} is saved as {plug.name}.",
            "Leave --into out: the whole model comes back. Or save with --format weights.",
        )
    if plug.name == "weights" and request.into is None:
        findings = _inspect_architecture(fetched, allowed) or findings
    record = Record.of(found.manifest.facts) if found.manifest else Record()
    is_foreign = found.manifest is None or not is_own(found.manifest)
    if is_foreign and found.manifest is not None:
        findings = _with_record(findings, record, found.manifest, allowed)
    supplied = supply(findings, fetched.code, is_allowed=is_allowed)
    context = Context(supplied.objects, request.into, fetched.beside, is_safe=not findings.runs_code)
    if is_foreign and needs_child(findings):
        code = fetched.code if is_allowed else None
        try_opening(plug, fetched.payload, context, code, request.timeout, findings.risks)
    if request.into is not None:  # how the user's own model trains is the user's business
        record = Record(builds=record.builds)
    notes = supplied.notes
    with made_in(record.policy or findings.policy, record.floatx), rebuilding(supplied.objects, record.objects):
        model = plug.load(fetched.payload, context)
        if kind_of(model) == "keras":
            notes += repair(model, fetched.payload, record, supplied.objects)
    if kind_of(model) == "keras":
        notes += tuple(f"{path} has no weights after loading." for path in unbuilt(model))
    return plug, model, notes


def _inspect_architecture(fetched: Fetched, allowed: frozenset[str]) -> Findings | None:
    """Inspect what weights are loaded into; ``None`` where nothing lies beside them."""
    architecture = (fetched.beside or fetched.payload.parent) / ARCHITECTURE
    if not architecture.is_file():
        return None
    return inspect_architecture(architecture, allowed, stored=fetched.payload.stat().st_size)


def _with_record(findings: Findings, record: Record, manifest: Manifest, allowed: frozenset[str]) -> Findings:
    """Inspect what a repair would make out of a manifest that is not the user's own, and add what that needs."""
    where = f"The manifest of {manifest.name}@{manifest.version}"
    more = inspect_recorded(record.held, record.builds, where, allowed, stored=manifest.size)
    names = tuple(sorted({*findings.custom_names, *more.custom_names}))
    return replace(findings, custom_names=names, runs_code=findings.runs_code + more.runs_code)


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
    with Configs.of(model).whole():
        facts = examine(model)
    sample = manifest.sample
    if fetched.sample is None or not sample.path:
        verdicts = verdicts_of(plug, manifest.facts, facts)
        outputs = Verdict(Outcome.SKIPPED, "no sample was recorded")
        return RoundTrip(plug.name, {Aspect.OUTPUTS: outputs, **verdicts}, (), time.perf_counter() - began)
    inspect_npz(fetched.sample)
    actual = answer_sample(plug, model, fetched.sample, sample)
    expected = answers_of(fetched.sample, sample)
    return judge(plug, manifest.facts, facts, sample, expected, actual, time.perf_counter() - began)


def _not_equal(found: Found, trip: RoundTrip) -> RoundTripError:
    return RoundTripError(
        f"{found.name} came back different from what was saved: {trip.reason}.",
        "Load another version or --format; --no-check hands this one back as it is.",
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
