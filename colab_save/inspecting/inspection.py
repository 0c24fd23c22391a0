"""Is this file safe to open: what it is, what it needs, and what opening it would run.

`loading` and the fresh process call `sniff` and `inspect` before Keras or TensorFlow sees a file. Everything is read
from zip, JSON, HDF5 structure and protobuf; no value of a weight is read, nothing is imported, no link followed.
A file that is refused raises; what a user may trust is listed in `Findings`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from colab_save.dialect import plain_policy
from colab_save.errors import DamagedFileError, StoreUnavailableError, UnsafeFileError
from colab_save.inspecting.archive import open_member, read_directory, read_member
from colab_save.inspecting.findings import CustomName, Findings, Kind, needs_child
from colab_save.inspecting.hdf5.structure import Structure, read_structure
from colab_save.inspecting.keras.config import Scan, read_json, scan_config
from colab_save.inspecting.limits import (
    BOMB_FLOOR,
    MAX_AXIS,
    MAX_DIMENSION,
    MAX_JSON,
    MAX_SAMPLE,
    MAX_SHAPE_RATIO,
    MAX_VALUE_RATIO,
    MAX_VALUES,
)
from colab_save.inspecting.litert import scan_litert
from colab_save.inspecting.npz import check_npz, check_npz_file
from colab_save.inspecting.onnx import scan_onnx
from colab_save.inspecting.sniffing import CONFIG, WEIGHTS, look, sniff
from colab_save.inspecting.tensorflow.saved_model import check_shards, scan_saved_model

__all__ = [
    "CustomName",
    "Findings",
    "Kind",
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
    kind, structure = look(path)
    try:
        if structure is not None:
            return _inspect_hdf5(structure, path, allowed, kind)
        if kind is Kind.SAVED_MODEL:
            scan = scan_saved_model(path, allowed)
            return Findings(kind, tuple(sorted(scan.custom_names)), tuple(scan.runs_code))
        if kind is Kind.CHECKPOINT:
            _check_checkpoint(path)
            return Findings(kind)
        if kind is Kind.LITERT:
            return Findings(kind, runs_code=scan_litert(path))
        if kind is Kind.ONNX:
            scan_onnx(path)
            return Findings(kind)
        with path.open("rb") as file:
            return _inspect_zip(file, path, allowed)
    except OSError as error:
        raise StoreUnavailableError(
            f"{path} cannot be read ({error}).", "Check the mount and the permissions."
        ) from error


def inspect_architecture(path: Path, allowed: frozenset[str] = frozenset(), *, stored: int) -> Findings:
    """Read what an ``architecture.json`` needs, which Keras rebuilds a model from before it loads its weights.

    Args:
        path: The file.
        allowed: Installed packages whose classes it may name.
        stored: Bytes of the file with the weights.

    Raises:
        DamagedFileError: Not JSON.
        UnsafeFileError: Building it would do what no model needs.
        StoreUnavailableError: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            config = read_json(file.read(MAX_JSON + 1), str(path))
    except OSError as error:
        raise StoreUnavailableError(
            f"{path} cannot be read ({error}).", "Check the mount and the permissions."
        ) from error
    scan = scan_config(config, str(path), allowed)
    return _findings(Kind.WEIGHTS_H5, scan, stored, path, _version_in(config))


def inspect_recorded(
    configs: Any, shapes: Any, where: str, allowed: frozenset[str] = frozenset(), *, stored: int
) -> Findings:
    """Read what a foreign manifest would have made of its facts, beside what is in the payload.

    Args:
        configs: What Keras makes objects of.
        shapes: What layers are built for.
        where: What to call it in an error.
        allowed: Installed packages whose classes it may name.
        stored: Bytes of the payload.

    Raises:
        UnsafeFileError: Making it would do what no model needs, or take all memory.
    """
    longest = max(_sizes_in(shapes), default=0)
    if longest > max(MAX_AXIS, stored):
        raise UnsafeFileError(
            f"{where} has a layer built for an axis of {longest:,} values, and its payload has {stored:,} bytes.",
            "Do not open it.",
        )
    return _findings(Kind.WEIGHTS_H5, scan_config(configs, where, allowed), stored, Path(where), "")


