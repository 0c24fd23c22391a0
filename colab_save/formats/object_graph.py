"""The graph of objects in a TensorFlow checkpoint, matched with a live object by the names of attributes.

``formats/checkpoint.py`` asks which variables a checkpoint has values for, before TensorFlow assigns any, and compares
them afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from colab_save.dialect import value_of
from colab_save.errors import DamagedFileError, FormatError
from colab_save.model.walking import WEIGHTS_BY_PATH, is_variable, walk_variables
from colab_save.quoting import listed
from colab_save.types import Array, Model, Variable

GRAPH_KEY = "_CHECKPOINTABLE_OBJECT_GRAPH"
"""The entry of a checkpoint with its graph of objects (``trackable/base.py`` of TensorFlow, 2.16 to 2.21)."""

VALUE = "VARIABLE_VALUE"
"""The name under which an object of that graph has the value of a variable."""

NAMED = 4
"""Variables that an error names."""


@dataclass(frozen=True, slots=True)
class Match:
    """What of a live object a checkpoint has.

    Attributes:
        child: The name of the object in the checkpoint that is the live one; empty for the whole.
        is_by_path: The variables were found by their paths, as this package writes them.
        keys: The keys of the values by the identity of the live variables.
    """

    child: str = ""
    is_by_path: bool = False
    keys: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ObjectGraph:
    """The checkpoint with this prefix, with all of its entries."""

    prefix: str

    @cached_property
    def reader(self) -> Any:
        """The reader of the checkpoint."""
        import tensorflow as tf

        return tf.train.load_checkpoint(self.prefix)

    @cached_property
    def nodes(self) -> list[Any]:
        """The objects, the whole first; empty for a checkpoint of TensorFlow 1, which has variables by name only."""
        from tensorflow.core.protobuf.trackable_object_graph_pb2 import TrackableObjectGraph

        if not self.reader.has_tensor(GRAPH_KEY):
            return []
        if self.reader.get_variable_to_shape_map()[GRAPH_KEY]:  # TensorFlow makes as many texts before it reads one
            name = Path(self.prefix).name
            raise DamagedFileError(f"The graph of objects in {name} is no single text.", "Copy the whole folder again.")
        graph = TrackableObjectGraph()
        graph.ParseFromString(self.reader.get_tensor(GRAPH_KEY))
        return list(graph.nodes)

    def match(self, model: Model) -> Match:
        """Return what fits a live object best: the whole, or one of the objects that the whole holds.

        Raises:
            FormatError: The checkpoint has no objects.
        """
        if not self.nodes:
            raise FormatError(
                f"The checkpoint {Path(self.prefix).name} has variables by name, as TensorFlow 1 wrote them.",
                "Load it where it was written, and write it again with tf.train.Checkpoint.",
            )
        wanted = {id(variable) for _, variable in walk_variables(model)}
        return max(self._candidates(model), key=lambda found: len(wanted & found.keys.keys()))

    def _candidates(self, model: Model) -> Iterator[Match]:
        children = {child.local_name: child.node_id for child in self.nodes[0].children}
        if WEIGHTS_BY_PATH in children:
            paths = {c.local_name: self._key(c.node_id) for c in self.nodes[children[WEIGHTS_BY_PATH]].children}
            known = {id(variable): paths.get(path, "") for path, variable in walk_variables(model)}
            yield Match(is_by_path=True, keys={at: key for at, key in known.items() if key})
        yield Match(keys=self._keys(0, model))
        for name, number in children.items():
            yield Match(name, keys=self._keys(number, model))

    def _key(self, number: int) -> str:
        return next((item.checkpoint_key for item in self.nodes[number].attributes if item.name == VALUE), "")

    def _keys(self, number: int, model: Model) -> dict[int, str]:
        """Return the keys of the live variables that are reached by the same names, in the whole or a part of it."""
        import tensorflow as tf

        found: dict[int, str] = {}
        seen: set[tuple[int, int]] = set()
        waiting: list[tuple[int, Any]] = [(number, model)]
        while waiting:
            at, item = waiting.pop()
            if (at, id(item)) in seen:
                continue
            seen.add((at, id(item)))
            if is_variable(item):
                found |= {id(item): key} if (key := self._key(at)) else {}
                continue
            children = tf.train.TrackableView.children(item)
            pairs = ((child.node_id, children.get(child.local_name)) for child in self.nodes[at].children)
            waiting += [(below, each) for below, each in pairs if each is not None]
        return found

    def check(self, model: Model, match: Match) -> None:
        """Check that the checkpoint has a value for each weight of a live object, before any is assigned.

        Raises:
            FormatError: It has none for some, or one of another shape or dtype; the message names them.
        """
        weights = list(walk_variables(model))
        same = "Make the object as it was when the checkpoint was written. Nothing of it has changed."
        if not weights:
            raise FormatError(
                f"The {type(model).__name__} has no weights yet, so nothing can be loaded into it.",
                "Call it once on data, such as model(x_train[:4]), and load again.",
            )
        name = Path(self.prefix).name
        if missing := [path for path, variable in weights if id(variable) not in match.keys]:
            what = f"{len(missing)} of the {len(weights)} weights of the {type(model).__name__}"
            raise FormatError(f"The checkpoint {name} has no value for {what}: {listed(missing, NAMED)}.", same)
        if other := list(self._other(weights, match)):
            raise FormatError(f"The checkpoint {name} does not fit: {'; '.join(other[:NAMED])}.", same)

    def _other(self, weights: Iterable[tuple[str, Variable]], match: Match) -> Iterator[str]:
        shapes, dtypes = self.reader.get_variable_to_shape_map(), self.reader.get_variable_to_dtype_map()
        for path, variable in weights:
            key = match.keys[id(variable)]
            there = (dtypes[key].name, list(shapes[key]))
            here = (str(getattr(variable.dtype, "name", variable.dtype)), variable.shape)
            if there[0] != here[0] or not _fits(there[1], here[1]):
                yield f"{path} is {there[0]} {there[1]} there, and {here[0]} {list(here[1])} here"

    def differing(self, variables: Iterable[tuple[str, Variable]], match: Match) -> list[str]:
        """Return the paths of the variables that do not have the values of the checkpoint."""
        known = ((path, item, match.keys[id(item)]) for path, item in variables if id(item) in match.keys)
        return [path for path, item, key in known if not _is_equal(value_of(item), self.reader.get_tensor(key))]


def _fits(there: list[int], here: Any) -> bool:
    return len(there) == len(here) and all(own is None or own == size for own, size in zip(here, there, strict=True))


def _is_equal(one: Array, other: Array) -> bool:
    import numpy as np

    if one.dtype == object:
        return one.shape == np.shape(other) and list(one.ravel()) == list(np.ravel(other))
    return one.shape == np.shape(other) and bytes(one.tobytes()) == np.asarray(other, one.dtype).tobytes()
