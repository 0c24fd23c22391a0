"""Read the structure of an HDF5 file without the values of its datasets, and without libhdf5.

`sniffing` calls `read_structure` for ``.h5`` files, `keras.files` for the weights in a ``.keras``. The end in the
superblock is compared with that of the file first, so that a cut-off file is reported as such; then each group and
dataset is visited once. Only hard links are followed, and no other file is opened.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, field
from typing import BinaryIO

from colab_save.errors import DamagedFileError
from colab_save.hints import literal
from colab_save.inspecting.findings import EXHAUSTING, unsafe
from colab_save.inspecting.hdf5 import objects as form
from colab_save.inspecting.hdf5.records import MalformedError, Message, Source, messages
from colab_save.inspecting.limits import (
    BOMB_FLOOR,
    EMPTY_FLOOR,
    MAX_DEPTH,
    MAX_JSON,
    MAX_OBJECTS,
    MAX_SHAPE_RATIO,
    MAX_STRUCTURE,
)

SIGNATURE = b"\x89HDF\r\n\x1a\n"
_TEXTS = ("model_config", "training_config", "keras_version")


@dataclass(slots=True)
class Structure:
    """The structure of an HDF5 file.

    Attributes:
        texts: The root attributes of Keras: ``model_config``, ``training_config``, ``keras_version``.
        groups: The last part of each group's path.
        attributes: The names of the root attributes.
        datasets: The number of datasets.
        declared: The bytes of all datasets by shape.
        stored: The bytes of all datasets in the file.
    """

    texts: dict[str, str] = field(default_factory=dict)
    groups: set[str] = field(default_factory=set)
    attributes: set[str] = field(default_factory=set)
    datasets: int = 0
    declared: int = 0
    stored: int = 0

    @property
    def is_weights(self) -> bool:
        """Whether Keras could have written it with ``save_weights``; for a model without weights the file is empty."""
        return "vars" in self.groups or "layer_names" in self.attributes or not (self.groups or self.datasets)


def read_structure(file: BinaryIO, where: str) -> Structure:
    """Return the structure of an HDF5 file.

    Args:
        file: The open file.
        where: Its path, for errors.

    Raises:
        DamagedFileError: It is cut off, or its records contradict each other.
        UnsafeFileError: It has soft or external links, external or virtual data, or declares far more than it stores.
    """
    size = check_superblock(file, where)
    structure = Structure()
    try:
        source = Source(file, size, MAX_STRUCTURE)
        root = messages(source, source.root)
        _read_texts(source, root, structure, where)
        _Walk(source, structure, where).run(root)
    except (MalformedError, struct.error, IndexError, UnicodeDecodeError) as error:
        raise _damaged(where, literal(str(error))) from error
    if structure.declared > BOMB_FLOOR and structure.declared > MAX_SHAPE_RATIO * structure.stored:
        raise unsafe(where, f"it declares {structure.declared:,} bytes and stores {structure.stored:,}; {EXHAUSTING}")
    if structure.stored > size:
        raise unsafe(where, f"its datasets overlap: they take {structure.stored:,} bytes in a file of {size:,}")
    return structure


def check_superblock(file: BinaryIO, where: str) -> int:
    """Compare the end in the superblock with that of the file, and return the file's size.

    Raises:
        DamagedFileError: It is cut off, or not an HDF5 file.
    """
    size = file.seek(0, 2)
    file.seek(0)
    head = file.read(96)
    if not head.startswith(SIGNATURE):
        raise _damaged(where, "it does not begin like an HDF5 file")
    if len(head) < 96:
        raise _damaged(where, f"it ends after {size} bytes, so it is cut off")
    at, width = {0: (40, 13), 1: (44, 13), 2: (28, 9), 3: (28, 9)}.get(head[8], (0, 0))
    if not at or head[width : width + 2] != b"\x08\x08":
        raise _damaged(where, "Keras does not write superblocks of this kind")
    (end,) = struct.unpack_from("<Q", head, at)
    if end > size:
        raise _damaged(where, f"it ends after {size:,} of {end:,} bytes, so it was cut off while written or copied")
    return size


class _Walk:
    """A walk over all groups and datasets that visits each object once."""

    def __init__(self, source: Source, structure: Structure, where: str) -> None:
        self.source, self.structure, self.where = source, structure, where
        self.seen = {source.root}

    def run(self, root: list[Message]) -> None:
        """Walk from the root's header."""
        pending = [("", root)]
        while pending:
            path, header = pending.pop()
            for link in form.links(self.source, header):
                place = f"{path}/{link.name}"
                self._check_link(link, place)
                if link.address in self.seen:
                    continue
                self._count(link.address, place)
                found = messages(self.source, link.address)
                kinds = {message.kind for message in found}
                if form.LAYOUT in kinds:
                    self._check_dataset(found, place)
                elif kinds & {form.SYMBOL_TABLE, form.LINK_INFO}:
                    self.structure.groups.add(link.name)
                    pending.append((place, found))
                else:
                    raise MalformedError(f"{place} is neither a group nor a dataset")
                self._check_attributes(found)

    def _check_link(self, link: form.Link, place: str) -> None:
        kinds = {form.SOFT: "a soft link", form.EXTERNAL: "an external link"}
        if link.kind != form.HARD:
            raise unsafe(self.where, f"{place} is {kinds.get(link.kind, 'a link of an unknown kind')}")

    def _count(self, address: int, place: str) -> None:
        self.seen.add(address)
        if len(self.seen) > MAX_OBJECTS or place.count("/") > MAX_DEPTH:
            raise unsafe(self.where, f"more than {MAX_OBJECTS:,} objects or {MAX_DEPTH} levels of groups, at {place}")

    def _check_attributes(self, header: list[Message]) -> None:
        for message in header:
            if message.kind == form.ATTRIBUTE:
                form.attribute_of(self.source, message.body)

    def _check_dataset(self, header: list[Message], place: str) -> None:
        parts = {message.kind: message for message in header}
        if form.EXTERNAL_FILES in parts:
            raise unsafe(self.where, f"the dataset {place} has its values in another file")
        kind, stored = form.layout_of(self.source, parts[form.LAYOUT].body)
        if kind == form.VIRTUAL:
            raise unsafe(self.where, f"the dataset {place} is virtual: its values are in other files")
        if not {form.DATASPACE, form.DATATYPE} <= parts.keys() or form.is_shared(parts[form.DATATYPE]):
            raise MalformedError(f"{place} has no shape, or no datatype of its own")
        shape = form.shape_of(parts[form.DATASPACE].body)
        declared = math.prod(shape) * form.item_size(parts[form.DATATYPE].body)
        if declared > (BOMB_FLOOR if stored else EMPTY_FLOOR) and declared > MAX_SHAPE_RATIO * stored:
            found = f"the dataset {place} declares {declared:,} bytes and stores {stored:,}"
            raise unsafe(self.where, f"{found}; {EXHAUSTING}")
        if kind != form.CHUNKED and stored and stored != declared:
            raise MalformedError(f"{place} declares {declared:,} bytes and stores {stored:,}")
        self.structure.datasets += 1
        self.structure.declared += declared
        self.structure.stored += stored


def _read_texts(source: Source, root: list[Message], structure: Structure, where: str) -> None:
    """Add the root attributes to the structure, with the texts of Keras's own."""
    for message in root:
        if message.kind != form.ATTRIBUTE:
            continue
        name, value = form.attribute_of(source, message.body)
        structure.attributes.add(name)
        if name in _TEXTS:
            if value is None:
                raise MalformedError(f"its attribute {name} is not a text")
            if len(value) > MAX_JSON:
                raise unsafe(where, f"the attribute {name} is larger than {MAX_JSON:,} bytes")
            structure.texts[name] = value.decode("utf-8")


def _damaged(where: str, found: str) -> DamagedFileError:
    return DamagedFileError(f"{where} is damaged: {found}.", "Copy or download it again, or load another version.")