def _sizes_in(value: Any) -> Iterator[int]:
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, dict | list | tuple):
            pending += item.values() if isinstance(item, dict) else item
        elif isinstance(item, int | float):
            yield abs(int(item)) if math.isfinite(item) else MAX_DIMENSION


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


def _inspect_zip(file: BinaryIO, path: Path, allowed: frozenset[str]) -> Findings:
    where = str(path)
    members = read_directory(file, where)
    config = read_json(read_member(file, members[CONFIG], MAX_JSON, where), f"{CONFIG} in {where}")
    scan = scan_config(config, f"{where}:{CONFIG}", allowed)
    stored = path.stat().st_size
    for name in (name for name in WEIGHTS if name in members):
        with open_member(file, members[name], where) as weights:
            if name.endswith(".npz"):
                check_npz(weights, f"{name} in {where}", max(MAX_SAMPLE, stored))
            else:
                read_structure(weights, f"{name} in {where}")
    version = ""
    if "metadata.json" in members:
        metadata = read_json(read_member(file, members["metadata.json"], MAX_JSON, where), f"metadata.json in {where}")
        version = _version_in(metadata)
    return _findings(Kind.KERAS, scan, stored, path, version)


def _inspect_hdf5(structure: Structure, path: Path, allowed: frozenset[str], kind: Kind) -> Findings:
    texts = structure.texts
    scan = Scan()
    for name in ("model_config", "training_config"):
        if name in texts:
            scan_config(read_json(texts[name], f"{name} in {path}"), f"{path}:{name}", allowed, scan)
    return _findings(kind, scan, path.stat().st_size, path, texts.get("keras_version", ""))


def _findings(kind: Kind, scan: Scan, stored: int, path: Path, version: str) -> Findings:
    """Sum a scan up; a layer whose weight is far larger than the whole file is a bomb, at a byte a value."""
    if scan.parameters > BOMB_FLOOR and scan.parameters > MAX_SHAPE_RATIO * stored:
        raise UnsafeFileError(
            f"{path} declares a weight of {scan.parameters:,} values and has {stored:,} bytes: a bomb.",
            "Do not open it.",
        )
    names, risks = tuple(sorted(scan.custom_names)), tuple(_risks(scan, stored))
    return Findings(kind, names, tuple(scan.runs_code), version, scan.models > 1, risks, _policy(scan.policies))


def _policy(policies: list[str]) -> str:
    """Take the model's own dtype policy, or else what most of its layers have: a functional model's is not written."""
    known = [policy for policy in map(plain_policy, policies) if policy]
    return plain_policy(policies[0]) or max(known, key=known.count) if known else ""


def _risks(scan: Scan, stored: int) -> Iterator[str]:
    """Say why opening a file may take for ever, or all memory."""
    if scan.unmade:
        yield f"holds a graph that never ends: {scan.unmade[0]}"
    if scan.sizes.total > max(MAX_VALUES, MAX_VALUE_RATIO * stored):
        yield f"has {stored:,} bytes and declares up to {scan.sizes.total:,} values"


def _version_in(metadata: Any) -> str:
    version = metadata.get("keras_version") if isinstance(metadata, dict) else None
    return version if isinstance(version, str) else ""


def _check_checkpoint(path: Path) -> None:
    if path.is_dir():
        indexes = sorted(path.glob("*.index"))
        if not indexes:
            raise DamagedFileError(
                f"{path} names a checkpoint, but holds no index of one.", "Copy the whole folder again."
            )
    else:
        indexes = [path if path.is_file() else path.with_name(f"{path.name}.index")]
    for index in indexes:
        check_shards(index)
