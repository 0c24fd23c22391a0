"""Save extras with a model: the attributes and notebook variables that the user named (option ``extra``).

``saving/resolving.py`` finds them, ``saving/staging.py`` writes them, the fresh process and ``loading/opening.py`` put
them back. They are a `Collection` without models: JSON and arrays, no pickles, in a folder of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from colab_save.artifact.collection import (
    ARRAYS,
    TREE,
    Collection,
    compare_collections,
    read_collection,
    walk_tree,
    write_collection,
)
from colab_save.collections.joining import join_each
from colab_save.collections.kinds.kind import Making
from colab_save.collections.kinds.of_keras import is_history
from colab_save.collections.kinds.table import TO_INSTALL
from colab_save.collections.splitting import UNWRITTEN, collection_of, record_of
from colab_save.dialect import DIALECTS, dialect_of
from colab_save.errors import (
    DamagedFileError,
    FormatError,
    RequestError,
    UnknownNameError,
)
from colab_save.hints import literal, option
from colab_save.inspecting.inspection import inspect_npz
from colab_save.inspecting.limits import MAX_SAMPLE
from colab_save.model.attributes import free_attributes, is_free
from colab_save.model.walking import walk_layers
from colab_save.types import Json, Model
from colab_save.wording import did_you_mean

SAVABLE = (
    "What Python, NumPy and pandas have for data can be saved, such as lists, dicts, dates, paths, arrays and frames; "
    "also objects of scikit-learn, tokenizers, layers of Keras, tensors and variables."
)
"""A sentence for hints."""

TO_SET = "Leave it out, and set it after loading, such as from the environment or from the secrets of Colab."
"""The hint for a secret."""

Supplying: TypeAlias = Callable[[tuple[str, ...]], Mapping[str, Any]]
"""Returns the classes of the custom code that have these names."""

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
        of_model: The variables that are what the model's training returned.
        withheld: Why a value could not be put together here, one sentence each.
        classes: Those of the user's of which values are; this and the rest is known of what is to be saved.
        notes: Which values come back as a plain dict or list instead of their own class.
        size: Bytes of their arrays.
    """

    attributes: Mapping[str, Any] = field(default_factory=dict)
    variables: Mapping[str, Any] = field(default_factory=dict)
    of_model: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()
    classes: tuple[type, ...] = ()
    notes: tuple[str, ...] = ()
    size: int = 0

    @property
    def values(self) -> dict[str, Any]:
        """Return all values by name."""
        return {**self.attributes, **self.variables}

    @property
    def collection(self) -> Collection:
        """Return the extras as a collection, to write or to compare them."""
        tree = {"attributes": dict(self.attributes), "variables": dict(self.variables)}
        own = {"of_model": list(self.of_model)} if self.of_model else {}
        return collection_of({**tree, **own}, is_sharing=False)


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
    found = [_checked(name, value, model) for name, value in {**attributes, **others}.items()]
    return Extras(
        attributes,
        others,
        _of_model(others, model),
        classes=tuple(dict.fromkeys(kind for _, kinds in found for kind in kinds)),
        notes=tuple(note for each, _ in found for note in each.notes),
        size=sum(int(array.nbytes) for each, _ in found for array in each.arrays),
    )


def _of_model(values: Mapping[str, Any], model: Model | None) -> tuple[str, ...]:
    """Return the names of what the training of a model has returned."""
    trained = (name for name, value in values.items() if is_history(value) and value.model is model)
    return () if model is None else tuple(trained)


def _checked(name: str, value: object, model: Model | None) -> tuple[Collection, tuple[type, ...]]:
    """Return the record of a value that can be saved, and the classes of the user's in it.

    Raises:
        RequestError: It cannot.
    """
    held = {id(layer): path for path, layer in walk_layers(model)} if dialect_of(model) else {}
    if id(value) in held:
        what = f"{option('extra', name)} is the layer {literal(held[id(value)])} of the model"
        raise RequestError(f"{what}, with which it is saved.", "Leave it out, and get it from the loaded model.")
    collection, classes = record_of({name: value})
    refused = next((REFUSED[kind] for node in walk_tree(collection.tree) for kind in REFUSED if kind in node), "")
    if collection.lost or refused:
        why = literal(collection.lost[0]) if collection.lost else f"{name} is or contains {refused}"
        todo = TO_SET if UNWRITTEN in why else f"Convert it to plain values. {SAVABLE}"
        todo = next((hint for reason, hint in TO_INSTALL.items() if reason in why), todo)
        raise RequestError(f"{option('extra', name)} cannot be saved: {why}.", todo)
    return collection, classes


def write_extras(folder: Path, extras: Extras) -> None:
    """Write extras into a folder, and read them back to check the files.

    Raises:
        FormatError: The files do not hold the same values.
    """
    if extras.values:
        expected = extras.collection
        folder.mkdir()
        write_collection(folder, expected)
        own = {kind.__name__: kind for kind in extras.classes}
        _compare(expected, _whole(read_extras(folder, lambda _: own, is_trusted=True)).collection)


