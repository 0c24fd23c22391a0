"""Read the first batch of a `tf.data` dataset, if reading it does nothing but that.

`notebook` reads the datasets that it finds. A dataset that runs Python code (``from_generator``, ``py_function``) may
consume what the user still needs. One that shuffles goes on to another order for the user's next epoch, and one that
caches in a file locks it: what lies below is read instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from colab_save.errors import SampleError

_EFFECTS = re.compile(
    r"(Eager)?PyFunc|GeneratorDataset|Assign|Rng|Stateful(?!Partitioned)|LookupTable(Insert|Import)|PrintV2|WriteFile|"
    r"\w*(Shuffle|Cache|Snapshot)\w*Dataset"
)
"""The operations that run Python code, change a variable, a random generator or a table, print, or write."""


_ORDERING = {"CacheDataset", "OptionsDataset", "PrefetchDataset", "RepeatDataset", "ShuffleDataset"}
"""The datasets that have the elements of another one, in some order and number."""

_BATCHING = {"BatchDataset", "ParallelBatchDataset"}

ROWS = 32
"""Rows of a batch that is read below a shuffle; the users of `first_element` take fewer."""


def first_element(dataset: Any) -> Any:
    """Return the first element of a dataset, or one that it may have: inputs, perhaps with targets and weights.

    Raises:
        SampleError: Reading it would do more; or it is empty.
    """
    plain = _below(dataset)
    if any(map(_has_effects, _parts(plain))):
        raise SampleError("Reading the dataset would change what its next epoch reads.", "Pass some of its rows.")
    element = next(iter(plain), None)
    if element is None:
        raise SampleError("The dataset is empty.", "Pass some rows.")
    return element


def _below(dataset: Any) -> Any:
    """Return a dataset with such elements, made from what lies below shuffles and caches."""
    name = _name(dataset)
    if name in _ORDERING:
        return _below(dataset._inputs()[0])  # noqa: SLF001 - see `_parts`
    if name in _BATCHING:
        return _below(dataset._inputs()[0]).batch(ROWS)  # noqa: SLF001 - see `_parts`
    return dataset


def _name(dataset: Any) -> str:
    return type(dataset).__name__.removeprefix("_")


def inputs_of(element: Any) -> Any:
    """Return the inputs of an element: the first of a pair or triple with targets and weights."""
    return element[0] if isinstance(element, tuple) and len(element) in (1, 2, 3) else element


def _parts(dataset: Any) -> Iterator[Any]:
    """Yield a dataset and those that it is made from.

    TensorFlow has no public way to ask for them; without it (2.18 to 2.21 have it) no dataset is read.
    """
    yield dataset
    for part in dataset._inputs():  # noqa: SLF001 - see above
        yield from _parts(part)


def _has_effects(dataset: Any) -> bool:
    if any(word in _name(dataset) for word in ("Shuffle", "Random", "Cache", "Snapshot", "Save")):
        return True
    graphs = [function.function.graph.as_graph_def() for function in dataset._functions()]  # noqa: SLF001 - see above
    operations = {node.op for graph in graphs for node in graph.node}
    operations |= {node.op for graph in graphs for made in graph.library.function for node in made.node_def}
    return any(map(_EFFECTS.match, operations))
