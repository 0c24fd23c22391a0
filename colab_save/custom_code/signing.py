"""Whose code may run: the user's own, known by a signature, or what the user has read and trusts.

`saving` signs manifests, `loading` asks here before captured code, Lambda bytecode or a SavedModel with file
operations is opened. The key is the user's and is never in an artifact: in Colab it lies in the user's own MyDrive,
which outlives the runtime, elsewhere in the configuration folder.
"""

from __future__ import annotations

import contextlib
import hmac
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib import metadata
from pathlib import Path
from typing import Any

from colab_save.artifact.manifest import Manifest
from colab_save.custom_code.running import compare_source, load_custom_code
from colab_save.disk import partial_of
from colab_save.errors import UntrustedCodeError
from colab_save.hints import option
from colab_save.inspecting.findings import Findings
from colab_save.stores.table import key_folder

KEY = "colab_save.key"
"""The file with the user's key: random bytes in hex."""

KEY_BYTES = 32
"""The length of a key; one that was cut, or is empty, anybody could guess."""

CODE_MODULE = "colab_save_custom_code"
"""The name under which captured code is imported."""

SHOWN_LINES = 60
"""Lines of captured code that an error shows."""


@dataclass(frozen=True, slots=True)
class Supplied:
    """The custom objects for a load.

    Attributes:
        objects: Classes and functions by the name under which Keras looks them up.
        notes: What the user should know: a class of the notebook that differs from the saved one.
    """

    objects: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


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


def packages_of(manifest: Manifest | None) -> frozenset[str]:
    """Name the installed packages whose classes a trusted artifact may use, by import name."""
    needed = {name.lower() for name in manifest.requirements} if manifest is not None else set()
    installed = metadata.packages_distributions() if needed else {}
    return frozenset(top for top, owners in installed.items() if needed & {owner.lower() for owner in owners})


def supply(findings: Findings, code: Path | None, *, is_allowed: bool) -> Supplied:
    """Find the custom objects that a file needs: those of the notebook first, else the captured ones if trusted.

    Args:
        findings: What the file needs, and what in it would run code.
        code: The captured code beside it.
        is_allowed: Its code may run, see `may_run`.

    Raises:
        UntrustedCodeError: It would run code that is neither the user's own nor trusted; the code is shown.
    """
    if findings.runs_code and not is_allowed:
        raise UntrustedCodeError(
            f"Opening it would run code: {'; '.join(findings.runs_code[:4])}.",
            f"If you trust where it came from, add {option('trust')}.",
        )
    live = _live(findings)
    if code is None:
        return Supplied(live)
    if len(live) < len({_plain(name.name, name.registered) for name in findings.custom_names}):
        if not is_allowed:
            raise _shown(code)
        return Supplied({**load_custom_code(code, CODE_MODULE), **live}, tuple(_differences(code, live)))
    return Supplied(live, tuple(_differences(code, live)))


def _plain(name: str, registered: str) -> str:
    return registered or name


def _live(findings: Findings) -> dict[str, Any]:
    """Give the classes and functions of the notebook that a file names."""
    main = vars(sys.modules["__main__"])
    found: dict[str, Any] = {}
    for needed in findings.custom_names:
        if callable(item := main.get(needed.name)):
            found[_plain(needed.name, needed.registered)] = item
    return found


def _differences(code: Path, live: Mapping[str, Any]) -> list[str]:
    """Say where the notebook's code is not what was saved; helpers and constants count, so all of it is looked at."""
    names = compare_source(code, vars(sys.modules["__main__"])) if live else []
    return [f"{name} of the notebook differs from the saved one." for name in names]


def _shown(code: Path) -> UntrustedCodeError:
    lines = code.read_text(encoding="utf-8").splitlines()
    more = f"\n… {len(lines) - SHOWN_LINES} more lines in {code}" if len(lines) > SHOWN_LINES else ""
    return UntrustedCodeError(
        f"The model needs code that came with it and that is not signed by you ({len(lines)} lines).",
        f"Read it; if you trust it, add {option('trust')}. Or define these classes in the notebook first.\n\n"
        + "\n".join(lines[:SHOWN_LINES])
        + more,
    )
