"""A dict, list or object that holds several models, as it is saved: the place of each part, and all other values.

`collections.splitting` makes one from a live object, and `collections.joining` rebuilds the object. It is a JSON tree
with its arrays in one ``.npz``, without pickles. The files may come from anywhere: `read_collection` refuses what
`write_collection` never writes.
"""

from __future__ import annotations

import graphlib
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import NoneType

from colab_save.artifact.facts import comparable
from colab_save.artifact.records import check_values, read_record
from colab_save.artifact.sample import read_arrays, write_arrays
from colab_save.dialect import DIALECTS
from colab_save.errors import DamagedFileError
from colab_save.hints import action
from colab_save.nested import unequal
from colab_save.quoting import differing, listed
from colab_save.types import Array, Json
from colab_save.wording import first_line

TREE, ARRAYS = "collection.json", "collection.npz"
"""The two files of a collection, beside the folders of the parts."""

COLLECTION = "collection"
"""What its round trip has instead of a format."""

SEQUENCES = ("list", "tuple", "set", "deque")
ARRAY_NODES = ("array", "scalar", "tensor", "variable")

NODES: dict[str, dict[str, type | tuple[type, ...]]] = {
    "model": {"model": str},
    "optimizer_of": {"optimizer_of": str, "id": str},
    "same": {"same": str},
    "value": {"value": (str, int, float, NoneType)},
    "variable": {"variable": int, "trainable": bool, "maker": str, "id": str},
    **{dialect: {dialect: dict, "attributes": dict, "state": list, "trains": list, "id": str} for dialect in DIALECTS},
    "deque": {"deque": list, "maxlen": (int, NoneType)},
    **{kind: {kind: int} for kind in ("array", "scalar", "tensor")},
    **{kind: {kind: list} for kind in ("dict", "object", "list", "tuple", "set")},
    "made": {"made": list, "of": str, "id": str},
    "kind": {"kind": str, "parts": list},
}
"""The keys of each kind of node and their types, by the first key; see `Collection.tree`."""

MUTABLE = ("array", "dict", "list", "set", "deque")
"""The kinds of nodes that also have an ``id`` if another place refers to them."""

MAPPINGS = ("dict", "object", "made")
_ELSEWHERE = {*MAPPINGS, "parts", "state", *SEQUENCES, *ARRAY_NODES}
"""The keys of a node that are compared as nodes or arrays."""

_TEXT = re.compile(r"[<>|][SU]\d{1,9}")

MOST_LETTERS = 1 << 28
"""The most letters of an array of texts, each of which NumPy gives the declared width."""

MOST_PLACES = 4
"""The largest number of shared objects to name in one sentence."""


@dataclass(frozen=True, slots=True)
class Shared:
    """One object that two parts hold.

    Attributes:
        part: The part that takes it from the other.
        path: Its place in the part.
        owner: The part that is loaded first, and that has it from its own file.
        place: Its place in the owner; empty for the owner itself.
        kind: ``layer`` (also a model), ``weight`` (outside such a layer) or ``optimizer``.
        weights: How many weights it has.
    """

    part: str
    path: str
    owner: str
    place: str
    kind: str = "layer"
    weights: int = 0

    @property
    def is_of_account(self) -> bool:
        """Return whether something is lost where each part gets its own."""
        return bool(self.weights) or self.kind != "layer"


