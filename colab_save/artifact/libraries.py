"""The libraries that register operations of a graph, as they are recorded in the folder of its SavedModel.

`formats.libraries` writes the record beside the graph, and imports what it names before a load; `saving` adds the
distributions to the manifest. TensorFlow and its servers look at nothing in ``assets.extra/``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from colab_save.artifact.records import read_record
from colab_save.errors import DamagedFileError
from colab_save.hints import literal

LIBRARIES = "assets.extra/colab_save_libraries.json"
"""The file in the folder of a SavedModel."""

MOST = 1 << 20
"""Most characters of that file that are read; one with more is not whole then."""


@dataclass(frozen=True, slots=True)
class Library:
    """A package that registers operations with TensorFlow when it is imported.

    Attributes:
        package: Its import name, such as ``tensorflow_text``.
        operations: The module of the package that registers it, for each of its operations in the graph.
        distribution: The name by which pip installs it; empty for a module that pip does not know.
        version: Its version where the graph was written.
    """

    package: str
    operations: Mapping[str, str] = field(default_factory=dict)
    distribution: str = ""
    version: str = ""

    @property
    def modules(self) -> tuple[str, ...]:
        """Return the modules that register the operations, each once, sorted."""
        return tuple(sorted(set(self.operations.values())))


def write_libraries(folder: Path, libraries: Sequence[Library]) -> None:
    """Record the libraries in the folder of a SavedModel; nothing is written where there are none."""
    if libraries:
        file = folder / LIBRARIES
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps([asdict(library) for library in libraries], indent=1), encoding="utf-8")


def read_libraries(folder: Path) -> tuple[Library, ...]:
    """Return the libraries that are recorded in the folder of a SavedModel; none for any other path.

    Raises:
        DamagedFileError: The record is not one.
    """
    file = folder / LIBRARIES
    if not file.is_file():
        return ()
    try:
        with file.open(encoding="utf-8") as stream:
            found = read_record(tuple[Library, ...], json.loads(stream.read(MOST)))
        for library in found:
            _check(library)
    except (ValueError, RecursionError) as error:
        again = "Copy the whole folder again, or delete this file and import the libraries yourself."
        raise DamagedFileError(f"{literal(str(file))} cannot be read ({literal(str(error))}).", again) from error
    return found


def _check(library: Library) -> None:
    """Raise for names that no import statement has, and for modules of another package."""
    names = (library.package, *library.modules)
    if not all(part.isidentifier() for name in names for part in name.split(".")):
        raise ValueError(f"{str(names)[:80]} cannot be imported")
    if any(name.partition(".")[0] != library.package for name in names):
        raise ValueError(f"{str(names)[:80]} are not of one package")
