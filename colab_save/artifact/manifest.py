"""An artifact's description; written last, so that its presence *is* the commit.

`saving` makes one, `publishing` writes and lists them, `loading` trusts nothing else about an artifact.
A manifest may come from anywhere: `from_json` refuses what is not one, in one error.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from colab_save.artifact.facts import ModelFacts
from colab_save.artifact.records import check_values, read_record
from colab_save.artifact.round_trip import Outcome, RoundTrip, worst_of
from colab_save.artifact.sample import Pass, is_structure
from colab_save.artifact.schemas import SCHEMA, upgraded
from colab_save.errors import DamagedFileError, UnsafeFileError
from colab_save.hints import action
from colab_save.target import VERSION

MANIFEST = "manifest.json"
"""The key below a version."""

LONGEST_PATH = 1024
"""Characters of a file's path inside its artifact."""
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class FileFacts:
    """One file of an artifact.

    Attributes:
        path: Relative to the artifact, with forward slashes.
        size: Bytes.
        sha256: Digest of its bytes, in hex.
    """

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Payload:
    """One model file or folder of an artifact: its format and its path."""

    format: str
    path: str


@dataclass(frozen=True, slots=True)
class SampleFacts:
    """What the round trip fed and got.

    Attributes:
        path: The ``.npz`` with the arrays; empty when there is no sample.
        inputs: The nested structure of the inputs, each leaf the key of an array in the file.
        outputs: The nested structure of the expected outputs, likewise.
        is_random: The model differs from itself at inference, so only shapes and dtypes were compared.
        is_seeded: The seeds are fixed before the model answers.
        rtol: Relative tolerance that was used; ``None`` = by dtype.
        atol: Absolute tolerance that was used; ``None`` = by dtype.
        passes: The other forward passes.
    """

    path: str = ""
    inputs: Any = None
    outputs: Any = None
    is_random: bool = False
    is_seeded: bool = False
    rtol: float | None = None
    atol: float | None = None
    passes: tuple[Pass, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """One model of an artifact that holds several.

    Attributes:
        name: Its name, and the folder with its payloads and its sample.
        facts: What the live model was.
        sample: See `SampleFacts`; the path is inside the folder.
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
        payloads: The model files, the one that keeps most first.
        files: Every file but the manifest, with size and digest.
        packed: The files that a folder travels in, see `packing`; in older releases none.
        facts: What the live model was; of several models only the class of what held them.
        round_trips: What each payload's round trip found.
        environment: Versions of what made it.
        requirements: Installed packages that its custom code needs, with their versions.
        sample: See `SampleFacts`.
        parts: The models, where it holds several; see `parts.of_part`.
        metrics: What was measured, as numbers by name; none in the manifests of older releases.
        tags: Labels of this version.
        note: Free text.
        signature: HMAC of all the rest under the user's own key, see `trusting`; empty without one.
        schema: See `SCHEMA`.
        original: The text of one that was read in an older schema, which its signature covers; a changed one has none.
    """

    name: str
    version: str
    created: str
    payloads: tuple[Payload, ...]
    files: tuple[FileFacts, ...]
    facts: ModelFacts
    round_trips: tuple[RoundTrip, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    requirements: Mapping[str, str] = field(default_factory=dict)
    sample: SampleFacts = field(default_factory=SampleFacts)
    parts: tuple[Part, ...] = ()
    packed: tuple[FileFacts, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    note: str = ""
    signature: str = ""
    schema: int = SCHEMA
    original: str = field(default="", init=False, repr=False, compare=False)

    @property
    def size(self) -> int:
        """Sum the bytes of all files."""
        return sum(file.size for file in self.files)

    @property
    def formats(self) -> tuple[str, ...]:
        """Name the formats that it can be loaded from."""
        return tuple(dict.fromkeys(payload.format for payload in self.payloads))

    @property
    def parameters(self) -> int:
        """Count the elements of all weights."""
        return sum(part.facts.parameters for part in self.parts) or self.facts.parameters

    @property
    def outcome(self) -> Outcome:
        """Sum the round trips up: the worst of them."""
        return worst_of(trip.outcome for trip in self.round_trips)

    def to_json(self) -> str:
        """Write the manifest as indented JSON text; one that was read is written as the text that it was."""
        return self.original or _text(self._value())

    def signed_text(self) -> str:
        """Return what a signature covers: the text that was written, with an empty signature."""
        return _text({**(json.loads(self.original) if self.original else self._value()), "signature": ""})

    def _value(self) -> dict[str, Any]:
        # Without what is newer, the text is the one that was signed before there was any.
        found = ((name, item) for name, item in asdict(self).items() if item or name not in {"metrics", "packed"})
        return {name: item for name, item in found if name != "original"}

    @classmethod
    def from_json(cls, text: str | bytes, where: str) -> Manifest:
        """Read a manifest, also one of an older schema.

        Args:
            text: The file's content.
            where: Where it is, for the error.

        Raises:
            DamagedFileError: Not JSON, not a manifest, or of a newer schema.
            UnsafeFileError: It names a file outside its artifact.
        """
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise _damaged(where, f"{type(error).__name__}: {error}") from error
        try:
            todays = upgraded(value, where)
            check_values(value)
            manifest = read_record(cls, todays)
            _check_files(manifest)
            _check_parts(manifest)
        except ValueError as error:
            raise _damaged(where, str(error)) from error
        if value["schema"] != SCHEMA:
            object.__setattr__(manifest, "original", _text(value))
        outside = next((file.path for file in (*manifest.files, *manifest.packed) if not _is_inside(file.path)), None)
        if outside is not None:
            raise UnsafeFileError(
                f"The manifest {where} names a file outside its artifact: {outside[:80]!r}.",
                "Somebody has made this to reach your other files; do not use what came with it.",
            )
        return manifest


def _text(value: Mapping[str, Any]) -> str:
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _check_files(manifest: Manifest) -> None:
    """Refuse files that cannot be, twice the same file, and payloads that are none of the files."""
    if not VERSION.fullmatch(manifest.version):
        raise ValueError(f"{manifest.version[:40]!r} is no version")
    for file in (*manifest.files, *manifest.packed):
        if len(file.path) > LONGEST_PATH or not 0 <= file.size < 2**63 or not _DIGEST.fullmatch(file.sha256):
            raise ValueError(f"{file.path[:80]!r} has no path, size or digest that a file can have")
    paths = [file.path for file in (*manifest.files, *manifest.packed)]
    folders = {path[:end] for path in paths for end, letter in enumerate(path) if letter == "/"}
    if twice := [path for path, count in Counter([MANIFEST, *paths, *folders]).items() if count > 1]:
        raise ValueError(f"{twice[0]!r} is there twice")
    if not manifest.payloads:
        raise ValueError("there is no payload")
    if lost := [item.path for item in manifest.payloads if item.path not in folders.union(paths)]:
        raise ValueError(f"the payload {lost[0]!r} is none of the files")


def _check_parts(manifest: Manifest) -> None:
    """Refuse parts without a payload, and samples that cannot be."""
    names = [part.name for part in manifest.parts]
    if len(set(names)) < len(names) or not all(_is_inside(name) and "/" not in name for name in names):
        raise ValueError(f"{str(names)[:80]} are no parts, each in a folder of its own")
    if names and {payload.path.rpartition("/")[0] for payload in manifest.payloads} != set(names):
        raise ValueError("the payloads are not those of the parts")
    _check_sample(manifest, manifest.sample, "")
    for part in manifest.parts:
        _check_sample(manifest, part.sample, f"{part.name}/")


def _check_sample(manifest: Manifest, sample: SampleFacts, folder: str) -> None:
    """Refuse a sample that is none of the files, or with a structure that `sample.write_arrays` never writes."""
    if sample.path and folder + sample.path not in {file.path for file in manifest.files}:
        raise ValueError(f"the sample {sample.path!r} is none of the files")
    passes = (item for each in sample.passes for item in (each.inputs, each.outputs))
    if not all(map(is_structure, (sample.inputs, sample.outputs, *passes))):
        raise ValueError("the sample has no structure of arrays")


def _is_inside(path: str) -> bool:
    return not {"", ".", ".."} & set(path.split("/")) and "\\" not in path and "\0" not in path


def _damaged(where: str, reason: str) -> DamagedFileError:
    return DamagedFileError(
        f"The manifest {where} cannot be read ({reason}).",
        f"The version is damaged; {action('list')} shows the others. The payload may still open with Keras itself.",
    )
