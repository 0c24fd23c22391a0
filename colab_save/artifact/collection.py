"""A dict, list or object that holds several models, as it is kept: where each part stood, and all that is no model.

`dividing` makes one of a live object, `joining` makes that again. It is a tree of JSON with its arrays in one ``.npz``,
without pickles, and may come from anywhere: `read_collection` refuses what `write_collection` never writes.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import NoneType
from typing import Any

from colab_save.artifact.facts import comparable
from colab_save.artifact.records import check_values
from colab_save.artifact.sample import read_arrays, write_arrays
from colab_save.dialect import DIALECTS
from colab_save.errors import DamagedFileError
from colab_save.hints import action

TREE, ARRAYS = "collection.json", "collection.npz"
"""The files, beside the folders of the parts."""

COLLECTION = "collection"
"""What its round trip has in the place of a format."""

SEQUENCES = ("list", "tuple", "set", "deque")
ARRAY_NODES = ("array", "scalar", "tensor", "variable")

NODES: dict[str, dict[str, Any]] = {
    "model": {"model": str},
    "optimizer_of": {"optimizer_of": str, "id": str},
    "same": {"same": str},
    "value": {"value": (str, int, float, NoneType)},
    "variable": {"variable": int, "trainable": bool, "maker": str, "id": str},
    **{dialect: {dialect: dict, "attributes": dict, "state": list, "trains": list, "id": str} for dialect in DIALECTS},
    "deque": {"deque": list, "maxlen": (int, NoneType)},
    **{kind: {kind: int} for kind in ("array", "scalar", "tensor")},
    **{kind: {kind: list} for kind in ("dict", "object", "list", "tuple", "set")},
}
"""What a node of the tree may be, by its first key, see `Collection.tree`."""

_ELSEWHERE = {"dict", "object", "state", *SEQUENCES, *ARRAY_NODES}
"""What of a node is compared as nodes or arrays."""

_TEXT = re.compile(r"[<>|][SU]\d{1,9}")


@dataclass(frozen=True, slots=True)
class Collection:
    """What held several models.

    Attributes:
        class_name: The class of the whole, with its module.
        tree: A node of the tree: a record whose first key says what it is.

            ``model`` (the name of a part), ``optimizer_of`` (a part), ``value`` (what JSON holds), ``array``,
            ``scalar`` and ``tensor`` (a position in ``arrays``), ``variable`` (likewise, with ``trainable`` and
            ``maker``), ``keras`` and ``tf_keras`` (an optimizer, loss, metric or schedule: its config, ``attributes``
            that a loss's config drops, ``state``, and what it ``trains``), ``same`` (the ``id`` of an earlier node: the
            very same object), ``dict`` and ``object`` (pairs of nodes), ``list``, ``tuple``, ``set``, ``deque``
            (nodes).
        arrays: NumPy arrays.
        lost: What could not be kept, one sentence each.
        notes: What else the user should know.
    """

    class_name: str
    tree: Any
    arrays: list[Any] = field(default_factory=list)
    lost: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def configs(self) -> list[Any]:
        """Give the configs in it, which a reader should look at before anything is made of them."""
        return [node[dialect] for node in walk_tree(self.tree) for dialect in DIALECTS if dialect in node]


def walk_tree(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give every node of a tree but its keys, from the top down."""
    yield node
    for item in (*(pair[1] for pair in _pairs(node)), *_items(node)):
        yield from walk_tree(item)


def write_collection(folder: Path, collection: Collection) -> None:
    """Write the two files; arrays of one shape and dtype go together, since a replay buffer has very many."""
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
    }
    (folder / TREE).write_text(json.dumps(written, ensure_ascii=False), encoding="utf-8")


