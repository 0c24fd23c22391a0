"""The files of Keras: ``.keras``, ``.h5`` and ``.weights.h5``; which of them a file is, and what opening it would need.

The table of formats names what is here; `inspection` calls it. What a manifest and an ``architecture.json`` would have
Keras make is read here too.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from colab_save.dialect import plain_policy
from colab_save.errors import DamagedFileError, StoreUnavailableError, UnsafeFileError
from colab_save.format_table import HDF5, format_of_path
from colab_save.inspecting.archive import open_member, read_directory, read_member
from colab_save.inspecting.findings import Findings
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

WEIGHTS = ("model.weights.h5", "model.weights.npz")
"""The names under which Keras looks for the weights in a ``.keras`` (``saving_lib._VARS_FNAME_H5``, ``…_NPZ``)."""

CONFIG, METADATA = "config.json", "metadata.json"
"""The names of the config in a ``.keras``, and of what says which Keras wrote it."""


def is_keras(sight: Sight) -> bool:
    """Say whether a zip is a ``.keras``.

    Raises:
        DamagedFileError: It is one that Keras did not finish.
        UnsafeFileError: It is an HDF5 file too.
    """
    members, where = sight.members, str(sight.path)
    if CONFIG in members and any(name in members for name in WEIGHTS):
        named = format_of_path(where)
        if named and HDF5 in named.containers and sight.file and _hides_hdf5(sight.file):
            raise UnsafeFileError(f"{where} is a zip and an HDF5 file at once.", "Do not open it.")
        return True
    if {CONFIG, METADATA} & members.keys():
        missing = f"no {CONFIG}" if CONFIG not in members else f"no {WEIGHTS[0]}"
        raise DamagedFileError(
            f"{where} is a truncated save: it holds {', '.join(members)}, but {missing}.",
            "Keras failed while it wrote this file. Load an earlier version, or save the model again.",
        )
    return False


def _hides_hdf5(file: BinaryIO) -> bool:
    """Look where HDF5 does for its signature behind a user block: at 512 bytes and every doubling."""
    size, at = file.seek(0, 2), 512
    while at < size:
        file.seek(at)
        if file.read(len(SIGNATURE)) == SIGNATURE:
            return True
        at *= 2
    return False


def is_h5(sight: Sight) -> bool:
    """Say whether an HDF5 file is a whole model."""
    return "model_config" in sight.structure.attributes


def is_weights(sight: Sight) -> bool:
    """Say whether an HDF5 file is the weights of a model."""
    return sight.structure.is_weights


def inspect_keras(sight: Sight, allowed: frozenset[str]) -> Findings:
    """Read what a ``.keras`` needs: its config, and the structure of its weights."""
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
    """Read what an HDF5 file of Keras needs: the configs among its attributes."""
    texts, path = sight.structure.texts, sight.path
    scan = Scan()
    for name in ("model_config", "training_config"):
        if name in texts:
            scan_config(read_json(texts[name], f"{name} in {path}"), f"{path}:{name}", allowed, scan)
    return _findings(sight.format, scan, path.stat().st_size, path, texts.get("keras_version", ""))


def _findings(format: str, scan: Scan, stored: int, path: Path, version: str) -> Findings:
    """Sum a scan up; a layer whose weight is far larger than the whole file is a bomb, at a byte a value."""
    if scan.parameters > BOMB_FLOOR and scan.parameters > MAX_SHAPE_RATIO * stored:
        raise UnsafeFileError(
            f"{path} declares a weight of {scan.parameters:,} values and has {stored:,} bytes: a bomb.",
            "Do not open it.",
        )
    names, risks = tuple(sorted(scan.custom_names)), tuple(_risks(scan, stored))
    return Findings(format, names, tuple(scan.runs_code), version, scan.models > 1, risks, _policy(scan.policies))


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
    return _findings("weights", scan, stored, path, _version_in(config))


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
    return _findings("weights", scan_config(configs, where, allowed), stored, Path(where), "")


def _sizes_in(value: Any) -> Iterator[int]:
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, dict | list | tuple):
            pending += item.values() if isinstance(item, dict) else item
        elif isinstance(item, int | float):
            yield abs(int(item)) if math.isfinite(item) else MAX_DIMENSION