def no_classes(_: tuple[str, ...]) -> Mapping[str, Any]:
    """Return no classes, for extras that need none."""
    return {}


def read_extras(folder: Path | None, supply: Supplying = no_classes, *, is_trusted: bool = False) -> Extras:
    """Read extras from a folder; the files are inspected first.

    Args:
        folder: The folder; ``None`` if there are no extras.
        supply: Returns the classes of the user's that they need.
        is_trusted: Whether objects may be made of classes that the files name.

    Raises:
        DamagedFileError: The folder does not contain extras.
        UnsafeFileError: The arrays are not plain arrays.
    """
    if folder is None:
        return Extras()
    arrays = folder / ARRAYS
    inspect_npz(arrays, max(MAX_SAMPLE, arrays.stat().st_size if arrays.is_file() else 0))
    collection = read_collection(folder)
    try:
        attributes, variables, of_model = _named_nodes(collection)
    except (ValueError, TypeError, AttributeError) as error:
        raise DamagedFileError(
            f"{folder.name}/{TREE} does not contain extras.", "The version is damaged; load another one."
        ) from error
    objects = supply(collection.made) if collection.made and is_trusted else {}
    made, failed = join_each(collection, {**attributes, **variables}, Making(objects, is_trusted=is_trusted))
    withheld = tuple(f"The extra {name} did not come back: {why[0]} {why[1]}" for name, why in failed.items())
    attributes, variables = ({name: made[name] for name in each if name in made} for each in (attributes, variables))
    return Extras(attributes, variables, tuple(name for name in of_model if name in variables), withheld)


def _named_nodes(collection: Collection) -> tuple[dict[str, Json], dict[str, Json], list[str]]:
    """Return the nodes of the attributes and of the variables by their names, and the names that are of the model.

    Raises:
        ValueError: They are no extras.
    """
    if any(kind in node for node in walk_tree(collection.tree) for kind in REFUSED):
        raise ValueError("extras hold no models")
    held = _by_name(collection.tree)
    own = [item["value"] for item in held.pop("of_model", {"list": []})["list"]]
    if held.keys() != {"attributes", "variables"}:
        raise ValueError("extras have attributes and variables")
    return _by_name(held["attributes"]), _by_name(held["variables"]), own


def _by_name(node: Json) -> dict[str, Json]:
    pairs = [(key["value"], item) for key, item in node.get("dict", [({"value": None}, {})])]
    if not all(isinstance(name, str) and name.isidentifier() for name, _ in pairs):
        raise ValueError("extras have the names of variables")
    return dict(pairs)


def _whole(extras: Extras) -> Extras:
    """Return extras of which none is withheld.

    Raises:
        FormatError: One is.
    """
    if extras.withheld:
        raise FormatError(extras.withheld[0], f"Convert it to plain values. {SAVABLE}")
    return extras


def put_back(model: Model | None, extras: Extras) -> tuple[str, ...]:
    """Set the extras that were attributes of the model again, without replacing anything that the model needs.

    What its training had returned gets the model.

    Returns:
        Notes for the user about the extras that could not be set.
    """
    notes = []
    for name in extras.of_model:
        extras.variables[name].set_model(model)
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


def prove_extras(model: Model | None, folder: Path, supply: Supplying = no_classes) -> None:
    """Put the staged extras back, and compare what they are then with what was written.

    Args:
        model: The reloaded model, or ``None`` for a collection.
        folder: The folder of the extras; it need not exist.
        supply: Returns the classes of the user's that they need.

    Raises:
        DamagedFileError: The extras cannot be read.
        FormatError: An extra differs or could not be set.
    """
    if not folder.is_dir():
        return
    extras = _whole(read_extras(folder, supply, is_trusted=True))
    put_back(model, extras)
    missing = [name for name in extras.attributes if not hasattr(model, name)]
    if missing:
        raise FormatError(f"The extra {missing[0]} could not be set as an attribute of the model again.", SAVABLE)
    found = {name: getattr(model, name) for name in extras.attributes}
    again = Extras(found, extras.variables, _of_model(extras.variables, model))
    _compare(read_collection(folder), again.collection)


def is_equal(one: object, other: object) -> bool:
    """Return whether two values are equal, also in all types, as extras are compared."""
    sides = [collection_of({"value": each}, is_sharing=False) for each in (one, other)]
    return not any(side.lost for side in sides) and not compare_collections(*sides)


def _compare(expected: Collection, actual: Collection) -> None:
    gaps = compare_collections(expected, actual)
    if gaps:
        where = gaps[0].where.partition(".")[2]
        raise FormatError(f"The extra {where} {gaps[0].what}.", f"Convert it to plain values. {SAVABLE}")
