"""Files on the local disk: their digests, the size of a read, and names for what is being written."""

from __future__ import annotations

import hashlib
import re
import secrets
from pathlib import Path

CHUNK = 1 << 20
"""Bytes per read or write."""


_PARTIAL = re.compile(r"\.[0-9a-f]+\.partial")
"""The name of a file that is being written; it is no key."""


def partial_of(folder: Path) -> Path:
    """Name a fresh file for what is being written; its length does not depend on the key's."""
    return folder / f".{secrets.token_hex(8)}.partial"


def is_partial(name: str) -> bool:
    """Tell a file that is being written from a key."""
    return _PARTIAL.fullmatch(name) is not None


def digest_of(file: Path) -> str:
    """Give the SHA-256 of a local file, in hex."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
