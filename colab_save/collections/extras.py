"""Save extras with a model: the plain attributes and notebook variables that the user named (option ``extra``).

``saving/resolving.py`` finds them, ``saving/staging.py`` writes them, the fresh process and ``loading/opening.py`` put
them back. They are a `Collection` without models: JSON and arrays, no pickles, in a folder of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from colab_save.artifact.collection import (
    ARRAYS,
    TREE,
    Collection,
    compare_collections,
    read_collection,
    walk_tree,
    write_collection,
)
from colab_save.collections.joining import join
from colab_save.collections.splitting import UNWRITTEN, collection_of
from colab_save.dialect import DIALECTS
from colab_save.errors import DamagedFileError, FormatError, RequestError, UnknownNameError
from colab_save.hints import literal, option
from colab_save.inspecting.inspection import inspect_npz
from colab_save.model.attributes import free_attributes, is_free
from colab_save.types import Model
from colab_save.wording import did_you_mean

SAVABLE = "Lists, tuples, dicts, sets, texts, numbers, None, NumPy arrays, tensors and variables can be saved."
"""A sentence for hints."""

TO_SET = "Leave it out, and set it after loading, such as from the environment or from the secrets of Colab."
"""The hint for a secret."""

REFUSED = {
    "model": "a model",
    **dict.fromkeys(DIALECTS, "an object of Keras"),
    "optimizer_of": "an optimizer",
    **dict.fromkeys(("object", "made"), "an object"),
}
"""The nodes that a collection may have and extras may not, with the words for messages."""


@dataclass(frozen=True, slots=True)
class Extras:
    """Extra values by the name that the user gave.

    Attributes:
        attributes: Attributes of the model.
        variables: All other values.
    """

    attributes: Mapping[str, Any] = field(default_factory=dict)
    variables: Mapping[str, Any] = field(default_factory=dict)

    @property
    def values(self) -> dict[str, Any]:
        """Return all values by name."""
        return {**self.attributes, **self.variables}

    @property
    def notes(self) -> tuple[str, ...]:
        """Return which values come back as a plain dict or list instead of their own class."""
        return tuple(note.partition(".")[2] for note in self.collection.notes)

    @property
    def collection(self) -> Collection:
        """Return the extras as a collection, to write or to compare them."""
        return collection_of({"attributes": dict(self.attributes), "variables": dict(self.variables)}, is_sharing=False)


def find_extras(names: Sequence[str], model: Model | None, variables: Mapping[str, Any]) -> Extras:
    """Find the extras by name: attributes of the model, or else variables of the notebook.

    Args:
        names: The names of the extras.
        model: The live model, or ``None`` for a collection.
        variables: The notebook's variables.

    Raises:
        UnknownNameError: Neither the model nor the notebook has the name.
        RequestError: The value cannot be loaded again without running code.
    """
    attributes, others, free = {}, {}, free_attributes(model)
    for name in names:
        if name in free:
            attributes[name] = getattr(model, name)
        elif name in variables or hasattr(model, name):
            others[name] = variables[name] if name in variables else getattr(model, name)
        else:
            known = [*free, *(other for other in variables if not other.startswith("_"))]
            raise UnknownNameError(
                f"{option('extra', name)}: neither the model nor the notebook has {name}.",
                did_you_mean(name, known),
            )
    found = Extras(attributes, others)
    for name, value in found.values.items():
        _check(name, collection_of({name: value}))
    return found


def _check(name: str, collection: Collection) -> None:
    refused = next((REFUSED[kind] for node in walk_tree(collection.tree) for kind in REFUSED if kind in node), "")
    if collection.lost or refused:
        why = literal(collection.lost[0]) if collection.lost else f"{name} is or contains {refused}"
        todo = TO_SET if UNWRITTEN in why else f"Convert it to plain values. {SAVABLE}"
        raise RequestError(f"{option('extra', name)} cannot be saved: {why}.", todo)


def write_extras(folder: Path, extras: Extras) -> None:
    """Write extras into a folder, and read them back to check the files.

    Raises:
        FormatError: The files do not hold the same values.
    """
    if extras.values:
        folder.mkdir()
        write_collection(folder, extras.collection)
        _compare(extras.collection, read_extras(folder).collection)


def read_extras(folder: Path | None) -> Extras:
    """Read extras from a folder; the files are inspected first.

    Args:
        folder: The folder; ``None`` if there are no extras.

    Raises:
        DamagedFileError: The folder does not contain extras.
        UnsafeFileError: The arrays are not plain arrays.
    """
    if folder is None:
        return Extras()
    inspect_npz(folder / ARRAYS)
    collection = read_collection(folder)
    made = (
        None
        if any(kind in node for node in walk_tree(collection.tree) for kind in REFUSED)
        else join(collection, {}, {})
    )
    if isinstance(made, dict) and made.keys() == {"attributes", "variables"} and all(map(_is_named, made.values())):
        return Extras(**made)
    raise DamagedFileError(
        f"{folder.name}/{TREE} does not contain extras.", "The version is damaged; load another one."
    )


def _is_named(values: object) -> bool:
    return isinstance(values, dict) and all(isinstance(name, str) for name in values)


def put_back(model: Model | None, extras: Extras) -> tuple[str, ...]:
    """Set the extras that were attributes of the model again, without replacing anything that the model needs.

    Returns:
        Notes for the user about the extras that could not be set.
    """
    notes = []
    for name, value in extras.attributes.items():
        is_set = is_free(model, name)
        try:
            if is_set:
                setattr(model, name, value)
        except (
            AttributeError,
            TypeError,
            ValueError,
        ):  # refused by the class, or a variable in a built model
            is_set = False
        if not is_set:
            notes.append(f"{name} is not a plain attribute of this model; the saved value is in report.extras.")
    return tuple(notes)


def prove_extras(model: Model | None, folder: Path) -> None:
    """Put the staged extras back, and compare the attributes of the model with them.

    Args:
        model: The reloaded model, or ``None`` for a collection.
        folder: The folder of the extras; it need not exist.

    Raises:
        DamagedFileError: The extras cannot be read.
        FormatError: An extra differs or could not be set.
    """
    extras = read_extras(folder if folder.is_dir() else None)
    put_back(model, extras)
    missing = [name for name in extras.attributes if not hasattr(model, name)]
    if missing:
        raise FormatError(f"The extra {missing[0]} could not be set as an attribute of the model again.", SAVABLE)
    found = {name: getattr(model, name) for name in extras.attributes}
    _compare(extras.collection, Extras(found, extras.variables).collection)


def _compare(expected: Collection, actual: Collection) -> None:
    gaps = compare_collections(expected, actual)
    if gaps:
        where = gaps[0].where.partition(".")[2]
        raise FormatError(f"The extra {where} {gaps[0].what}.", f"Convert it to plain values. {SAVABLE}")
