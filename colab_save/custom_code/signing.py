"""Whose code may run: the user's own, known by a signature, or what the user has read and trusts.

`sealing` and `curating` sign manifests; loading asks here before captured code, Lambda bytecode or a SavedModel with
file operations is opened. The key is the user's and is never in an artifact: in Colab it lies in the user's own
MyDrive, which outlives the runtime, elsewhere in the configuration folder.
"""

from __future__ import annotations

import contextlib
import hmac
import secrets
from dataclasses import replace
from pathlib import Path

from colab_save.artifact.manifest import Manifest
from colab_save.disk import partial_of
from colab_save.stores.opening import key_folder

KEY = "colab_save.key"
"""The file with the user's key: random bytes in hex."""

KEY_BYTES = 32
"""The length of a key; one that was cut, or is empty, anybody could guess."""


def signed(manifest: Manifest) -> Manifest:
    """Sign a manifest, and with it the digests of all its files; without a key it stays unsigned."""
    key = _key(is_made=True)
    return manifest if key is None else replace(manifest, signature=_signature(manifest, key))


def is_own(manifest: Manifest) -> bool:
    """Say whether a manifest was signed with this user's key."""
    key = _key(is_made=False)
    return (
        key is not None
        and bool(manifest.signature)
        and hmac.compare_digest(manifest.signature.encode(), _signature(manifest, key).encode())
    )


def may_run(manifest: Manifest | None, *, is_trusted: bool) -> bool:
    """Say whether code of an artifact may run: it is the user's own, or the user has said ``--trust``."""
    return is_trusted or (manifest is not None and is_own(manifest))


def _signature(manifest: Manifest, key: bytes) -> str:
    return hmac.new(key, manifest.signed_text().encode(), "sha256").hexdigest()


def _key(*, is_made: bool) -> bytes | None:
    """Read the user's key, or make one; ``None`` when there is none and no place for one."""
    with contextlib.suppress(OSError, ValueError):
        folder = key_folder()
        file = folder / KEY
        if is_made and not file.exists():
            _make_key(file)
        key = bytes.fromhex(file.read_text(encoding="ascii"))
        return key if len(key) == KEY_BYTES else None
    return None


def _make_key(file: Path) -> None:
    """Write a key beside its place, readable by its user only, and give it its name when it is whole."""
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = partial_of(file.parent)
    try:
        partial.touch(mode=0o600, exist_ok=False)
        partial.write_text(secrets.token_hex(KEY_BYTES), encoding="ascii")
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)
