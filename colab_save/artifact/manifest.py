"""The manifest: an artifact's description, written last, so that its presence *is* the commit.

`saving.describing` makes one, `versions` writes and lists them, and `loading` relies on nothing else about an artifact.
A manifest may come from anywhere: `Manifest.from_json` raises one kind of error for everything that is not a manifest.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from colab_save.artifact.assets import is_asset
from colab_save.artifact.facts import ModelFacts
from colab_save.artifact.records import check_values, read_record
from colab_save.artifact.round_trip import Aspect, Outcome, RoundTrip, worst_of
from colab_save.artifact.sample import Pass, is_structure
from colab_save.artifact.schemas import SCHEMA, upgraded
from colab_save.disk import digest_of
from colab_save.errors import DamagedFileError, UnsafeFileError
from colab_save.hints import Plain, action, literal, render
from colab_save.target import VERSION
from colab_save.types import Json
from colab_save.wording import first_line

MANIFEST = "manifest.json"
"""Its file name in an artifact."""

LONGEST_PATH = 1024
"""Most characters of a file's path in its artifact."""

_LATER = {"assets", "given_up", "is_partial", "metrics", "packed", "rests_on"}
"""The fields that came after the first release."""

_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class FileFacts:
    """One file of an artifact.

    Attributes:
        path: Relative to the artifact, with forward slashes.
        size: Bytes.
        sha256: The digest of its bytes, in hex.
    """

    path: str
    size: int
    sha256: str


def describe_files(folder: Path) -> tuple[FileFacts, ...]:
    """Return every file in the folder of an artifact with its size and digest, sorted by path."""
    return tuple(
        FileFacts(file.relative_to(folder).as_posix(), file.stat().st_size, digest_of(file))
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    )


@dataclass(frozen=True, slots=True)
class Payload:
    """One model file or folder of an artifact: its format and its path in the artifact."""

    format: str
    path: str


