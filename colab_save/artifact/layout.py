"""Where the files of one version are: in a folder of a store, and for a plain save the payload at an exact place.

`publishing` writes there, `finding` reads there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from colab_save.artifact.manifest import Manifest

CUSTOM_CODE = "custom_code.py"
"""The file with the user's own classes and functions."""

EXTRAS = "extras"
"""The folder with what the user wanted to be kept with the model, see `extras`."""

SIDECAR = ".colab_save"
"""What is added to the name of a plain save for the folder with its manifest and sample."""

PREVIOUS = "previous"
"""Where in that folder the old payload waits while the new one takes its place."""

_DELETED = re.compile(r"deleted-(\d{8}T\d{6}Z)\.json")
"""What the manifest of a deleted version is called: nothing reads it, and renaming it brings the version back."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the files of one version are in a store.

    Attributes:
        folder: The folder of the version.
        exact: For a plain save, the key of the payload itself, which lies outside that folder.
    """

    folder: str
    exact: str = ""

    @classmethod
    def of_version(cls, name: str, version: str) -> Place:
        """Place an artifact of a name."""
        return cls(f"{name}/{version}")

    @classmethod
    def of_plain(cls, key: str, version: str) -> Place:
        """Place a plain save: the payload at its key, all else in a folder beside it."""
        return cls(f"{key}{SIDECAR}/{version}", key)

    def key(self, path: str, manifest: Manifest) -> str:
        """Give the key of one of the artifact's files."""
        payload = manifest.payloads[0].path
        if self.exact and is_in(path, payload):
            return self.exact + path.removeprefix(payload)
        return f"{self.folder}/{path}"


def is_sidecar(name: str) -> bool:
    """Say whether a folder is what lies beside a plain save."""
    return name.endswith(SIDECAR)


def deletion_now(now: datetime) -> str:
    """Name the manifest of a version that is deleted now, in UTC."""
    return f"deleted-{now:%Y%m%dT%H%M%SZ}.json"


def deletion_in(keys: Iterable[str], since: str = "") -> str:
    """Find the manifest of a deleted version among the keys of its folder; empty when there is none.

    Args:
        keys: The names in the folder.
        since: Only when it was deleted after this time, written as in a version id.
    """
    found = (match for key in keys if (match := _DELETED.fullmatch(key)))
    return next((match.group() for match in found if match[1] >= since), "")


def is_in(file: str, path: str) -> bool:
    """Say whether a file of an artifact is a payload's file or lies in its folder."""
    return file == path or file.startswith(f"{path}/")
