"""Bring one model back: fetch, inspect, open, repair, compare.

`loading` calls it for a single model, `reuniting` for each of several. Digests are matched before anything opens a
file, and the model is compared with the manifest in the notebook's own process.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from colab_save.artifact.manifest import Manifest
from colab_save.artifact.round_trip import Aspect, Outcome, RoundTrip, Verdict, skipped
from colab_save.artifact.sample import TRAINING
from colab_save.collections.extras import put_back, read_extras
from colab_save.custom_code.origins import packages_of
from colab_save.custom_code.signing import is_own, may_run
from colab_save.dialect import KERAS, dialect_of, require_dialect
from colab_save.errors import FormatError, RequestError, RoundTripError
from colab_save.format_table import FORMATS
from colab_save.formats.base import Context, Format, get_format, require_packages
from colab_save.hints import action, option
from colab_save.inspecting.findings import Findings, needs_child
from colab_save.inspecting.inspection import inspect, inspect_architecture, inspect_npz, inspect_recorded
from colab_save.loading.converting import convert
from colab_save.loading.custom_objects import supply
from colab_save.model.configs import Configs, rebuilding
from colab_save.model.examining import examine
from colab_save.model.repairing import Record, repair, unbuilt
from colab_save.precision import made_in
from colab_save.progress import Clock, OnStep, Stage
from colab_save.proof.probe import try_opening
from colab_save.proof.verdicts import answer_sample, answers_of, judge, verdicts_of
from colab_save.request.request import LoadRequest
from colab_save.versions.locating import Fetched, Found, choose, fetch_payload


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came back.

    Attributes:
        model: The model, or what held several.
        format: The format of the payload that was opened.
        trips: The comparison with the manifest; of several models one for each.
        notes: What the user should know.
        extras: What else was kept, by name.
    """

    model: Any
    format: str
    trips: tuple[RoundTrip, ...]
    notes: tuple[str, ...]
    extras: Mapping[str, Any] = field(default_factory=dict)


def open_model(
    found: Found, request: LoadRequest, work: Path, clock: Clock, on_step: OnStep, code: Path | None = None
) -> Loaded:
    """Bring one model back and compare it with the one that was saved.

    Args:
        found: Where it is.
        request: What the user wants.
        work: An empty folder for copies.
        clock: Told the stages.
        on_step: Told the progress.
        code: The captured code, where it is not among the model's own files.

    Raises:
        ColabSaveError: Any of the tree; `RoundTripError` when what came back is not what was saved.
    """
    with clock.at(Stage.FETCH):
        payload = choose(found, request)
        fetched = fetch_payload(found, payload, work, on_step)
        fetched = replace(fetched, code=fetched.code or code)
    with clock.at(Stage.LOAD):
        plug, model, notes = _open(found, fetched, request)
        extras = read_extras(fetched.extras)
        notes += put_back(model, extras)
    with clock.at(Stage.VERIFY):
        is_into = request.into is not None
        trip = _compare(plug, model, found.manifest, fetched, is_checked=request.verify, is_into=is_into)
    check_equal(found, trip)
    if request.convert:
        model, told = _converted(model)
        notes += told
        put_back(model, extras)
    return Loaded(model, plug.name, (trip,), notes, extras.values)


def _open(found: Found, fetched: Fetched, request: LoadRequest) -> tuple[Format, Any, tuple[str, ...]]:
    """Inspect what is to be opened, supply the custom objects that it needs, and load it.

    Returns:
        The format, the model, and what the user should know.
    """
    is_allowed = may_run(found.manifest, is_trusted=request.trust)
    allowed = packages_of(found.manifest) if is_allowed else frozenset()
    plug, findings = _inspect(found, fetched, request, allowed)
    record = Record.of(found.manifest.facts) if found.manifest else Record()
    is_foreign = found.manifest is None or not is_own(found.whole or found.manifest)
    if is_foreign and found.manifest is not None:
        findings = _with_record(findings, record, found.manifest, allowed)
    supplied = supply(findings, fetched.code, is_allowed=is_allowed)
    how: dict[str, Any] = {"dialect": findings.dialect, "is_safe": not findings.runs_code}
    context = Context(supplied.objects, request.into, fetched.beside, **how)
    if request.into is not None:  # how the user's own model trains is the user's business
        record = Record(builds=record.builds)

    def read(context: Context) -> Any:
        if is_foreign and needs_child(findings):
            code = fetched.code if is_allowed else None
            try_opening(plug, fetched.payload, context, code, request.timeout, findings.risks)
        return plug.load(fetched.payload, context)

    precision = made_in(record.policy or findings.policy, record.floatx, findings.dialect)
    with precision, rebuilding(supplied.objects, record.objects):
        is_needed = found.manifest is not None or findings.is_native
        model, notes = _read_compiled(read, context, is_needed=is_needed)
        if dialect_of(model):
            notes += repair(model, fetched.payload, record, supplied.objects)
            had = [variable.path for variable in found.manifest.facts.variables] if found.manifest else None
            notes += tuple(f"{path} has no weights after loading." for path in unbuilt(model, had))
    return plug, model, supplied.notes + notes


