"""Recognise and inspect TensorFlow checkpoints: weights without a model, in an index and several data files.

The table of formats names its functions, and `inspection` calls them.
"""

from __future__ import annotations

from pathlib import Path

from colab_save.errors import DamagedFileError
from colab_save.format_table import FOLDER, PREFIX
from colab_save.inspecting.findings import Findings
from colab_save.inspecting.sight import Sight
from colab_save.inspecting.tensorflow.saved_model import check_shards

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


def inspect_checkpoint(sight: Sight, _: frozenset[str]) -> Findings:
    """Check that all files of a checkpoint are there.

    Raises:
        DamagedFileError: One is missing or empty.
    """
    for index in _indexes(sight.path):
        check_shards(index)
    return Findings(sight.format)


def _indexes(path: Path) -> list[Path]:
    if path.is_dir():
        indexes = sorted(path.glob("*.index"))
        if not indexes:
            raise DamagedFileError(
                f"{path} is the folder of a checkpoint, but its index is missing.", "Copy the whole folder again."
            )
        return indexes
    return [path if path.is_file() else path.with_name(f"{path.name}.index")]
