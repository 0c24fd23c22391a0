"""Search what was staged for secrets, whatever wrote it: the last look before anything leaves the local disk.

`staging` asks about each payload, so that a save goes on with the next rung or format, which may hold less; `sealing`
asks about all files and the manifest, and nothing is published if one has what is shaped like a key or a token.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from colab_save.artifact.manifest import Manifest
from colab_save.errors import FormatError, RequestError
from colab_save.formats.base import Format
from colab_save.hints import literal
from colab_save.secrecy import secret_in_bytes, secret_within
from colab_save.taking import Taking

MOST = 64 << 20
"""Bytes of a file that are searched; what is longer has weights in it."""

NUMBERS = (".h5", ".data-00000-of-00001")
"""Endings of files of weights alone, or whose configs are searched by name."""

TEXTS = (b"'|S", b"'<U", b"'>U")
"""How the header of an array of texts begins its dtype (``numpy/lib/format.py``, 1.26 to 2.3)."""

HEADER = 256
"""Bytes in which the dtype of an array stands."""

TO_SET = (
    "Take it out of the model before you save, and set it after loading, such as from the environment; leave it out of "
    "get_config()."
)
"""What to do about a secret in a model."""


def check_payload(plug: Format, path: Path) -> None:
    """Refuse a payload in which a config or a file has what looks like a secret.

    Args:
        plug: Its format.
        path: The payload, as it was staged.

    Raises:
        FormatError: It has.
    """
    config = Taking().fact("the configs", lambda: plug.read_config(path), None)
    files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())
    place = secret_within("", config) or next((file.name for file in files if _has_secret(file)), "")
    if place:
        inside = place.rpartition(".config.")[2]
        raise FormatError(f"{plug.name} would hold what looks like a secret ({literal(inside)}).", TO_SET)


def check_stage(folder: Path, manifest: Manifest) -> None:
    """Refuse a stage in which any file, or the manifest, has a text shaped like a key or a token.

    Raises:
        RequestError: One has; the message names it.
    """
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    names = (str(file.relative_to(folder)) for file in files if _has_secret(file))
    found = next(names, "manifest.json" if secret_in_bytes(manifest.to_json().encode()) else "")
    if found:
        raise RequestError(
            f"{literal(found)} would have what looks like a secret; nothing was published.",
            TO_SET,
        )


def _has_secret(file: Path) -> bool:
    return any(map(secret_in_bytes, _contents(file)))


def _contents(file: Path) -> Iterator[bytes]:
    """Yield what of a file may be text: of an archive, each member."""
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            for member in archive.infolist():
                if PurePosixPath(member.filename).name.endswith(NUMBERS):
                    continue
                with archive.open(member) as stream:
                    head = stream.read(HEADER)
                    if member.filename.endswith(".npy") and not any(text in head for text in TEXTS):
                        continue
                    yield _readable(head + stream.read(MOST))
    elif not file.name.endswith(NUMBERS):
        with file.open("rb") as stream:
            yield stream.read(MOST)


def _readable(content: bytes) -> bytes:
    """Return bytes in which texts of NumPy, of four bytes for each letter, can be read."""
    return content.replace(b"\0", b"") if any(text in content[:HEADER] for text in TEXTS[1:]) else content
