"""What is kept with a model because the user named it (``--extra``): plain attributes of it, variables of the notebook.

`resolving` takes them from the live model, `staging` writes them, the fresh process and `opening` put them back. They
are a `Collection` without models: JSON and arrays, no pickles, in a folder of their own.
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
from colab_save.collections.splitting import collection_of
from colab_save.dialect import DIALECTS
from colab_save.errors import DamagedFileError, FormatError, RequestError, UnknownNameError
from colab_save.hints import option
from colab_save.inspecting.inspection import inspect_npz
from colab_save.model.attributes import free_attributes, is_free
from colab_save.wording import did_you_mean

KEPT = "Lists, tuples, dicts, sets, texts, numbers, None, NumPy arrays, tensors and variables can be kept."

REFUSED = {
    "model": "a model",
    **dict.fromkeys(DIALECTS, "an object of Keras"),
    "optimizer_of": "an optimizer",
    "object": "an object",
}
"""What a collection can hold and these cannot."""


@dataclass(frozen=True, slots=True)
class Extras:
    """Values by the name that the user gave.

    Attributes:
        attributes: Those that are attributes of the model.
        variables: All others.
    """

    attributes: Mapping[str, Any] = field(default_factory=dict)
    variables: Mapping[str, Any] = field(default_factory=dict)

    @property
    def values(self) -> dict[str, Any]:
        """Give all of them."""
        return {**self.attributes, **self.variables}

    @property
    def notes(self) -> tuple[str, ...]:
        """Say of which values only the kind comes back, and not the class."""
        return tuple(note.partition(".")[2] for note in self.collection.notes)

    @property
    def collection(self) -> Collection:
        """Take them apart, for a file or to be compared."""
        return collection_of({"attributes": dict(self.attributes), "variables": dict(self.variables)})


def find_extras(names: Sequence[str], model: Any, variables: Mapping[str, Any]) -> Extras:
    """Find what the user named: an attribute of the model, else a variable of the notebook.

    Args:
        names: What is to be kept.
        model: The live model, or ``None`` when there are several.
        variables: The notebook's variables.

    Raises:
        UnknownNameError: There is nothing of that name.
        RequestError: It cannot be kept without running code.
    """
    attributes, others = {}, {}
    for name in names:
        if name in free_attributes(model):
            attributes[name] = getattr(model, name)
        elif name in variables or hasattr(model, name):
            others[name] = variables[name] if name in variables else getattr(model, name)
        else:
            known = [*free_attributes(model), *(other for other in variables if not other.startswith("_"))]
            raise UnknownNameError(
                f"{option('extra', name)}: neither the model nor the notebook has it.", did_you_mean(name, known)
            )
    found = Extras(attributes, others)
    for name, value in found.values.items():
        _check(name, collection_of({name: value}))
    return found


def _check(name: str, collection: Collection) -> None:
    held = next((REFUSED[kind] for node in walk_tree(collection.tree) for kind in REFUSED if kind in node), "")
    if collection.lost or held:
        why = collection.lost[0] if collection.lost else f"{name} is or holds {held}"
        raise RequestError(f"{option('extra', name)} cannot be kept: {why}.", f"Make it plain values. {KEPT}")


def write_extras(folder: Path, extras: Extras) -> None:
    """Write them into a folder, and see that the files say what they were.

    Raises:
        FormatError: They do not.
    """
    if extras.values:
        folder.mkdir()
        write_collection(folder, extras.collection)
        _compare(extras.collection, read_extras(folder).collection)


def read_extras(folder: Path | None) -> Extras:
    """Read what `write_extras` wrote; nothing in the files is believed before it is inspected.

    Args:
        folder: Where it is; ``None`` where nothing was kept.

    Raises:
        DamagedFileError: It is something else.
        UnsafeFileError: The arrays are no plain arrays.
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
    raise DamagedFileError(f"{folder.name}/{TREE} holds no extras.", "The version is damaged; load another one.")


def _is_named(values: object) -> bool:
    return isinstance(values, dict) and all(isinstance(name, str) for name in values)


def put_back(model: Any, extras: Extras) -> tuple[str, ...]:
    """Make them attributes of the model again, where they were; nothing that the model needs is replaced.

    Returns:
        What the user should know: the names that the model has for something else.
    """
    notes = []
    for name, value in extras.attributes.items():
        is_set = is_free(model, name)
        try:
            if is_set:
                setattr(model, name, value)
        except (AttributeError, TypeError, ValueError):  # a class with its own idea; Keras takes no variables later
            is_set = False
        if not is_set:
            notes.append(f"{name} is no plain attribute of this model; the value that was kept is in report.extras.")
    return tuple(notes)


def prove_extras(model: Any, folder: Path) -> None:
    """Put back what is staged, and compare the attributes that the model has then with it.

    Args:
        model: The model that came back, or ``None`` when there are several.
        folder: Where the extras are; there may be none.

    Raises:
        DamagedFileError: They cannot be read.
        FormatError: One is another value, or could not be set.
    """
    extras = read_extras(folder if folder.is_dir() else None)
    put_back(model, extras)
    missing = [name for name in extras.attributes if not hasattr(model, name)]
    if missing:
        raise FormatError(f"The extra {missing[0]} could not be made an attribute of the model again.", KEPT)
    found = {name: getattr(model, name) for name in extras.attributes}
    _compare(extras.collection, Extras(found, extras.variables).collection)


def _compare(expected: Collection, actual: Collection) -> None:
    gaps = compare_collections(expected, actual)
    if gaps:
        where = gaps[0].where.partition(".")[2]
        raise FormatError(f"The extra {where} {gaps[0].what}.", f"Make it plain values. {KEPT}")
