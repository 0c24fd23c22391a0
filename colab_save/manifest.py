"""An artifact's description; written last, so that its presence *is* the commit.

`saving` makes one, `publishing` writes and lists them, `loading` trusts nothing else about an artifact.
A manifest may come from anywhere: `from_json` refuses what is not one, in one error.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from colab_save.errors import DamagedFileError
from colab_save.facts import ModelFacts
from colab_save.round_trip import Outcome, RoundTrip

SCHEMA = 1
"""The version of this layout; a reader refuses a newer one."""

MANIFEST = "manifest.json"
"""The key below a version, and the suffix beside a plain save."""


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
    """

    path: str = ""
    inputs: Any = None
    outputs: Any = None
    is_random: bool = False
    is_seeded: bool = False
    rtol: float | None = None
    atol: float | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything about one version that a reader needs before it opens a payload.

    Attributes:
        name: The artifact's name; for a plain save the payload's file name.
        version: The version id, see `new_version`.
        created: UTC time in ISO 8601.
        payloads: The model files, the one that keeps most first.
        files: Every file but the manifest, with size and digest.
        facts: What the live model was.
        round_trips: What each payload's round trip found.
        environment: Versions of what made it.
        sample: See `SampleFacts`.
        tags: Labels of this version.
        note: Free text.
        signature: HMAC of all the rest under the user's own key, see `trusting`; empty without one.
        schema: See `SCHEMA`.
    """

    name: str
    version: str
    created: str
    payloads: tuple[Payload, ...]
    files: tuple[FileFacts, ...]
    facts: ModelFacts
    round_trips: tuple[RoundTrip, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    sample: SampleFacts = field(default_factory=SampleFacts)
    tags: tuple[str, ...] = ()
    note: str = ""
    signature: str = ""
    schema: int = SCHEMA

    @property
    def size(self) -> int:
        """Sum the bytes of all files."""
        return sum(file.size for file in self.files)

    @property
    def outcome(self) -> Outcome:
        """Sum the round trips up: the worst of them."""
        found = {trip.outcome for trip in self.round_trips}
        return next((worst for worst in (Outcome.FAILED, Outcome.SKIPPED) if worst in found), Outcome.PASSED)

    def to_json(self) -> str:
        """Write the manifest as indented JSON text."""
        value = {**asdict(self), "facts": self.facts.to_json(), "round_trips": [t.to_json() for t in self.round_trips]}
        return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes, where: str) -> Manifest:
        """Read a manifest.

        Args:
            text: The file's content.
            where: Where it is, for the error.

        Raises:
            DamagedFileError: Not JSON, not a manifest, or of a newer schema.
        """
        try:
            value = json.loads(text)
            schema = value["schema"]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise _damaged(where, f"{type(error).__name__}: {error}") from error
        if schema != SCHEMA:
            raise DamagedFileError(
                f"The manifest {where} has schema {schema!r}, and this colab_save reads {SCHEMA}.",
                "Upgrade with: pip install -U colab_save",
            )
        try:
            return _read(cls, value)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise _damaged(where, f"{type(error).__name__}: {error}") from error


def new_version(now: datetime | None = None) -> str:
    """Make a version id: UTC time plus four random hex digits, so that ids sort by time and two notebooks differ."""
    moment = now or datetime.now(UTC)
    return f"{moment:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"


def _read(cls: type[Manifest], value: dict[str, Any]) -> Manifest:
    known = dict(value)
    known["payloads"] = tuple(Payload(**item) for item in value["payloads"])
    known["files"] = tuple(FileFacts(**item) for item in value["files"])
    known["facts"] = ModelFacts.from_json(value["facts"])
    known["round_trips"] = tuple(RoundTrip.from_json(item) for item in value["round_trips"])
    known["sample"] = SampleFacts(**value["sample"])
    known["tags"] = tuple(value["tags"])
    return cls(**known)


def _damaged(where: str, reason: str) -> DamagedFileError:
    return DamagedFileError(
        f"The manifest {where} cannot be read ({reason}).",
        "The version is damaged; %listmodels shows the others. The payload may still open with Keras itself.",
    )
