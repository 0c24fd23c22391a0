"""Files on the local disk: digests, the size of one read, and the names of files that are still being written."""

from __future__ import annotations

import hashlib
import re
import secrets
from pathlib import Path

CHUNK = 1 << 20
"""Bytes per read or write."""


_PARTIAL = re.compile(r"\.[0-9a-f]+\.partial")
"""The name of a file that is still being written; no key looks like it."""


def partial_name() -> str:
    """Return a new name for a file that is to be written; it is short even if the key is long."""
    return f".{secrets.token_hex(8)}.partial"


def partial_of(folder: Path) -> Path:
    """Return a new path with such a name."""
    return folder / partial_name()


def is_partial(name: str) -> bool:
    """Return whether a name is that of a file that is still being written, and not a key."""
    return _PARTIAL.fullmatch(name) is not None


def size_of_files(path: Path) -> int:
    """Return the bytes of a local file, or of all files in a local folder."""
    return sum(file.stat().st_size for file in (path, *path.rglob("*")) if file.is_file())


def digest_of(file: Path) -> str:
    """Return the SHA-256 of a local file, in hex."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