@dataclass(frozen=True, slots=True)
class Collection:
    """A saved object that holds several models.

    Attributes:
        class_name: The class of the object, with its module.
        tree: The root node. A node is a record whose first key is its kind:

            ``model`` (the name of a part), ``optimizer_of`` (a part), ``value`` (a JSON value), ``array``, ``scalar``
            and ``tensor`` (a position in ``arrays``), ``variable`` (also a position, with ``trainable`` and ``maker``),
            ``keras`` and ``tf_keras`` (an optimizer, loss, metric or schedule: its config, the ``attributes`` that a
            loss's config drops, its ``state``, and the weights that it ``trains``), ``same`` (the ``id`` of an earlier
            node for the same object; a list, dict, set, deque or array has one only if so), ``dict`` (pairs of nodes),
            ``object`` (the same of an object that comes back as a dict), ``made`` (the same of one that comes back as
            an object ``of`` its class, which is in the custom code), ``list``, ``tuple``, ``set``, ``deque`` (nodes),
            ``kind`` (the name of a kind of `collections.kinds.table`, with ``parts``: pairs of nodes).
        arrays: NumPy arrays.
        lost: What could not be saved, one sentence each.
        notes: What else the user should know.
        shared: The layers, models, weights and optimizers that two parts hold.
        programs: The parts that are no models of Keras: with them nothing is shared again.
    """

    class_name: str
    tree: Json
    arrays: list[Array] = field(default_factory=list)
    lost: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    shared: tuple[Shared, ...] = ()
    programs: tuple[str, ...] = ()

    @property
    def configs(self) -> list[Json]:
        """The configs in it; inspect them before anything is made from them."""
        return [node[dialect] for node in walk_tree(self.tree) for dialect in DIALECTS if dialect in node]

    @property
    def made(self) -> tuple[str, ...]:
        """The names of the classes in the custom code whose objects are made again, without their constructors."""
        names = (node["of"] if "made" in node else _class_in(node) for node in walk_tree(self.tree))
        return tuple(dict.fromkeys(filter(None, names)))


CODE_KINDS = ("code.enum", "code.dataclass")
"""The kinds of values of classes, which are in the custom code if the value has no module."""


def _class_in(node: Json) -> str:
    if node.get("kind") not in CODE_KINDS:
        return ""
    parts = {key.get("value"): item.get("value") for key, item in node["parts"]}
    return str(parts.get("class") or "") if not parts.get("module") else ""


def walk_tree(node: Json) -> Iterator[Json]:
    """Yield every node of a tree from the top down, the keys of dicts among them: objects are made of these, too."""
    yield node
    for item in (*(item for pair in pairs_of(node) for item in pair), *_items(node)):
        yield from walk_tree(item)


def content_of(node: Json, arrays: list[Array]) -> str:
    """Return a text that is equal for equal values, wherever their arrays are."""
    return json.dumps(node) if "value" in node else json.dumps(list(_flat(node, arrays, "")))


def write_collection(folder: Path, collection: Collection) -> None:
    """Write the two files; arrays of one shape and dtype are stacked, since a replay buffer has very many."""
    import numpy as np

    groups: dict[tuple[str, tuple[int, ...]], list[int]] = {}
    for at, array in enumerate(collection.arrays):
        groups.setdefault((_dtype_of(array), array.shape), []).append(at)
    stacked = [{"at": np.array(at), "of": np.stack([collection.arrays[i] for i in at])} for at in groups.values()]
    written = {
        "class_name": collection.class_name,
        "tree": collection.tree,
        "count": len(collection.arrays),
        "dtypes": [dtype for dtype, _ in groups],
        "groups": write_arrays(folder / ARRAYS, groups=stacked)["groups"],
        "lost": collection.lost,
        "notes": collection.notes,
        "shared": [asdict(each) for each in collection.shared],
        "programs": collection.programs,
    }
    (folder / TREE).write_text(json.dumps(written, ensure_ascii=False), encoding="utf-8")


