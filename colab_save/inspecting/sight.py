"""What can be read of a file or folder before its format is known: its container, first bytes and names.

`sniffing` makes a `Sight` and passes it to the ``recognise`` hook of each format in the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from colab_save.inspecting.archive import Member
from colab_save.inspecting.hdf5.structure import Structure

COPY_AGAIN = "Download or copy it again; a shared link may need its direct-download form."
"""The hint for an incomplete file."""


@dataclass(frozen=True, slots=True)
class Sight:
    """A file, a folder, or the common beginning of the names of several files.

    Attributes:
        path: Its path.
        container: Its container, one of those in `format_table`.
        head: The first bytes of a file.
        size: The bytes of a file.
        file: The open file, while formats are asked to recognise it.
        names: The names at the top of a folder.
        members: The members of a zip.
        structure: The structure of an HDF5 file.
        format: Its format; empty until it is known.
    """

    path: Path
    container: str
    head: bytes = b""
    size: int = 0
    file: BinaryIO | None = None
    names: tuple[str, ...] = ()
    members: Mapping[str, Member] = field(default_factory=dict)
    structure: Structure = field(default_factory=Structure)
    format: str = ""