def read_collection(folder: Path) -> Collection:
    """Read what `write_collection` wrote.

    Raises:
        DamagedFileError: It is something else.
    """
    try:
        value = json.loads((folder / TREE).read_text(encoding="utf-8"))
        check_values(value)
        arrays = _read_arrays(folder, value)
        _check(value["tree"], len(arrays))
        texts = [tuple(map(str, value[name])) for name in ("lost", "notes")]
        return Collection(str(value["class_name"]), value["tree"], arrays, *texts)
    except (OSError, AttributeError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise DamagedFileError(
            f"{TREE} cannot be read ({type(error).__name__}: {error}).",
            f"The version is damaged; {action('list')} shows the others. Each part still opens with Keras itself.",
        ) from error


def _read_arrays(folder: Path, value: Mapping[str, Any]) -> list[Any]:
    import numpy as np

    groups = read_arrays(folder / ARRAYS, value["groups"])
    found: dict[int, Any] = {}
    for group, dtype in zip(groups, value["dtypes"], strict=True):
        for at, array in zip(group["at"].tolist(), group["of"], strict=True):
            found[at] = _as_text(array, dtype) if _TEXT.fullmatch(dtype) else np.array(array)
    return [found[at] for at in range(value["count"])]


def _dtype_of(array: Any) -> str:
    return str(array.dtype.str if array.dtype.kind in "SU" else array.dtype.name)


def _as_text(array: Any, dtype: str) -> Any:
    """Give an array of texts the dtype that it had; in the file it is bytes."""
    import numpy as np

    items = np.asarray(array, dtype=object)
    texts = [item.decode() if dtype[1] == "U" else item for item in items.ravel().tolist()]
    return np.array(texts, dtype=dtype).reshape(items.shape)


def _check(node: Any, count: int) -> None:
    """Refuse a node that `dividing` never makes."""
    types = NODES.get(_kind(node))
    if types is None or node.keys() != types.keys() or not all(isinstance(node[key], types[key]) for key in types):
        raise ValueError(f"{str(node)[:40]} is nothing that a collection holds")
    if not all(isinstance(at, int) and 0 <= at < count for at in _positions(node)):
        raise ValueError(f"{str(node)[:40]} has an array that is not there")
    if not all(isinstance(part, str) and isinstance(place, str) for part, place in node.get("trains", ())):
        raise ValueError("an optimizer trains what is no weight")
    for key, item in _pairs(node):
        _check(key, count)
        _check(item, count)
    for item in _items(node):
        _check(item, count)


def _kind(node: dict[str, Any]) -> str:
    return next(iter(node), "")


def _positions(node: dict[str, Any]) -> list[Any]:
    return [*(node[kind] for kind in ARRAY_NODES if kind in node), *node.get("state", ())]


def _pairs(node: dict[str, Any]) -> list[Any]:
    return list(node.get("dict", node.get("object", ())))


def _items(node: dict[str, Any]) -> list[Any]:
    return [item for kind in SEQUENCES for item in node.get(kind, ())]


@dataclass(frozen=True, slots=True)
class Gap:
    """One place where two collections differ.

    Attributes:
        where: The place, such as ``g_opt``.
        what: In words.
        is_training: It is the state of an optimizer or metric, no plain value.
        is_dropped: It is a model's own optimizer, and the model came back in a format that holds none.
    """

    where: str
    what: str
    is_training: bool = False
    is_dropped: bool = False

    def __str__(self) -> str:
        return f"{self.where or 'the whole'} {self.what}"


def compare_collections(expected: Collection, actual: Collection) -> list[Gap]:
    """Give the places where two collections differ; an object that came back as a dict of its attributes does not."""
    before = dict(_flat(expected.tree, expected.arrays, ""))
    after = dict(_flat(actual.tree, actual.arrays, ""))
    return [
        _gap(where, before.get(where), after.get(where))
        for where in {**before, **after}
        if before.get(where) != after.get(where)
    ]


def _gap(where: str, before: tuple[str, ...] | None, after: tuple[str, ...] | None) -> Gap:
    is_training = (before or after or ("",))[0] in DIALECTS
    if before is None or after is None:
        return Gap(where, "is missing" if after is None else "was not there before", is_training)
    if before[0] == "optimizer_of" and after[:2] == ("value", '{"value": null}'):
        return Gap(where, "is not in the format that its model came back in", is_training=True, is_dropped=True)
    what = f"is {after[1][:80]}, expected {before[1][:80]}" if before[1] != after[1] else "has other values"
    return Gap(where, what, is_training)


def _flat(node: dict[str, Any], arrays: list[Any], where: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Give every node by its place: its kind, what JSON holds of it, and a digest of each of its arrays."""
    kind = "dict" if "object" in node else _kind(node)
    own = {key: comparable(item) for key, item in node.items() if key not in _ELSEWHERE}
    own |= {kind: len(node[kind])} if kind in SEQUENCES else {}
    yield where, (kind, json.dumps(own, sort_keys=True), *(_digest(arrays[at]) for at in _positions(node)))
    for key, item in _pairs(node):
        name = key["value"] if isinstance(key.get("value"), str) else json.dumps(key)
        yield from _flat(item, arrays, f"{where}.{name}" if where else name)
    for at, item in enumerate(_items(node)):
        yield from _flat(item, arrays, f"{where}[{at}]")


def _digest(array: Any) -> str:
    content = repr(array.tolist()).encode() if array.dtype == object else array.tobytes()
    return f"{array.dtype} {array.shape} {hashlib.sha256(content).hexdigest()}"
