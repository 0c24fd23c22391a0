"""Is this file safe to open: what it is, what it needs, and what opening it would run.

`loading` and the fresh process call `sniff` and `inspect` before Keras or TensorFlow sees a file. Everything is read
from zip, JSON, HDF5 structure and protobuf; no value of a weight is read, nothing is imported, no link followed.
A file that is refused raises; what a user may trust is listed in `Findings`.
"""

from __future__ import annotations

from pathlib import Path

from colab_save.errors import DamagedFileError, StoreUnavailableError
from colab_save.format_table import FORMATS
from colab_save.inspecting.findings import CustomName, Findings, needs_child
from colab_save.inspecting.keras.files import inspect_architecture, inspect_recorded
from colab_save.inspecting.limits import MAX_SAMPLE
from colab_save.inspecting.npz import check_npz_file
from colab_save.inspecting.sniffing import look, sniff
from colab_save.plugging import plugged

__all__ = [
    "CustomName",
    "Findings",
    "inspect",
    "inspect_architecture",
    "inspect_npz",
    "inspect_recorded",
    "needs_child",
    "sniff",
]


def inspect(path: Path, allowed: frozenset[str] = frozenset()) -> Findings:
    """Read what a model file is and needs, without opening it by Keras or TensorFlow.

    Args:
        path: The file or folder.
        allowed: Installed packages whose classes it may name, such as ``keras_hub``.

    Raises:
        NotFoundError: There is no such path.
        DamagedFileError: Cut off, empty, or no model.
        UnsafeFileError: Opening it would do what no model needs.
        StoreUnavailableError: It cannot be read.
    """
    sight = look(path)
    try:
        findings: Findings = plugged(FORMATS[sight.format].inspect)(sight, allowed)
    except OSError as error:
        raise StoreUnavailableError(
            f"{path} cannot be read ({error}).", "Check the mount and the permissions."
        ) from error
    return findings


def inspect_npz(path: Path, limit: int = MAX_SAMPLE) -> None:
    """Check that a ``.npz`` holds plain arrays only, so that `numpy.load` may open it.

    Args:
        path: The file.
        limit: Bytes that all arrays may take together.

    Raises:
        DamagedFileError: Missing, cut off, or an array is not as long as its header says.
        UnsafeFileError: It holds objects, or more than the limit.
        StoreUnavailableError: It cannot be read.
    """
    if not path.is_file():
        raise DamagedFileError(f"There is no file {path}.", "The version is damaged; load another one.")
    try:
        check_npz_file(path, limit)
    except OSError as error:
        raise StoreUnavailableError(
            f"{path} cannot be read ({error}).", "Check the mount and the permissions."
        ) from error
