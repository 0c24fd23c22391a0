"""What a file or folder is, from its first and last bytes, never from its name.

`inspecting` calls `sniff` first of all; what is no model gets its own words, since a download that went wrong is the
commonest reason why a model does not open.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import BinaryIO

from colab_save.errors import DamagedFileError, NotFoundError, StoreUnavailableError, UnsafeFileError, UntrustedError
from colab_save.inspecting.archive import read_directory
from colab_save.inspecting.findings import Kind
from colab_save.inspecting.hdf5.structure import SIGNATURE, Structure, read_structure
from colab_save.inspecting.litert import IDENTIFIER
from colab_save.inspecting.onnx import is_onnx
from colab_save.protobuf import GRAPH

WEIGHTS = ("model.weights.h5", "model.weights.npz")
"""The names under which Keras looks for the weights in a ``.keras`` (``saving_lib._VARS_FNAME_H5``, ``…_NPZ``)."""

CONFIG = "config.json"
"""The name of the config in a ``.keras``."""

_TABLE_END = b"\x57\xfb\x80\x8b\x24\x75\x47\xdb"
_AGAIN = "Download or copy it again; a shared link may need its direct-download form."
_OTHERS = (
    (b"version https://git-lfs", "is a Git LFS pointer, not the file itself", "Fetch the file with: git lfs pull"),
    (b"\x1f\x8b", "is a gzip archive", "Unpack it, and give the file or folder that comes out."),
    (b"BZh", "is a bzip2 archive", "Unpack it, and give the file or folder that comes out."),
    (b"\xfd7zXZ", "is an xz archive", "Unpack it, and give the file or folder that comes out."),
    (b"7z\xbc\xaf", "is a 7z archive", "Unpack it, and give the file or folder that comes out."),
    (b"Rar!", "is a rar archive", "Unpack it, and give the file or folder that comes out."),
    (b"{", "is a JSON text, not a model", "Give the model's own file; JSON alone holds no weights."),
    (b"\x93NUMPY", "is a NumPy array, not a model", "Load it with numpy.load."),
)


def sniff(path: Path) -> Kind:
    """Tell what a file or folder is; see `look` for what it raises."""
    return look(path)[0]


def look(path: Path) -> tuple[Kind, Structure | None]:
    """Tell what a file or folder is, and give the structure of an HDF5 file, which it takes to know.

    Raises:
        NotFoundError: There is no such path.
        DamagedFileError: Empty, cut off, a web page, or no model that can be opened.
        UnsafeFileError: A pickle, or two formats in one file.
        StoreUnavailableError: It cannot be read.
    """
    try:
        if path.is_dir():
            return _sniff_folder(path), None
        if not path.exists():
            return _sniff_prefix(path), None
        if not path.is_file():
            raise DamagedFileError(f"{path} is a device or a pipe, not a file.", "Give a model file or folder.")
        with path.open("rb") as file:
            return _sniff_file(file, str(path))
    except OSError as error:
        raise StoreUnavailableError(
            f"{path} cannot be read ({error}).", "Check the mount and the permissions."
        ) from error


def _sniff_folder(path: Path) -> Kind:
    if (path / GRAPH).is_file():
        if not (path / GRAPH).stat().st_size:
            raise DamagedFileError(f"{path / GRAPH} is empty (0 bytes): its upload or copy did not finish.", _AGAIN)
        return Kind.SAVED_MODEL
    names = sorted(item.name for item in path.iterdir())
    if "checkpoint" in names or any(name.endswith(".index") for name in names):
        return Kind.CHECKPOINT
    models = [name for name in names if name.endswith((".keras", ".h5", ".hdf5", ".tflite", ".onnx"))]
    held = ", ".join(models or names[:5]) or "nothing"
    hint = (
        f"Give the file itself: {path / models[0]}" if models else "Give a model file, or a folder with saved_model.pb."
    )
    raise DamagedFileError(f"{path} is a folder, but no SavedModel: it holds {held} and no {GRAPH}.", hint)


def _sniff_prefix(path: Path) -> Kind:
    """Take a path that is no file for the prefix of a checkpoint's files."""
    if path.with_name(f"{path.name}.index").is_file():
        return Kind.CHECKPOINT
    here = path.parent
    there = "" if here.is_dir() else f" {here} does not exist either."
    raise NotFoundError(f"There is no file {path}.{there}", "Check the spelling; on Drive, whether it is mounted.")


