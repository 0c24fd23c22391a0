"""Load one model: fetch, inspect, open, repair, compare.

`collections` calls `open_model` for a single model and for each part of a collection. Digests are checked before
anything opens a file, and the model is compared with the manifest in the notebook's own process.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from colab_save.artifact.assets import with_paths
from colab_save.artifact.facts import ModelFacts
from colab_save.artifact.manifest import Manifest
from colab_save.artifact.round_trip import NOT_VERIFIED, Aspect, Outcome, RoundTrip, Verdict, skipped
from colab_save.artifact.sample import TRAINING
from colab_save.collections.extras import Extras, put_back, read_extras
from colab_save.collections.rejoining import Owners
from colab_save.custom_code.origins import packages_of
from colab_save.custom_code.signing import is_own, may_run
from colab_save.dialect import KERAS, dialect_of, require_dialect
from colab_save.disk import size_of_files
from colab_save.errors import FormatError, RequestError, RoundTripError, UntrustedCodeError
from colab_save.formats.base import Context, Format, get_format, require_packages
from colab_save.fresh_process.answering import answer_moved, answer_sample
from colab_save.hints import literal, option
from colab_save.inspecting.findings import Findings, needs_child
from colab_save.inspecting.inspection import inspect, inspect_architecture, inspect_npz, inspect_recorded
from colab_save.inspecting.limits import MAX_SAMPLE
from colab_save.loading.converting import convert
from colab_save.loading.custom_objects import supply, supply_classes
from colab_save.model.configs import Configs, rebuilding
from colab_save.model.examining import examine
from colab_save.model.repairing import Record, repair, unbuilt
from colab_save.model.state_file import restore_state
from colab_save.precision import made_in
from colab_save.progress import Clock, Stage
from colab_save.proof.probe import try_opening
from colab_save.proof.verdicts import answers_of, judge, may_be_rounding, verdicts_of
from colab_save.quoting import visible
from colab_save.request.request import LoadRequest
from colab_save.sampling.guarding import untouched
from colab_save.types import Model
from colab_save.versions.locating import Fetched, Found, choose_payload, fetch_payload
from colab_save.wording import translated

NOTHING = Fetched(Path())
"""The files beside a model that is no part of a collection."""
NOTHING_SHARED = Owners()
"""A single model, and a part that shares nothing."""

MOST_NOTES = 4
"""Most notes of a load in the error about a model that differs."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was loaded.

    Attributes:
        model: The model, or the collection of several.
        format: The format of the payload that was opened.
        trips: The comparison with the manifest; for a collection one for each part, then its own.
        notes: Notes for the user, one sentence each.
        size: Bytes of the payloads that were opened, and of the collection's own files.
        extras: The values that were saved with the model.
        is_trusted: Whether it is the user's own or trusted.
    """

    model: Model
    format: str
    trips: tuple[RoundTrip, ...]
    notes: tuple[str, ...]
    size: int
    extras: Extras = field(default_factory=Extras)
    is_trusted: bool = False


def open_model(
    found: Found,
    request: LoadRequest,
    work: Path,
    clock: Clock,
    whole: Fetched = NOTHING,
    owners: Owners = NOTHING_SHARED,
) -> Loaded:
    """Load one model, and compare it with the one that was saved.

    Args:
        found: Where it is.
        request: What the user wants.
        work: An empty folder for copies.
        clock: Reports the stages and the progress.
        whole: The files of the collection that the model is a part of: the captured code and the assets.
        owners: What a part of a collection takes from parts that were loaded before.

    Raises:
        ColabSaveError: Any of its subclasses; `RoundTripError` if the loaded model differs from the saved one.
    """
    with clock.at(Stage.FETCH):
        payload = choose_payload(found, request)
        fetched = fetch_payload(found, payload, work, clock.on_step)
        fetched = replace(
            fetched,
            code=fetched.code or whole.code,
            assets=fetched.assets or whole.assets,
            origins=fetched.origins or whole.origins,
        )
    another = f"Load another version, or another payload with {option('format')}."
    with clock.at(Stage.LOAD), translated(f"{found.name} could not be put back as it was saved", another):
        plug, model, notes = _open(found, fetched, request, owners)
        is_trusted = may_run(found.manifest, is_trusted=request.trust)
        extras = read_extras(fetched.extras, partial(supply_classes, code=fetched.code), is_trusted=is_trusted)
        notes += put_back(model, extras)
    as_it_is = f"To get this one as it is, add {option('verify', value=False)}."
    with clock.at(Stage.VERIFY), translated(f"{found.name} could not be compared with what was saved", as_it_is):
        is_into = request.into is not None
        trip = _compare(plug, model, found.manifest, fetched, is_verified=request.verify, is_into=is_into)
        trip = _with_open_code(trip, found.manifest)
    check_equal(found, trip, notes)
    if request.convert:
        model, more = _converted(model)
        notes += more
        put_back(model, extras)
    return Loaded(model, plug.name, (trip,), notes, size_of_files(fetched.payload), extras, is_trusted)


def _open(
    found: Found, fetched: Fetched, request: LoadRequest, owners: Owners
) -> tuple[Format, Model, tuple[str, ...]]:
    """Inspect the payload, supply the custom objects that it needs, and load it.

    Returns:
        The format, the model, and notes for the user.
    """
    is_allowed = may_run(found.manifest, is_trusted=request.trust)
    allowed = packages_of(found.manifest) if is_allowed else frozenset()
    allowed |= frozenset(fetched.assets) if is_allowed else frozenset()
    plug, findings = _inspect(found, fetched, request, allowed)
    if request.into is None:
        _check_assets(plug, fetched, is_allowed=is_allowed)
    record = (Record.of(found.manifest.facts) if found.manifest else Record()).with_paths(fetched.assets)
    is_foreign = found.manifest is None or not is_own(found.whole or found.manifest)
    if is_foreign and found.manifest is not None:
        findings = _with_record(findings, record, found.manifest, allowed)
    supplied = supply(findings, fetched.code, is_allowed=is_allowed)
    how: dict[str, Any] = {"dialect": findings.dialect, "is_safe": not findings.runs_code, "assets": fetched.assets}
    how["is_trusted"] = is_allowed
    context = Context(supplied.objects, request.into, fetched.beside, **how)
    if request.into is not None:  # the training state of the user's own model is left as it is
        record = Record(builds=record.builds)
    if record.remade and not is_allowed:
        raise UntrustedCodeError(
            f"Opening it would set attributes of {', '.join(record.remade[:4])} as the file has them.",
            f"If you trust where it came from, add {option('trust')}.",
        )

    def read(context: Context) -> Model:
        if is_foreign and needs_child(findings):
            code = fetched.code if is_allowed and plug.record.needs_classes else None
            try_opening(plug, fetched.payload, context, code, request.timeout, findings.risks)
        return plug.open(fetched.payload, context)

    precision = made_in(record.policy or findings.policy, record.floatx, findings.dialect)
    with precision, rebuilding(supplied.objects, record.objects, record.remade):
        is_needed = found.manifest is not None or findings.is_native
        model, notes = _read_compiled(read, context, is_needed=is_needed)
        if dialect_of(model):
            notes += repair(model, fetched.payload, record, supplied.objects)
            model = owners.rejoin(model, fetched.payload, record, supplied.objects)
            notes += _restore_state(model, fetched, is_trained=request.into is None)
            had = [variable.path for variable in found.manifest.facts.variables] if found.manifest else None
            notes += tuple(f"{path} has no weights after loading." for path in unbuilt(model, had))
    return plug, model, supplied.notes + notes


def _check_assets(plug: Format, fetched: Fetched, *, is_allowed: bool) -> None:
    """Refuse to let a model read the files that came with it where its code may not run either.

    Raises:
        UntrustedCodeError: It would read some.
    """
    if fetched.assets and not is_allowed and not plug.is_program:
        names = ", ".join(sorted({Path(place).name for place in fetched.origins}))
        raise UntrustedCodeError(
            f"The model reads files that came with it, which are not signed by you: {literal(visible(names))}.",
            f"If you trust where they came from, add {option('trust')}.",
        )


def _restore_state(model: Model, fetched: Fetched, *, is_trained: bool) -> tuple[str, ...]:
    """Restore what lies beside the payload, once it is known to be plain arrays; return a note on it."""
    if fetched.state is None:
        return ()
    inspect_npz(fetched.state, max(MAX_SAMPLE, fetched.state.stat().st_size))
    return restore_state(model, fetched.state, is_trained=is_trained)


def _inspect(found: Found, fetched: Fetched, request: LoadRequest, allowed: frozenset[str]) -> tuple[Format, Findings]:
    """Inspect the payload, and find the format that opens it.

    Raises:
        MissingPackageError: A package that opens it is not installed.
        RequestError: It cannot be loaded into a model.
    """
    findings = inspect(fetched.payload, allowed)
    plug = get_format(findings.format)
    require_packages(plug, plug.record.opens_with)
    if request.into is not None:
        if plug.record.fills and not request.convert:
            return plug, replace(findings, runs_code=(), custom_names=(), homonyms=())  # only values are read
        if request.convert:
            raise RequestError(
                f"{option('into')} loads into a model that you have; {option('convert')} makes a new one.",
                "Give one of them.",
            )
        raise RequestError(
            f"{option('into')} loads weights into a model, and {found.name} is saved as {plug.name}.",
            f"Leave {option('into')} out to load the whole model, or save with {option('formats', 'weights')}.",
        )
    if plug.record.architecture:
        findings = _inspect_architecture(plug, fetched, allowed) or findings
    require_dialect(findings.dialect)
    return plug, findings


def _read_compiled(
    read: Callable[[Context], Model], context: Context, *, is_needed: bool
) -> tuple[Model, tuple[str, ...]]:
    """Read a model; if the compile arguments of a plain file cannot be read, read it without them and add a note."""
    try:
        return read(context), ()
    except FormatError as error:
        if is_needed:
            raise
        model = read(replace(context, is_compiled=False))
        return model, (f"The model is not compiled: {error.references[0]} Compile it before you train it.",)


def _converted(model: Model) -> tuple[Model, tuple[str, ...]]:
    """Return the model rebuilt with Keras 3, with notes for the user."""
    if dialect_of(model) == KERAS:
        return model, ("The model is already one of Keras 3: nothing to convert.",)
    made = convert(model)
    return made.model, (f"Converted to Keras 3: its outputs differ by at most {made.difference:.2g}.", *made.notes)


def _inspect_architecture(plug: Format, fetched: Fetched, allowed: frozenset[str]) -> Findings | None:
    """Inspect the architecture beside weights; ``None`` without one."""
    architecture = (fetched.beside or fetched.payload.parent) / plug.record.architecture
    if not architecture.is_file():
        return None
    return inspect_architecture(architecture, allowed, stored=fetched.payload.stat().st_size)


def _with_record(findings: Findings, record: Record, manifest: Manifest, allowed: frozenset[str]) -> Findings:
    """Add to the findings what a repair would rebuild from a manifest that is not the user's own."""
    where = f"The manifest of {manifest.name}@{manifest.version}"
    more = inspect_recorded(record.held, record.builds, where, allowed, stored=manifest.size)
    names = tuple(sorted({*findings.custom_names, *more.custom_names}))
    homonyms = tuple(sorted({*findings.homonyms, *more.homonyms}))
    return replace(findings, custom_names=names, homonyms=homonyms, runs_code=findings.runs_code + more.runs_code)