def _inspect(found: Found, fetched: Fetched, request: LoadRequest, allowed: frozenset[str]) -> tuple[Format, Findings]:
    """Inspect what is to be opened, and find the format that opens it.

    Raises:
        MissingPackageError: What opens it is not there.
        RequestError: It cannot be loaded into a model, or is a checkpoint.
    """
    findings = inspect(fetched.payload, allowed)
    plug = get_format(_format_of(findings, fetched.payload))
    require_packages(plug, plug.record.opens_with)
    if request.into is not None:
        if plug.record.fills and not request.convert:
            return plug, findings
        if request.convert:
            raise RequestError(
                f"{option('into')} loads into a model of yours, {option('convert')} makes a new one.",
                "Give one of them.",
            )
        raise RequestError(
            f"{option('into')} loads weights into a model, and {found.name} is saved as {plug.name}.",
            f"Leave {option('into')} out: the whole model comes back. Or save with {option('formats', 'weights')}.",
        )
    if plug.record.architecture:
        findings = _inspect_architecture(plug, fetched, allowed) or findings
    require_dialect(findings.dialect)
    return plug, findings


def _read_compiled(read: Callable[[Context], Any], context: Context, *, is_needed: bool) -> tuple[Any, tuple[str, ...]]:
    """Read a model; a plain file whose compile arguments cannot be read is read without them, and that is said."""
    try:
        return read(context), ()
    except FormatError as error:
        if is_needed:
            raise
        model = read(replace(context, is_compiled=False))
        return model, (f"The model is not compiled: {error.references[0]} Compile it before you train it.",)


def _converted(model: Any) -> tuple[Any, tuple[str, ...]]:
    """Give the model rebuilt with Keras 3, with what the user should know."""
    if dialect_of(model) == KERAS:
        return model, ("It is a model of Keras 3: there was nothing to convert.",)
    made = convert(model)
    return made.model, (f"Converted to Keras 3: its answers differ by at most {made.difference:.2g}.", *made.notes)


def _inspect_architecture(plug: Format, fetched: Fetched, allowed: frozenset[str]) -> Findings | None:
    """Inspect what weights are loaded into; ``None`` where nothing lies beside them."""
    architecture = (fetched.beside or fetched.payload.parent) / plug.record.architecture
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
    if not FORMATS[findings.format].plug:
        raise RequestError(
            f"{path} is a TensorFlow checkpoint: weights without a model.",
            "Make the model, then tf.train.Checkpoint(model=model).restore(path), and save it with "
            f"{action('save', 'model')}.",
        )
    return findings.format


def _compare(
    plug: Format, model: Any, manifest: Manifest | None, fetched: Fetched, *, is_checked: bool, is_into: bool
) -> RoundTrip:
    """Compare what came back with the manifest's facts and its sample, here and now."""
    if manifest is None:
        return skipped(plug.name, "a plain file: nothing was recorded to compare with")
    if not is_checked:
        return skipped(plug.name, "not compared, as asked")
    began = time.perf_counter()
    with Configs.of(model).whole():
        facts = examine(model)
    sample = manifest.sample
    if is_into:  # what is random in training goes on where the user's own model stood
        sample = replace(sample, passes=tuple(each for each in sample.passes if each.name != TRAINING))
    if fetched.sample is None or not sample.path:
        verdicts = verdicts_of(plug, manifest.facts, facts)
        outputs = Verdict(Outcome.SKIPPED, "no sample was recorded")
        return RoundTrip(plug.name, {Aspect.OUTPUTS: outputs, **verdicts}, (), time.perf_counter() - began)
    inspect_npz(fetched.sample)
    actual = answer_sample(plug, model, fetched.sample, sample)
    expected = answers_of(fetched.sample, sample)
    return judge(plug, manifest.facts, facts, sample, expected, actual, time.perf_counter() - began)


def check_equal(found: Found, trip: RoundTrip) -> None:
    """Refuse to hand back what differs from what was saved.

    Raises:
        RoundTripError: Says where they differ.
    """
    if trip.outcome is not Outcome.FAILED:
        return
    raise RoundTripError(
        f"{found.name} came back different from what was saved: {trip.reason}.",
        f"Load another version or {option('format')}; {option('verify', value=False)} hands this one back as it is.",
    )
