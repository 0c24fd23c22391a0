"""Recognise the format of a file or folder by its bytes, never by its name.

`inspection` calls `look` first, which asks the formats of the table one after the other. A file that is not a model
gets a message of its own, since failed downloads are the most common reason why a model does not open.
"""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from colab_save.errors import (
    ColabSaveError,
    DamagedFileError,
    NotFoundError,
    StoreUnavailableError,
    UnsafeFileError,
    UntrustedError,
)
from colab_save.format_table import FILE, FOLDER, FORMATS, HDF5, PREFIX, ZIP, format_of_path
from colab_save.hints import literal
from colab_save.inspecting.archive import read_directory
from colab_save.inspecting.findings import DO_NOT_OPEN
from colab_save.inspecting.hdf5.structure import SIGNATURE, read_structure
from colab_save.inspecting.sight import COPY_AGAIN, Sight
from colab_save.plugging import plugged
from colab_save.protobuf import GRAPH

_OTHERS = (
    (b"version https://git-lfs", "is a Git LFS pointer, not the file itself", "Fetch the file with: git lfs pull"),
    (b"\x1f\x8b", "is a gzip archive", "Unpack it, and load the file or folder inside."),
    (b"BZh", "is a bzip2 archive", "Unpack it, and load the file or folder inside."),
    (b"\xfd7zXZ", "is an xz archive", "Unpack it, and load the file or folder inside."),
    (b"7z\xbc\xaf", "is a 7z archive", "Unpack it, and load the file or folder inside."),
    (b"Rar!", "is a rar archive", "Unpack it, and load the file or folder inside."),
    (b"{", "is a JSON text, not a model", "Load the model file itself; a JSON text has no weights."),
    (b"\x93NUMPY", "is a NumPy array, not a model", "Load it with numpy.load."),
)


def look(path: Path) -> Sight:
    """Return what can be read of a file or folder, with its format.

    Raises:
        NotFoundError: There is no such path.
        DamagedFileError: It is empty, cut off, a web page, or not a model that can be opened.
        UnsafeFileError: It is a pickle, or two formats in one file.
        StoreUnavailableError: It cannot be read.
    """
    try:
        if path.is_dir():
            return _recognised(Sight(path, FOLDER, names=tuple(sorted(item.name for item in path.iterdir()))))
        if not path.exists():
            return _recognised(Sight(path, PREFIX))
        if not path.is_file():
            raise DamagedFileError(f"{path} is a device or a pipe, not a file.", "Choose a model file or folder.")
        with path.open("rb") as file:
            return _recognised(_seen(file, path))
    except OSError as error:
        raise StoreUnavailableError(
            f"{path} cannot be read ({literal(str(error))}).", "Check the mount and the permissions."
        ) from error


def _recognised(sight: Sight) -> Sight:
    """Ask the formats that have this container."""
    for record in FORMATS.values():
        if sight.container in record.containers and plugged(record.recognise)(sight):
            return replace(sight, format=record.name, file=None)
    raise _REFUSALS[sight.container](sight)


def _seen(file: BinaryIO, path: Path) -> Sight:
    """Find the container of a file, and read its structure."""
    where, head, size = str(path), file.read(1024), file.seek(0, 2)
    if not size:
        raise DamagedFileError(f"{where} is empty (0 bytes): its upload or download did not finish.", COPY_AGAIN)
    if head.startswith(b"PK"):
        members = read_directory(file, where)
        if any(name.endswith("data.pkl") for name in members):
            raise UnsafeFileError(
                f"{where} is a PyTorch file: a pickle, which runs code.",
                "Choose another file; colab_save opens models of TensorFlow and Keras.",
            )
        return Sight(path, ZIP, head, size, file, members=members)
    if head.startswith(SIGNATURE):
        if zipfile.is_zipfile(file):
            raise UnsafeFileError(f"{where} is both an HDF5 file and a zip.", DO_NOT_OPEN)
        return Sight(path, HDF5, head, size, file, structure=read_structure(file, where))
    return Sight(path, FILE, head, size, file)


def _not_a_folder(sight: Sight) -> ColabSaveError:
    """Return the error for a folder that is not a model."""
    path = sight.path
    models = [name for name in sight.names if format_of_path(name)]
    held = ", ".join(models or sight.names[:5]) or "nothing"
    hint = f"Load the file itself: {path / models[0]}" if models else f"Choose a model file, or a folder with {GRAPH}."
    return DamagedFileError(f"{path} is a folder, but not a SavedModel: it holds {held} and no {GRAPH}.", hint)


def _not_there(sight: Sight) -> ColabSaveError:
    """Return the error for a path that does not exist."""
    here = sight.path.parent
    there = "" if here.is_dir() else f" {literal(str(here))} does not exist either."
    return NotFoundError(
        f"There is no file {literal(str(sight.path))}.{there}",
        "Check the spelling and, for a file on Drive, that it is mounted.",
    )


def _not_a_zip(sight: Sight) -> ColabSaveError:
    """Return the error for a zip that is not a model."""
    members, where = sight.members, str(sight.path)
    graph = next((name for name in members if name.rpartition("/")[2] == GRAPH), "")
    if graph:
        return DamagedFileError(f"{where} is a zipped SavedModel ({graph}).", "Unpack it, and load the folder.")
    if members and all(name.endswith(".npy") for name in members):
        return DamagedFileError(f"{where} is a NumPy archive, not a model.", "Load it with numpy.load.")
    held = ", ".join(list(members)[:5]) or "nothing"
    return DamagedFileError(f"{where} is a zip, but not a .keras file: it holds {held}.", "Choose a .keras file.")


def _not_hdf5(sight: Sight) -> ColabSaveError:
    """Return the error for an HDF5 file that is not a model."""
    structure = sight.structure
    groups = ", ".join(sorted(structure.groups)[:5])
    held = f"groups {groups}" if groups else f"{structure.datasets} datasets"
    return DamagedFileError(
        f"{sight.path} is an HDF5 file, but not a Keras model: it holds {held}.", "Open it with h5py."
    )


def _not_a_file(sight: Sight) -> UntrustedError:
    """Return the error for a file that is not a model."""
    head, where = sight.head, str(sight.path)
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype", b"<html", b"<?xml", b"<head", b"<error")):
        return DamagedFileError(
            f"{where} is a web page: the download returned a login or error page instead of the model.", COPY_AGAIN
        )
    if head[:1] == b"\x80" and head[1:2] in {b"\2", b"\3", b"\4", b"\5"}:
        return UnsafeFileError(
            f"{where} is a pickle, which runs code when it is opened.",
            "Choose another file; colab_save does not open pickles.",
        )
    if not head.strip(b"\0"):
        return DamagedFileError(
            f"{where} begins with zero bytes only: its upload or download did not finish.", COPY_AGAIN
        )
    for magic, what, hint in _OTHERS:
        if head.startswith(magic):
            return DamagedFileError(f"{where} {what}.", hint)
    return DamagedFileError(
        f"{where} is not a model: its {sight.size:,} bytes begin with {head[:12]!r}.",
        f"Choose a {_known_files()} file. {COPY_AGAIN}",
    )


def _known_files() -> str:
    """Return the usual suffixes of model files, as a list in words."""
    *most, last = [record.suffixes[0] for record in FORMATS.values() if record.suffixes and not record.fills]
    return f"{', '.join(most)} or {last}"


_REFUSALS = {FOLDER: _not_a_folder, PREFIX: _not_there, ZIP: _not_a_zip, HDF5: _not_hdf5, FILE: _not_a_file}
"""The error for each container whose content no format recognises."""