def _compare(
    plug: Format, model: Model, manifest: Manifest | None, fetched: Fetched, *, is_verified: bool, is_into: bool
) -> RoundTrip:
    """Compare the model with the manifest's facts and its sample, in this process."""
    if manifest is None:
        return skipped(plug.name, "a plain file without a manifest to compare it with")
    if not is_verified:
        return skipped(plug.name, NOT_VERIFIED)
    began = time.perf_counter()
    with untouched(model), Configs.of(model).whole():
        facts = examine(model)
    if fetched.origins:
        facts = ModelFacts.from_json(with_paths(facts.to_json(), fetched.origins))
    sample = manifest.sample
    if is_into and not sample.is_by_place:  # the seeds of the user's own model go on from their own state
        sample = replace(sample, passes=tuple(each for each in sample.passes if each.name != TRAINING))
    if fetched.sample is None or not sample.path:
        verdicts = verdicts_of(plug, manifest.facts, facts)
        outputs = Verdict(Outcome.SKIPPED, "no sample was recorded")
        return RoundTrip(plug.name, {Aspect.OUTPUTS: outputs, **verdicts}, (), time.perf_counter() - began)
    inspect_npz(fetched.sample)
    actual = answer_sample(plug, model, fetched.sample, sample)
    expected = answers_of(fetched.sample, sample)
    judged = partial(judge, plug, manifest.facts, facts, sample, expected, actual)
    trip = judged(time.perf_counter() - began)
    if may_be_rounding(trip, plug):
        with suppress(Exception):  # the model may refuse inputs that have moved; the verdict then stays
            trip = judged(time.perf_counter() - began, answer_moved(plug, model, fetched.sample, sample))
    return trip


