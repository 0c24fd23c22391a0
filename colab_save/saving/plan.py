"""The plan of a save: all that later steps need from the request, and what `resolve` has found out.

`resolving` turns a request into a `Plan`, and the request goes no further; each later step takes the parts that it
needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from colab_save.artifact.layout import SIDECAR, Place
from colab_save.artifact.manifest import Manifest
from colab_save.collections.extras import Extras
from colab_save.collections.splitting import Division
from colab_save.format_table import FORMATS, format_of_path
from colab_save.formats.base import Format
from colab_save.hints import action
from colab_save.sampling.notebook import NO_NOTEBOOK, Notebook
from colab_save.stores.base import Store
from colab_save.types import Nested
from colab_save.versions.finding import versions_of
from colab_save.versions.pruning import Retention

Attempts: TypeAlias = tuple[tuple[Format, ...], ...]
"""Sets of formats to try, in order."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The formats of a save.

    Attributes:
        attempts: Sets of formats to try, in order; the first whose round trips pass is published.
        options: An instance of `Format.Options` for each format.
        refusals: By format, why one that ``auto`` would try cannot write this model.
        is_export: Whether the user chose formats for other programs only, and a name, not a path.
        is_automatic: Whether the user named neither a format nor a purpose, so that the save may be PARTIAL.
    """

    attempts: Attempts
    options: Mapping[str, Any]
    refusals: Mapping[str, str]
    is_export: bool = False
    is_automatic: bool = False


@dataclass(frozen=True, slots=True)
class ProofRules:
    """How strictly a save is proven.

    Attributes:
        is_verified: A fresh process reloads each payload before anything is published.
        is_forced: An attempt that failed is published all the same, and recorded as failed.
        is_strict: Nothing is published of which not every aspect is proven.
        rtol: Relative tolerance of outputs; ``None``: by dtype.
        atol: Absolute tolerance of outputs; ``None``: by dtype.
        timeout: Seconds for the round trip of one payload.
        is_full: Nothing rests on the proof of an earlier version.
    """

    is_verified: bool
    is_forced: bool
    is_strict: bool
    rtol: float | None
    atol: float | None
    timeout: float
    is_full: bool = False


@dataclass(frozen=True, slots=True)
class Label:
    """What the user has to say about a version, for its manifest.

    Attributes:
        tags: The tags of this version.
        note: Free text.
        metrics: Values by name; those of the last training are added.
    """

    tags: tuple[str, ...]
    note: str
    metrics: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Upload:
    """What to do about the upload of a published version.

    Attributes:
        wait: Whether to wait until the store has uploaded it, or how many seconds at most.
        flush: Whether to have the store flush everything.
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
        source: The ``source`` that finds the artifact again, also where other settings hold; empty for the store that
            is the default without settings.
        path: For a plain save, the target as it was typed, without the secrets of a URL.
        packs_folders: A payload that is a folder is packed into one zip file.
    """

    store: Store
    name: str
    key: str = ""
    source: str = ""
    path: str = ""
    packs_folders: bool = False

    def exact(self, format_name: str) -> str:
        """Return the key of a plain save in a format, with the format's suffix if the target has none."""
        return f"{self.key}{_suffix(self.key, format_name)}"

    def place(self, version: str, format_name: str) -> Place:
        """Return where a version goes."""
        if self.key:
            return Place.of_plain(self.exact(format_name), version)
        return Place.of_version(self.name, version)

    def beside(self, format_name: str) -> Destination:
        """Return the place of a PARTIAL plain save beside the file that it does not replace."""
        key = _partial(self.exact(format_name))
        return replace(self, name=key, key=key, path=_partial(self._typed(format_name)))

    def _typed(self, format_name: str) -> str:
        """Return the path as it was typed, with the format's suffix if it has none."""
        path = self.path.rstrip("/")  # as the key has it
        return path + _suffix(path, format_name)

    def newest(self, format_name: str) -> str:
        """Return the newest version in the same place, committed or not; empty without one."""
        folder = f"{self.exact(format_name)}{SIDECAR}" if self.key else self.name
        return next(reversed(versions_of(self.store, folder)), "")

    def load_line(self, manifest: Manifest) -> str:
        """Return a reference to the action that loads a version; an export is not what its name alone means."""
        if self.key:
            return action("load", self._typed(manifest.payloads[0].format), name="model")
        origin = {"source": self.source} if self.source else {}
        target = f"{self.name}@{manifest.version}" if manifest.is_export else self.name
        return action("load", target, name="model", **origin)


def _suffix(path: str, format_name: str) -> str:
    """Return the suffix to add to a path: none if it has one, or if the format is a folder."""
    return "" if format_of_path(path) else next(iter(FORMATS[format_name].suffixes), "")


def _partial(path: str) -> str:
    """Return a path with ``.partial`` before its suffix."""
    record = format_of_path(path)
    known = [len(suffix) for suffix in record.suffixes if path.lower().endswith(suffix)] if record else []
    end = len(path) - max(known, default=0)
    return f"{path[:end]}.partial{path[end:]}"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a save will do.

    Attributes:
        division: What is saved, by its parts.
        extras: The values that the user named to be saved with it.
        sample: The user's inputs for the round trip; ``None``: they are found in the notebook, or made.
        choice: The formats to try.
        destination: Where it goes.
        rules: How strictly it is proven.
        label: Tags, note and metrics.
        retention: Which older versions to keep after the commit; ``None`` for all.
        upload: What to do about its upload.
        notebook: Where a sample is looked for.
    """

    division: Division
    extras: Extras
    sample: Nested
    choice: Choice
    destination: Destination
    rules: ProofRules
    label: Label
    retention: Retention | None
    upload: Upload
    notebook: Notebook = NO_NOTEBOOK
