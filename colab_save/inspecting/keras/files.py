"""Recognise and inspect the files of Keras: ``.keras``, ``.h5`` and ``.weights.h5``.

The table of formats names its functions, and `inspection` calls them. They also inspect an ``architecture.json``, and
the configs of a manifest from which Keras would make objects.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from colab_save.dialect import plain_policy
from colab_save.errors import DamagedFileError, StoreUnavailableError, UnsafeFileError
from colab_save.format_table import HDF5, format_of_path
from colab_save.hints import literal
from colab_save.inspecting.archive import open_member, read_directory, read_member
from colab_save.inspecting.findings import DO_NOT_OPEN, EXHAUSTING, Findings
from colab_save.inspecting.hdf5.structure import SIGNATURE, read_structure
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
from colab_save.inspecting.npz import check_npz
from colab_save.inspecting.sight import Sight
from colab_save.types import Json

WEIGHTS = ("model.weights.h5", "model.weights.npz")
"""The names of the weights in a ``.keras`` (``saving_lib._VARS_FNAME_H5``, ``…_NPZ``)."""

CONFIG, METADATA = "config.json", "metadata.json"
"""The names of the config in a ``.keras``, and of the file with the version of Keras."""


def is_keras(sight: Sight) -> bool:
    """Return whether a zip is a ``.keras``.

    Raises:
        DamagedFileError: It is a ``.keras``, but incomplete.
        UnsafeFileError: It is also an HDF5 file.
    """
    members, where = sight.members, str(sight.path)
    if CONFIG in members and any(name in members for name in WEIGHTS):
        named = format_of_path(where)
        if named and HDF5 in named.containers and sight.file and _hides_hdf5(sight.file):
            raise UnsafeFileError(f"{where} is both a zip and an HDF5 file.", DO_NOT_OPEN)
        return True
    if {CONFIG, METADATA} & members.keys():
        missing = f"no {CONFIG}" if CONFIG not in members else f"no {WEIGHTS[0]}"
        raise DamagedFileError(
            f"{where} is an incomplete save: it holds {', '.join(members)}, but {missing}.",
            "Load an earlier version, or save the model again; Keras failed while it wrote this file.",
        )
    return False


def _hides_hdf5(file: BinaryIO) -> bool:
    """Return whether HDF5 finds its signature behind a user block: at byte 512, 1024, 2048 and so on."""
    size, at = file.seek(0, 2), 512
    while at < size:
        file.seek(at)
        if file.read(len(SIGNATURE)) == SIGNATURE:
            return True
        at *= 2
    return False


def is_h5(sight: Sight) -> bool:
    """Return whether an HDF5 file is a complete model."""
    return "model_config" in sight.structure.attributes


def is_weights(sight: Sight) -> bool:
    """Return whether an HDF5 file has the weights of a model."""
    return sight.structure.is_weights


def inspect_keras(sight: Sight, allowed: frozenset[str]) -> Findings:
    """Return what a ``.keras`` needs, from its config and the structure of its weights."""
    with sight.path.open("rb") as file:
        return _inspect_archive(file, sight.path, sight.format, allowed)


def _inspect_archive(file: BinaryIO, path: Path, format: str, allowed: frozenset[str]) -> Findings:
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
    if METADATA in members:
        metadata = read_json(read_member(file, members[METADATA], MAX_JSON, where), f"{METADATA} in {where}")
        version = _version_in(metadata)
    return _findings(format, scan, stored, path, version)


def inspect_h5(sight: Sight, allowed: frozenset[str]) -> Findings:
    """Return what an HDF5 file of Keras needs, from the configs in its attributes."""
    texts, path = sight.structure.texts, sight.path
    scan = Scan()
    for name in ("model_config", "training_config"):
        if name in texts:
            scan_config(read_json(texts[name], f"{name} in {path}"), f"{path}:{name}", allowed, scan)
    return _findings(sight.format, scan, path.stat().st_size, path, texts.get("keras_version", ""))


def _findings(format: str, scan: Scan, stored: int, path: Path, version: str) -> Findings:
    """Return the findings of a scan; a weight with far more values than the file has bytes is a bomb."""
    if scan.parameters > BOMB_FLOOR and scan.parameters > MAX_SHAPE_RATIO * stored:
        raise UnsafeFileError(
            f"{path} declares a weight of {scan.parameters:,} values, but has {stored:,} bytes; {EXHAUSTING}.",
            DO_NOT_OPEN,
        )
    names, risks = tuple(sorted(scan.custom_names)), tuple(_risks(scan, stored))
    policy, homonyms = _policy(scan.policies), tuple(sorted(scan.homonyms))
    return Findings(format, names, tuple(scan.runs_code), version, scan.models > 1, risks, policy, homonyms)


def _policy(policies: list[str]) -> str:
    """Return the model's dtype policy, or else that of most layers: files lack the policy of a functional model."""
    known = [policy for policy in map(plain_policy, policies) if policy]
    return plain_policy(policies[0]) or max(known, key=known.count) if known else ""


def _risks(scan: Scan, stored: int) -> Iterator[str]:
    """Yield why opening a file may never end, or take all memory."""
    if scan.unmade:
        yield f"holds a graph that never ends: {scan.unmade[0]}"
    if scan.sizes.total > max(MAX_VALUES, MAX_VALUE_RATIO * stored):
        yield f"has {stored:,} bytes and declares up to {scan.sizes.total:,} values"


def _version_in(metadata: Json) -> str:
    version = metadata.get("keras_version") if isinstance(metadata, dict) else None
    return version if isinstance(version, str) else ""


def inspect_architecture(path: Path, allowed: frozenset[str] = frozenset(), *, stored: int) -> Findings:
    """Return what an ``architecture.json`` needs, from which Keras rebuilds a model before it loads the weights.

    Args:
        path: The file.
        allowed: The installed packages whose classes it may name.
        stored: The bytes of the file with the weights.

    Raises:
        DamagedFileError: It is not JSON.
        UnsafeFileError: Building the model would do something that no model needs.
        StoreUnavailableError: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            config = read_json(file.read(MAX_JSON + 1), str(path))
    except OSError as error:
        raise StoreUnavailableError(
            f"{path} cannot be read ({literal(str(error))}).", "Check the mount and the permissions."
        ) from error
    scan = scan_config(config, str(path), allowed)
    return _findings("weights", scan, stored, path, _version_in(config))


def inspect_recorded(
    configs: Json, shapes: Json, where: str, allowed: frozenset[str] = frozenset(), *, stored: int
) -> Findings:
    """Return what the facts in an untrusted manifest need, besides the payload.

    Args:
        configs: The configs from which Keras makes objects.
        shapes: The shapes for which layers are built.
        where: The manifest, for errors.
        allowed: The installed packages whose classes it may name.
        stored: The bytes of the payload.

    Raises:
        UnsafeFileError: Making the objects would do something that no model needs, or take all memory.
    """
    longest = max(_sizes_in(shapes), default=0)
    if longest > max(MAX_AXIS, stored):
        raise UnsafeFileError(
            f"{where} builds a layer for an axis of {longest:,} values, but its payload has {stored:,} bytes.",
            DO_NOT_OPEN,
        )
    return _findings("weights", scan_config(configs, where, allowed), stored, Path(where), "")


def _sizes_in(value: Json) -> Iterator[int]:
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, dict | list | tuple):
            pending += item.values() if isinstance(item, dict) else item
        elif isinstance(item, int | float):
            yield abs(int(item)) if math.isfinite(item) else MAX_DIMENSION
