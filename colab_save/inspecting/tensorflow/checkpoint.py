"""Recognise and inspect TensorFlow checkpoints: weights in an index and several data files, and perhaps an object.

The table of formats names its functions, and `inspection` calls them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from colab_save.errors import DamagedFileError
from colab_save.format_table import FOLDER, OBJECT, PREFIX
from colab_save.inspecting.findings import CustomName, Findings, unsafe
from colab_save.inspecting.keras.config import Scan, scan_config
from colab_save.inspecting.limits import MAX_JSON
from colab_save.inspecting.sight import Sight
from colab_save.inspecting.tensorflow.saved_model import check_shards
from colab_save.types import Json

_TABLE_END = b"\x57\xfb\x80\x8b\x24\x75\x47\xdb"


def is_checkpoint(sight: Sight) -> bool:
    """Return whether a folder has a checkpoint, a file is the index of one, or a path is the prefix of one."""
    if sight.container == PREFIX:
        return sight.path.with_name(f"{sight.path.name}.index").is_file()
    if sight.container == FOLDER:
        return "checkpoint" in sight.names or any(name.endswith(".index") for name in sight.names)
    if sight.file is None:
        return False
    sight.file.seek(max(0, sight.size - len(_TABLE_END)))
    return sight.file.read() == _TABLE_END


def inspect_checkpoint(sight: Sight, allowed: frozenset[str]) -> Findings:
    """Check that all files of a checkpoint are there, and what its attributes need.

    Raises:
        DamagedFileError: One is missing or empty.
        UnsafeFileError: A config in the attributes names what no model needs.
    """
    for index in _indexes(sight.path):
        check_shards(index)
    file = sight.path / OBJECT
    if not file.exists():  # not by the names in the folder: some disks tell no capitals from small letters
        return Findings(sight.format)
    described, scan = _read(file), Scan()
    for config in _configs_in(described):
        scan_config(config, str(file), allowed, scan)
    names = {*scan.custom_names, *(CustomName("", name) for name in _code_in(described))}
    runs_code = (f"{OBJECT} makes objects of classes and sets their attributes", *scan.runs_code)
    homonyms = tuple(sorted(scan.homonyms))
    return Findings(sight.format, tuple(sorted(names)), runs_code, homonyms=homonyms)


def _read(file: Path) -> Json:
    """Read the attributes beside the values.

    Raises:
        DamagedFileError: They are no JSON, or nested too deeply.
        UnsafeFileError: They have more bytes than any object needs.
    """
    if file.is_symlink() or file.stat().st_size > MAX_JSON:
        raise unsafe(str(file), f"it is a link or has more than {MAX_JSON >> 20} MiB")
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise DamagedFileError(f"{file} is no JSON.", "Copy the whole folder again.") from error


def _code_in(described: Json) -> Iterator[str]:
    """Yield the names of the classes and functions that the attributes need."""
    for value in _dicts_in(described):
        if isinstance(name := value.get("code"), str) and len(value) == 1:
            yield name


def _configs_in(described: Json) -> Iterator[Json]:
    """Yield the configs in the attributes from which Keras makes an object."""
    for value in _dicts_in(described):
        if isinstance(held := value.get("keras"), list) and len(value) == 1:
            yield from held[1:]


def _dicts_in(described: Json) -> Iterator[dict[str, Json]]:
    waiting = [described]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield value
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


def _indexes(path: Path) -> list[Path]:
    if path.is_dir():
        indexes = sorted(path.glob("*.index"))
        if not indexes:
            raise DamagedFileError(
                f"{path} is the folder of a checkpoint, but its index is missing.", "Copy the whole folder again."
            )
        return indexes
    return [path if path.is_file() else path.with_name(f"{path.name}.index")]