@dataclass(frozen=True, slots=True)
class SampleFacts:
    """The sample inputs and expected outputs of a round trip, as a manifest refers to them.

    Attributes:
        path: The ``.npz`` with the arrays; empty without a sample.
        inputs: The nested structure of the inputs; each leaf has the key of an array in the file, and its dtype.
            ``None`` if only other passes could be run, such as those of sub-models.
        outputs: The nested structure of the expected outputs, of the same form.
        is_random: Whether the model's outputs are random even with fixed seeds, so that only shapes and dtypes were
            compared.
        is_seeded: Whether the seeds are fixed before each forward pass.
        is_by_place: Whether the seeds of the model's own generators are fixed too, each to a number that its path
            decides; false before schema 3.
        rtol: The relative tolerance that was used; ``None``: by dtype.
        atol: The absolute tolerance that was used; ``None``: by dtype.
        passes: The other forward passes.
    """

    path: str = ""
    inputs: Json = None
    outputs: Json = None
    is_random: bool = False
    is_seeded: bool = False
    is_by_place: bool = False
    rtol: float | None = None
    atol: float | None = None
    passes: tuple[Pass, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """One model of a collection.

    Attributes:
        name: Its name, and that of the folder with its payloads and its sample.
        facts: The facts of the live model.
        sample: See `SampleFacts`; the path is relative to the folder.
    """

    name: str
    facts: ModelFacts
    sample: SampleFacts = field(default_factory=SampleFacts)


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything about one version that a reader needs before it opens a payload.

    Attributes:
        name: The artifact's name; for a plain save the payload's file name.
        version: The version id, see `version`.
        created: UTC time in ISO 8601.
        payloads: The model files and folders, the format that holds most aspects first.
        files: All files but the manifest, with size and digest.
        packed: The zip files in which folders are published, see `versions.packing`; none in older releases.
        facts: The facts of the live model; for a collection only the class of the object.
        round_trips: The round trip of each payload. The file has plain reasons; those that were read are quoted, since
            they may come from anywhere.
        is_partial: Whether ``auto`` published it although something did not come back: what failed in ``round_trips``,
            or all that only a payload in ``given_up`` would have held. False in older releases.
        given_up: The failed round trips of payloads that ``auto`` tried, and that are not in it.
        rests_on: The version on whose full proof its own leans: seeded passes and the training step were not repeated.
            It may have been deleted since. Empty for a full proof, and in older releases.
        environment: The versions of Python and packages that made it.
        requirements: The installed packages that its custom code and its graphs need, with their versions.
        sample: See `SampleFacts`.
        parts: The models of a collection; see `parts.of_part`.
        is_export: Whether it was saved in formats for other programs only, see `FormatRecord.is_for_export`; it does
            not replace the models of its name.
        assets: The path in the artifact of each file or folder that the models read when they are made, by its path
            as the notebook spelled it; none in older releases.
        metrics: Measured numbers by name; none in older releases.
        tags: The tags of this version.
        note: Free text.
        signature: An HMAC of everything else with the user's own key, see `custom_code.signing`; empty without one.
        schema: See `schemas.SCHEMA`.
        original: The text of a manifest that was read in an older schema, which its signature covers; empty once it is
            changed.
    """

    name: str
    version: str
    created: str
    payloads: tuple[Payload, ...]
    files: tuple[FileFacts, ...]
    facts: ModelFacts
    round_trips: tuple[RoundTrip, ...]
    is_partial: bool = False
    given_up: tuple[RoundTrip, ...] = ()
    rests_on: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    requirements: Mapping[str, str] = field(default_factory=dict)
    sample: SampleFacts = field(default_factory=SampleFacts)
    parts: tuple[Part, ...] = ()
    is_export: bool = False
    packed: tuple[FileFacts, ...] = ()
    assets: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    note: str = ""
    signature: str = ""
    schema: int = SCHEMA
    original: str = field(default="", init=False, repr=False, compare=False)

    @property
    def size(self) -> int:
        """The bytes of all files."""
        return sum(file.size for file in self.files)

    @property
    def formats(self) -> tuple[str, ...]:
        """The formats that it can be loaded from."""
        return tuple(dict.fromkeys(payload.format for payload in self.payloads))

    @property
    def default(self) -> Payload:
        """The payload that is loaded if no format is named: the first, but none that is known to answer otherwise."""
        wrong = {trip.format for trip in self.round_trips if self.is_partial and Aspect.OUTPUTS in trip.failed}
        return next((payload for payload in self.payloads if payload.format not in wrong), self.payloads[0])

    @property
    def parameters(self) -> int:
        """The number of elements of all weights."""
        return sum(part.facts.parameters for part in self.parts) or self.facts.parameters

    @property
    def outcome(self) -> Outcome:
        """The worst outcome of all round trips; ``PARTIAL`` where ``auto`` published what came back in part."""
        return Outcome.PARTIAL if self.is_partial else worst_of(trip.outcome for trip in self.round_trips)

    def tells_of(self, trip: RoundTrip) -> bool:
        """Return whether all that failed in a load failed already when it was saved in part, in the same places."""
        known = [other for other in self.round_trips if self.is_partial and other.format == trip.format]
        return bool(known) and all(
            aspect in known[0].failed and known[0].verdicts[aspect].tells_of(trip.verdicts[aspect])
            for aspect in trip.failed
        )

    def to_json(self) -> str:
        """Return the manifest as indented JSON; one of an older schema as the text that was read."""
        return self.original or _text(self._value())

    def signed_text(self) -> str:
        """Return the text that a signature covers: the written text with an empty signature."""
        return _text({**(json.loads(self.original) if self.original else self._value()), "signature": ""})

    def _value(self) -> dict[str, Json]:
        # Later fields are left out while empty, so that an older manifest is written as the text that was signed.
        trips, given_up = (_with_reasons(each, _plain) for each in (self.round_trips, self.given_up))
        plain = replace(self, round_trips=trips, given_up=given_up)
        value = asdict(plain)
        for trip in (*value["round_trips"], *value["given_up"]):
            trip["verdicts"] = {aspect: _without_places(verdict) for aspect, verdict in trip["verdicts"].items()}
        found = ((name, item) for name, item in value.items() if item or name not in _LATER)
        return {name: item for name, item in found if name != "original"}

    @classmethod
    def from_json(cls, text: str | bytes, where: str) -> Manifest:
        """Read a manifest, also one of an older schema.

        Args:
            text: The file's content.
            where: Its path, for the error.

        Raises:
            DamagedFileError: It is not JSON, not a manifest, or of a newer schema.
            UnsafeFileError: It names a file outside its artifact.
        """
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise _damaged(where, first_line(error)) from error
        try:
            todays = upgraded(value, where)
            check_values(value)
            manifest = read_record(cls, todays)
            for name in ("round_trips", "given_up"):
                object.__setattr__(manifest, name, _with_reasons(getattr(manifest, name), literal))
            _check_files(manifest)
            _check_parts(manifest)
        except ValueError as error:
            raise _damaged(where, literal(str(error))) from error
        if value["schema"] != SCHEMA:
            object.__setattr__(manifest, "original", _text(value))
        outside = next((file.path for file in (*manifest.files, *manifest.packed) if not _is_inside(file.path)), None)
        if outside is not None:
            raise UnsafeFileError(
                f"The manifest {literal(where)} names a file outside its artifact: {literal(repr(outside[:80]))}.",
                "Do not use this artifact: somebody made the manifest so that loading it would touch your other files.",
            )
        return manifest


def _with_reasons(trips: Iterable[RoundTrip], change: Callable[[str], str]) -> tuple[RoundTrip, ...]:
    return tuple(trip.with_reasons(change) for trip in trips)


def _without_places(verdict: Mapping[str, Json]) -> dict[str, Json]:
    """Return a verdict without its places if it has none, as those of older releases."""
    return {name: item for name, item in verdict.items() if item or name != "places"}


def _plain(reason: str) -> str:
    """Return a reason as a manifest has it, for readers that do not know the references of `hints`."""
    return render(reason, Plain())


def _text(value: Mapping[str, Json]) -> str:
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _check_files(manifest: Manifest) -> None:
    """Raise for impossible files, duplicate files, and payloads that are not among the files."""
    for version in (manifest.version, *([manifest.rests_on] if manifest.rests_on else [])):
        if not VERSION.fullmatch(version):
            raise ValueError(f"{version[:40]!r} is not a version id")
    for file in (*manifest.files, *manifest.packed):
        if len(file.path) > LONGEST_PATH or not 0 <= file.size < 2**63 or not _DIGEST.fullmatch(file.sha256):
            raise ValueError(f"{file.path[:80]!r} has an impossible path, size or digest")
    paths = [file.path for file in (*manifest.files, *manifest.packed)]
    folders = {path[:end] for path in paths for end, letter in enumerate(path) if letter == "/"}
    if twice := [path for path, count in Counter([MANIFEST, *paths, *folders]).items() if count > 1]:
        raise ValueError(f"{twice[0]!r} occurs twice")
    _check_named(manifest, folders.union(paths))


def _check_named(manifest: Manifest, paths: set[str]) -> None:
    """Raise for payloads and assets that are not among the files."""
    if not manifest.payloads:
        raise ValueError("it has no payload")
    if lost := [item.path for item in manifest.payloads if item.path not in paths]:
        raise ValueError(f"the payload {lost[0]!r} is not among the files")
    if lost := [path for path in manifest.assets.values() if path not in paths or not is_asset(path)]:
        raise ValueError(f"the asset {lost[0][:80]!r} is not among the files")


def _check_parts(manifest: Manifest) -> None:
    """Raise for parts without a payload, and for impossible samples."""
    names = [part.name for part in manifest.parts]
    if len(set(names)) < len(names) or not all(_is_inside(name) and "/" not in name for name in names):
        raise ValueError(f"{str(names)[:80]} cannot be the folders of parts")
    if names and {payload.path.rpartition("/")[0] for payload in manifest.payloads} != set(names):
        raise ValueError("the payloads are not those of the parts")
    _check_sample(manifest, manifest.sample, "")
    for part in manifest.parts:
        _check_sample(manifest, part.sample, f"{part.name}/")


def _check_sample(manifest: Manifest, sample: SampleFacts, folder: str) -> None:
    """Raise for a sample that is not among the files, or with a structure that `sample.write_arrays` never writes."""
    if sample.path and folder + sample.path not in {file.path for file in manifest.files}:
        raise ValueError(f"the sample {sample.path!r} is not among the files")
    passes = (item for each in sample.passes for item in (each.inputs, each.outputs))
    if not all(map(is_structure, (sample.inputs, sample.outputs, *passes))):
        raise ValueError("the sample has an invalid structure")


def _is_inside(path: str) -> bool:
    return not {"", ".", ".."} & set(path.split("/")) and "\\" not in path and "\0" not in path


def _damaged(where: str, reason: str) -> DamagedFileError:
    return DamagedFileError(
        f"The manifest {literal(where)} cannot be read ({reason}).",
        f"This version is damaged; {action('list')} lists the others. The payload may still open with Keras alone.",
    )
