"""What a save will do: all that later steps need of what the user asked for, and of what `resolve` has found out.

`resolving` makes a `Plan` of a request, which travels no further; each later step takes the parts that it needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from colab_save.artifact.layout import SIDECAR, Place
from colab_save.collections.extras import Extras
from colab_save.collections.splitting import Division
from colab_save.format_table import FORMATS, format_of_path
from colab_save.formats.base import Format
from colab_save.hints import action
from colab_save.stores.base import Store
from colab_save.versions.finding import versions_of
from colab_save.versions.pruning import Retention

Attempts: TypeAlias = tuple[tuple[Format, ...], ...]
"""Sets of formats to try, in order."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The formats of a save.

    Attributes:
        attempts: Sets of formats to try, in order; the first whose round trips pass is published.
        options: The options of each format.
        refusals: Why a format that ``auto`` would try cannot write this model, by format.
    """

    attempts: Attempts
    options: Mapping[str, Any]
    refusals: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ProofRules:
    """How strictly a save is proven.

    Attributes:
        is_verified: A fresh process reloads each payload before anything is published.
        is_forced: What has failed is published all the same, and says so.
        rtol: Relative tolerance of outputs; ``None``: by dtype.
        atol: Absolute tolerance of outputs; ``None``: by dtype.
        timeout: Seconds that the round trip of one payload may take.
    """

    is_verified: bool
    is_forced: bool
    rtol: float | None
    atol: float | None
    timeout: float


@dataclass(frozen=True, slots=True)
class Label:
    """What the manifest says of a version in the user's own words and numbers.

    Attributes:
        tags: Labels for this version.
        note: Free text.
        metrics: What was measured, by name; the last training's own values are added.
    """

    tags: tuple[str, ...]
    note: str
    metrics: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Upload:
    """How a published version is seen through its upload.

    Attributes:
        wait: Whether to wait until the store has uploaded it, or how many seconds at most.
        flush: Whether to have everything flushed.
    """

    wait: bool | float
    flush: bool


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a save goes.

    Attributes:
        store: The store, prepared.
        name: The artifact's name; for a plain save the file's.
        key: For a plain save, the payload's key in the store, without the suffix of a format; else empty.
        source: What ``source`` must say to find the artifact again; empty for the default store.
        path: For a plain save, the target as it was typed, without the secrets of a URL.
        packs_folders: A payload that is a folder goes there as one zip file.
    """

    store: Store
    name: str
    key: str = ""
    source: str = ""
    path: str = ""
    packs_folders: bool = False

    def exact(self, format_name: str) -> str:
        """Return the key of a plain save in a format: as it was typed, or with the format's suffix."""
        return f"{self.key}{_suffix(self.key, format_name)}"

    def place(self, version: str, format_name: str) -> Place:
        """Return where a version goes."""
        if self.key:
            return Place.of_plain(self.exact(format_name), version)
        return Place.of_version(self.name, version)

    def newest(self, format_name: str) -> str:
        """Return the newest version in the same place, committed or not; empty when there is none."""
        folder = f"{self.exact(format_name)}{SIDECAR}" if self.key else self.name
        return next(reversed(versions_of(self.store, folder)), "")

    def load_line(self, format_name: str) -> str:
        """Write the line that brings the model back."""
        if self.key:
            return action("load", self.path + _suffix(self.path, format_name), name="model")
        origin = {"source": self.source} if self.source else {}
        return action("load", self.name, name="model", **origin)


def _suffix(path: str, format_name: str) -> str:
    """Give the suffix that a path of the old kind lacks: none for a folder, or where it has one."""
    return "" if format_of_path(path) else next(iter(FORMATS[format_name].suffixes), "")


@dataclass(frozen=True, slots=True)
class Plan:
    """What a save will do.

    Attributes:
        division: What is saved, by its parts.
        extras: What else is saved, because the user named it.
        sample: The inputs that the user gave for the round trip; ``None``: they are made.
        choice: The formats that are tried.
        destination: Where it goes.
        rules: How strictly it is proven.
        label: What its manifest says in the user's words.
        retention: Which older versions stay after the commit; ``None`` for all.
        upload: How it is seen through its upload.
    """

    division: Division
    extras: Extras
    sample: Any
    choice: Choice
    destination: Destination
    rules: ProofRules
    label: Label
    retention: Retention | None
    upload: Upload
