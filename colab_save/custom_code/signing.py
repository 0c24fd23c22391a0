"""Sign manifests with the user's key, and decide whether an artifact's code may run: it is own, or the user trusts it.

``saving/sealing.py`` and ``versions/curating.py`` sign; loading asks before it opens captured code, Lambda bytecode or
a SavedModel with file operations. The key is never in an artifact: in Colab it lies in the user's MyDrive, which
outlives the runtime, elsewhere in the configuration folder.
"""

from __future__ import annotations

import contextlib
import hmac
import secrets
from dataclasses import replace
from pathlib import Path

from colab_save.artifact.manifest import Manifest
from colab_save.disk import partial_of
from colab_save.stores.opening import key_folder, key_folders

KEY = "colab_save.key"
"""The file with the user's key: random bytes in hex."""

KEY_BYTES = 32
"""The length of a key; a truncated or empty one could be guessed, so it is not used."""


def signed(manifest: Manifest) -> Manifest:
    """Return a manifest signed with the user's key, or unsigned if there is none; the signature covers all digests."""
    key = _key(is_made=True)
    return manifest if key is None else replace(manifest, signature=_signature(manifest, key))


def is_own(manifest: Manifest) -> bool:
    """Return whether a manifest was signed with this user's key."""
    key = _key(is_made=False)
    return (
        key is not None
        and bool(manifest.signature)
        and hmac.compare_digest(manifest.signature.encode(), _signature(manifest, key).encode())
    )


def may_run(manifest: Manifest | None, *, is_trusted: bool) -> bool:
    """Return whether code of an artifact may run: it is the user's own, or the user has allowed it (``trust``)."""
    return is_trusted or (manifest is not None and is_own(manifest))


def key_files() -> dict[Path, bool]:
    """Return each file with a key of the user, and whether the key is whole; the one in use comes first.

    Raises:
        OSError: A file cannot be read; on a dead mount it may also hang.
    """
    files = [folder / KEY for folder in key_folders()]
    return {file: _read(file) is not None for file in files if file.exists()}


def _signature(manifest: Manifest, key: bytes) -> str:
    return hmac.new(key, manifest.signed_text().encode(), "sha256").hexdigest()


def _key(*, is_made: bool) -> bytes | None:
    """Return the user's key, made if asked; ``None`` when there is none or it cannot be read or written."""
    with contextlib.suppress(OSError, ValueError):
        file = key_folder() / KEY
        if is_made and not file.exists():
            _make_key(file)
        return _read(file)
    return None


def _read(file: Path) -> bytes | None:
    """Return the key in a file; ``None`` if it is not whole."""
    with contextlib.suppress(ValueError):
        key = bytes.fromhex(file.read_text(encoding="ascii"))
        return key if len(key) == KEY_BYTES else None
    return None


def _make_key(file: Path) -> None:
    """Write a key that only its user can read, under a partial name until it is complete."""
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = partial_of(file.parent)
    try:
        partial.touch(mode=0o600, exist_ok=False)
        partial.write_text(secrets.token_hex(KEY_BYTES), encoding="ascii")
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)