def _sniff_file(file: BinaryIO, where: str) -> tuple[Kind, Structure | None]:
    head = file.read(1024)
    file.seek(0, 2)
    size = file.tell()
    if not size:
        raise DamagedFileError(f"{where} is empty (0 bytes): its upload or download did not finish.", _AGAIN)
    if head.startswith(b"PK"):
        return _sniff_zip(file, where), None
    if head.startswith(SIGNATURE):
        return _sniff_hdf5(file, where)
    if head[4:8] == IDENTIFIER:
        return Kind.LITERT, None
    file.seek(max(0, size - 8))
    if file.read() == _TABLE_END:
        return Kind.CHECKPOINT, None
    if is_onnx(file, where):
        return Kind.ONNX, None
    raise _not_a_model(head, where, size)


def _sniff_zip(file: BinaryIO, where: str) -> Kind:
    members = read_directory(file, where)
    if any(name.endswith("data.pkl") for name in members):
        raise UnsafeFileError(
            f"{where} is a PyTorch file: a pickle, which runs code.", "colab_save opens Keras models."
        )
    if CONFIG in members and any(name in members for name in WEIGHTS):
        if where.lower().endswith((".h5", ".hdf5")) and _hides_hdf5(file):
            raise UnsafeFileError(f"{where} is a zip and an HDF5 file at once.", "Do not open it.")
        return Kind.KERAS
    if {CONFIG, "metadata.json"} & members.keys():
        missing = f"no {CONFIG}" if CONFIG not in members else f"no {WEIGHTS[0]}"
        raise DamagedFileError(
            f"{where} is a truncated save: it holds {', '.join(members)}, but {missing}.",
            "Keras failed while it wrote this file. Load an earlier version, or save the model again.",
        )
    graph = next((name for name in members if name.rpartition("/")[2] == GRAPH), "")
    if graph:
        raise DamagedFileError(f"{where} is a zipped SavedModel ({graph}).", "Unpack it, and give the folder.")
    if members and all(name.endswith(".npy") for name in members):
        raise DamagedFileError(f"{where} is a NumPy archive, not a model.", "Load it with numpy.load.")
    held = ", ".join(list(members)[:5]) or "nothing"
    raise DamagedFileError(f"{where} is a zip, but no Keras file: it holds {held}.", "Give a .keras file.")


def _sniff_hdf5(file: BinaryIO, where: str) -> tuple[Kind, Structure]:
    if zipfile.is_zipfile(file):
        raise UnsafeFileError(
            f"{where} is an HDF5 file and a zip at once.", "Do not open it; get it again from its maker."
        )
    structure = read_structure(file, where)
    if "model_config" in structure.attributes:
        return Kind.H5, structure
    if structure.is_weights:
        return Kind.WEIGHTS_H5, structure
    groups = ", ".join(sorted(structure.groups)[:5])
    held = f"groups {groups}" if groups else f"{structure.datasets} datasets"
    raise DamagedFileError(f"{where} is an HDF5 file, but no Keras model: it holds {held}.", "Open it with h5py.")


def _hides_hdf5(file: BinaryIO) -> bool:
    """Look where HDF5 does for its signature behind a user block: at 512 bytes and every doubling."""
    size, at = file.seek(0, 2), 512
    while at < size:
        file.seek(at)
        if file.read(len(SIGNATURE)) == SIGNATURE:
            return True
        at *= 2
    return False


def _not_a_model(head: bytes, where: str, size: int) -> UntrustedError:
    """Say what a file is that is no model."""
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype", b"<html", b"<?xml", b"<head", b"<error")):
        return DamagedFileError(
            f"{where} is a web page: the download got a login or error page, not the model.", _AGAIN
        )
    if head[:1] == b"\x80" and head[1:2] in {b"\2", b"\3", b"\4", b"\5"}:
        return UnsafeFileError(
            f"{where} is a pickle, which runs code when it is opened.", "colab_save opens no pickles."
        )
    if not head.strip(b"\0"):
        return DamagedFileError(f"{where} begins with zero bytes only: its upload or download did not finish.", _AGAIN)
    for magic, what, hint in _OTHERS:
        if head.startswith(magic):
            return DamagedFileError(f"{where} {what}.", hint)
    return DamagedFileError(
        f"{where} is no model: its {size:,} bytes begin with {head[:12]!r}.",
        f"Give a .keras, .h5, .tflite or .onnx file. {_AGAIN}",
    )