def read_collection(folder: Path) -> Collection:
    """Read what `write_collection` wrote.

    Raises:
        DamagedFileError: A file is missing, damaged, or not what `write_collection` writes.
    """
    try:
        value = json.loads((folder / TREE).read_text(encoding="utf-8"))
        check_values(value)
        arrays = _read_arrays(folder, value)
        _check(value["tree"], len(arrays))
        lost, notes, programs = (tuple(map(str, value.get(name, ()))) for name in ("lost", "notes", "programs"))
        shared = tuple(read_record(Shared, each) for each in value.get("shared", ()))
        load_order(shared, ())  # raises for parts that take from each other
        return Collection(str(value["class_name"]), value["tree"], arrays, lost, notes, shared, programs)
    except (OSError, AttributeError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise DamagedFileError(
            f"{TREE} cannot be read ({first_line(error)}).",
            f"This version is damaged; {action('list')} lists the others. Each part still opens with Keras alone.",
        ) from error


def load_order(shared: Sequence[Shared], parts: Iterable[str]) -> list[str]:
    """Return the names of the parts with each owner before the parts that take from it.

    Raises:
        ValueError: Two parts would take from each other.
    """
    known = dict.fromkeys(parts)
    owners: dict[str, list[str]] = {name: [] for name in known}
    for each in shared:
        owners.setdefault(each.part, []).append(each.owner)
    return [name for name in graphlib.TopologicalSorter(owners).static_order() if name in known]


def _read_arrays(folder: Path, value: Mapping[str, Json]) -> list[Array]:
    import numpy as np

    groups = read_arrays(folder / ARRAYS, value["groups"])
    found: dict[int, Array] = {}
    for group, dtype in zip(groups, value["dtypes"], strict=True):
        for at, array in zip(group["at"].tolist(), group["of"], strict=True):
            found[at] = _as_text(array, dtype) if _TEXT.fullmatch(dtype) else np.array(array)
    return [found[at] for at in range(value["count"])]


def _dtype_of(array: Array) -> str:
    return str(array.dtype.str if array.dtype.kind in "SU" else array.dtype.name)


def _as_text(array: Array, dtype: str) -> Array:
    """Return an array of texts in its original dtype; the file holds it as bytes."""
    import numpy as np

    items = np.asarray(array, dtype=object)
    if int(dtype[2:]) * items.size > MOST_LETTERS:
        raise ValueError(f"texts of {dtype} would take all memory")
    texts = [item.decode() if dtype[1] == "U" else item for item in items.ravel().tolist()]
    return np.array(texts, dtype=dtype).reshape(items.shape)


def _check(node: Json, count: int) -> None:
    """Raise for a node that `collections.splitting` never makes."""
    types = NODES.get(_kind(node))
    if types is not None and _kind(node) in MUTABLE and "id" in node:
        types = {**types, "id": str}
    if types is None or node.keys() != types.keys() or not all(isinstance(node[key], types[key]) for key in types):
        raise ValueError(f"a collection cannot hold {str(node)[:40]}")
    if not all(isinstance(at, int) and 0 <= at < count for at in _positions(node)):
        raise ValueError(f"{str(node)[:40]} refers to an array that is missing")
    if not all(isinstance(part, str) and isinstance(place, str) for part, place in node.get("trains", ())):
        raise ValueError("an optimizer trains something that is not a weight")
    for key, item in pairs_of(node):
        _check(key, count)
        _check(item, count)
    for item in _items(node):
        _check(item, count)


def _kind(node: Json) -> str:
    return next(iter(node), "")


def _positions(node: Json) -> list[int]:
    return [*(node[kind] for kind in ARRAY_NODES if kind in node), *node.get("state", ())]


def pairs_of(node: Mapping[str, Json]) -> list[Json]:
    """Return the keys and the items of a node that has some, as pairs of nodes."""
    return [pair for kind in (*MAPPINGS, "parts") for pair in node.get(kind, ())]


def _items(node: Json) -> list[Json]:
    return [item for kind in SEQUENCES for item in node.get(kind, ())]


@dataclass(frozen=True, slots=True)
class Gap:
    """One place where two collections differ.

    Attributes:
        where: The place, such as ``g_opt``.
        what: The difference, as the end of a sentence.
        is_training: Whether it is the state of an optimizer or metric, and not a plain value.
        is_dropped: Whether it is a model's own optimizer that the format of the reloaded model does not hold.
    """

    where: str
    what: str
    is_training: bool = False
    is_dropped: bool = False

    def __str__(self) -> str:
        return f"{self.where or 'the whole collection'} {self.what}"


def compare_collections(expected: Collection, actual: Collection) -> list[Gap]:
    """Return the places where two collections differ; an object is equal to the dict of its attributes."""
    before = dict(_flat(expected.tree, expected.arrays, ""))
    after = dict(_flat(actual.tree, actual.arrays, ""))
    differing_places = [where for where in {**before, **after} if before.get(where) != after.get(where)]
    apart = tuple(place for where in differing_places for place in _inside_apart(where, before, after))
    told = (where for where in differing_places if not where.startswith(apart))
    gaps = [_gap(where, before.get(where), after.get(where)) for where in told]
    return [*gaps, *_sharing_gaps(expected, actual)]


def _inside_apart(where: str, *sides: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return how the places begin inside one that refers to an earlier place on one side only."""
    kinds = [side[where][0] for side in sides if where in side]
    return (f"{where}.", f"{where}[") if kinds.count("same") == 1 and len(kinds) > 1 else ()


def _sharing_gaps(expected: Collection, actual: Collection) -> Iterator[Gap]:
    """Yield for each two parts what only one side shares; a layer without weights is of no account."""
    before, after = ([each for each in side.shared if each.is_of_account] for side in (expected, actual))
    lost = [each for each in before if each not in after]
    apart = "and comes back with a copy: training one no longer moves the other"
    for found, end in ((lost, apart), ([each for each in after if each not in before], "which it did not")):
        for part, owner in dict.fromkeys((each.part, each.owner) for each in found):
            own = [each.path or "itself" for each in found if (each.part, each.owner) == (part, owner)]
            is_dropped = found is lost and not {part, owner}.isdisjoint(actual.programs)
            what = f"shares {listed(own, MOST_PLACES)} with {owner}, {end}"
            yield Gap(part, what, is_training=True, is_dropped=is_dropped)


def _gap(where: str, before: tuple[str, ...] | None, after: tuple[str, ...] | None) -> Gap:
    is_training = (before or after or ("",))[0] in DIALECTS
    if before is None or after is None:
        return Gap(where, "is missing" if after is None else "was not in the saved collection", is_training)
    if before[0] == "optimizer_of" and after[:2] == ("value", '{"value": null}'):
        return Gap(
            where,
            "is not held by the format of its model",
            is_training=True,
            is_dropped=True,
        )
    if "same" in {before[0], after[0]} and before[0] != after[0]:
        both = ("was one with", "is another now") if before[0] == "same" else ("was not one with", "is now")
        other = json.loads((before if before[0] == "same" else after)[1])["same"]
        return Gap(where, f"{both[0]} {other}, and {both[1]}", is_training)
    if before[1] == after[1]:
        return Gap(where, "has other values", is_training)
    inside, *leaf = next(unequal(*(_plain(*each[:2]) for each in (before, after))), ("", before[0], after[0]))
    place, *values = differing(*leaf)
    words = (inside.removeprefix(f"{before[0]}.config."), place, f"is {values[1]}, expected {values[0]}")
    return Gap(where, " ".join(filter(None, words)), is_training)


def _plain(kind: str, text: str) -> Json:
    """Return the value of a node as it was, or its JSON values if it is no plain one."""
    own = json.loads(text)
    return own["value"] if kind == "value" and own.keys() == {"value"} else own


def _flat(node: Json, arrays: list[Array], where: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the place of every node with its kind, its JSON values, and the digest of each of its arrays."""
    kind = "dict" if "object" in node else _kind(node)
    own = {key: comparable(item) for key, item in node.items() if key not in _ELSEWHERE}
    if kind in MUTABLE:
        own.pop("id", None)  # where another place refers to it, that one tells
    own |= {kind: len(node[kind])} if kind in SEQUENCES else {}
    yield where, (kind, json.dumps(own, sort_keys=True), *(_digest(arrays[at]) for at in _positions(node)))
    for key, item in pairs_of(node):
        name = key["value"] if isinstance(key.get("value"), str) else json.dumps(key)
        yield from _flat(item, arrays, f"{where}.{name}" if where else name)
    for at, item in enumerate(_items(node)):
        yield from _flat(item, arrays, f"{where}[{at}]")


def _digest(array: Array) -> str:
    content = repr(array.tolist()).encode() if array.dtype == object else array.tobytes()
    return f"{array.dtype} {array.shape} {hashlib.sha256(content).hexdigest()}"
