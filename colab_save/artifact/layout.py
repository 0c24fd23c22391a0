"""Where the files of one version lie in a store: in one folder, but the payload of a plain save at an exact path.

`versions.publishing` writes there, and `versions.finding` reads there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from colab_save.artifact.manifest import Manifest

CUSTOM_CODE = "custom_code.py"
"""The file with the custom code."""

CODE_ARRAYS = "custom_code.npz"
"""The file beside it with the arrays of models and variables that the code uses."""

STATE = "state.npz"
"""The file beside a payload with the variables that the payload does not bring back as they are."""

EXTRAS = "extras"
"""The folder with the extras, the plain values that are saved with the model; see `collections.extras`."""

SIDECAR = ".colab_save"
"""The suffix of the folder beside a plain save, with its manifest and sample."""

PREVIOUS = "previous"
"""The part of that folder with the old payload while the new one replaces it."""

_DELETED = re.compile(r"deleted-(\d{8}T\d{6}Z)\.json")
"""The name of a deleted version's manifest: no reader finds it, and renaming it back restores the version."""


@dataclass(frozen=True, slots=True)
class Place:
    """The place of one version's files in a store.

    Attributes:
        folder: The folder of the version.
        exact: For a plain save, the key of the payload, which lies outside that folder.
    """

    folder: str
    exact: str = ""

    @classmethod
    def of_version(cls, name: str, version: str) -> Place:
        """Return the place of a version of this name."""
        return cls(f"{name}/{version}")

    @classmethod
    def of_plain(cls, key: str, version: str) -> Place:
        """Return the place of a plain save: the payload at its key, all other files in a folder beside it."""
        return cls(f"{key}{SIDECAR}/{version}", key)

    def key(self, path: str, manifest: Manifest) -> str:
        """Return the key of one of the artifact's files."""
        payload = manifest.payloads[0].path
        if self.exact and is_in(path, payload):
            return self.exact + path.removeprefix(payload)
        return f"{self.folder}/{path}"


def is_sidecar(name: str) -> bool:
    """Return whether a folder is the one beside a plain save."""
    return name.endswith(SIDECAR)


def deletion_now(now: datetime) -> str:
    """Return the name of the manifest of a version that is deleted now.

    Args:
        now: The time in UTC.
    """
    return f"deleted-{now:%Y%m%dT%H%M%SZ}.json"


def deletion_in(keys: Iterable[str], since: str = "") -> str:
    """Return the name of a deleted version's manifest among the keys of its folder; empty if there is none.

    Args:
        keys: The names in the folder.
        since: Only if it was deleted at this time or later, written as in a version id.
    """
    found = (match for key in keys if (match := _DELETED.fullmatch(key)))
    return next((match.group() for match in found if match[1] >= since), "")


def is_in(file: str, path: str) -> bool:
    """Return whether a file of an artifact is this file, or lies in this folder."""
    return file == path or file.startswith(f"{path}/")
