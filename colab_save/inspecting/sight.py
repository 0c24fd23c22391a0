"""What is seen of a file or folder before anybody knows what it is: what it is packed in, its first bytes, its names.

`sniffing` makes one and shows it to the formats of the table, which say whether it is theirs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from colab_save.inspecting.archive import Member
from colab_save.inspecting.hdf5.structure import Structure

COPY_AGAIN = "Download or copy it again; a shared link may need its direct-download form."
"""What to do with what is not all there."""


@dataclass(frozen=True, slots=True)
class Sight:
    """A file, a folder, or what the names of several files begin with.

    Attributes:
        path: Where it is.
        container: What it is packed in, as `format_table` names that.
        head: The first bytes of a file.
        size: Its bytes.
        file: The file, opened, while formats are asked whether it is theirs.
        names: What a folder holds at its top.
        members: What a zip holds.
        structure: What an HDF5 file holds.
        format: The format that it is of; empty until that is known.
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