def _with_open_code(trip: RoundTrip, manifest: Manifest | None) -> RoundTrip:
    """Return a comparison that claims no more of the code than the save could: it may lack what is used later."""
    saved = (each for each in manifest.round_trips if each.format == trip.format) if manifest else ()
    known = next((each.verdicts.get(Aspect.CODE) for each in saved), None)
    own = trip.verdicts.get(Aspect.CODE)
    is_open = known is not None and known.outcome is Outcome.SKIPPED and known.reason != NOT_VERIFIED
    if known is None or own is None or not is_open or own.outcome is not Outcome.PASSED:
        return trip
    return replace(trip, verdicts={**trip.verdicts, Aspect.CODE: known})


def check_equal(found: Found, trip: RoundTrip, notes: Sequence[str] = ()) -> None:
    """Refuse to return a model that differs from the one that was saved.

    Args:
        found: What was loaded.
        trip: The comparison.
        notes: What may explain a difference: the notebook's code that differs, what was not restored.

    Raises:
        RoundTripError: It differs, in more than a PARTIAL save has told; the message says where.
    """
    if trip.outcome is not Outcome.FAILED or (found.manifest is not None and found.manifest.tells_of(trip)):
        return
    others = [name for name in found.manifest.formats if name != trip.format] if found.manifest else []
    another = "".join(f", or another payload with {option('format', name)}" for name in others[:1])
    raise RoundTripError(
        "\n".join([f"{found.name} came back different from what was saved.", *notes[:MOST_NOTES], trip.reason]),
        f"Load another version{another}. To get this one as it is, add {option('verify', value=False)}.",
    )
