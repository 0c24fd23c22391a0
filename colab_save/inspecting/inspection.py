"""Inspect a file before it is opened: what it is, what it needs, and what opening it would run.

`loading` and the fresh process call `inspect` before Keras or TensorFlow sees a file. It reads zip, JSON, HDF5 and
protobuf structure only: no weight is read, nothing is imported, and no link is followed. It raises for a file that must
not be opened; `Findings` list what the user must trust first.
"""

from __future__ import annotations

from pathlib import Path

from colab_save.errors import DamagedFileError, StoreUnavailableError
from colab_save.format_table import FORMATS
from colab_save.hints import literal
from colab_save.inspecting.findings import CustomName, Findings, needs_child
from colab_save.inspecting.keras.files import inspect_architecture, inspect_recorded
from colab_save.inspecting.limits import MAX_SAMPLE
from colab_save.inspecting.npz import check_npz_file
from colab_save.inspecting.sniffing import look
from colab_save.plugging import plugged

__all__ = [
    "CustomName",
    "Findings",
    "inspect",
    "inspect_architecture",
    "inspect_npz",
    "inspect_recorded",
    "needs_child",
]


def inspect(path: Path, allowed: frozenset[str] = frozenset()) -> Findings:
    """Return what a model file is and needs, without opening it with Keras or TensorFlow.

    Args:
        path: The file or folder.
        allowed: The installed packages whose classes it may name, such as ``keras_hub``, and the files that it may
            read.

    Raises:
        NotFoundError: There is no such path.
        DamagedFileError: It is cut off, empty, or not a model.
        UnsafeFileError: Opening it would do something that no model needs.
        StoreUnavailableError: It cannot be read.
    """
    sight = look(path)
    try:
        findings: Findings = plugged(FORMATS[sight.format].inspect)(sight, allowed)
    except OSError as error:
        raise StoreUnavailableError(
            f"{path} cannot be read ({literal(str(error))}).", "Check the mount and the permissions."
        ) from error
    return findings


def inspect_npz(path: Path, limit: int = MAX_SAMPLE) -> None:
    """Check that a ``.npz`` holds plain arrays only, so that `numpy.load` may open it.

    Args:
        path: The file.
        limit: The most bytes of all arrays together.

    Raises:
        DamagedFileError: It is missing or cut off, or an array does not have the size in its header.
        UnsafeFileError: It holds Python objects, or more bytes than the limit.
        StoreUnavailableError: It cannot be read.
    """
    if not path.is_file():
        raise DamagedFileError(f"There is no file {path}.", "This version is damaged; load another one.")
    try:
        check_npz_file(path, limit)
    except OSError as error:
        raise StoreUnavailableError(
            f"{path} cannot be read ({literal(str(error))}).", "Check the mount and the permissions."
        ) from error
