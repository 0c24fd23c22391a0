"""Walk, map and compare nested lists, tuples and mappings, such as samples and configs; find NumPy dtypes by name."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from colab_save.types import Json, Nested


def map_structure(function: Callable[[Any], Any], value: Nested) -> Nested:
    """Return the same structure with a function applied to each leaf; ``None`` stays."""
    if value is None:
        return None
    if isinstance(value, Mapping):
        return {key: map_structure(function, item) for key, item in value.items()}
    if isinstance(value, list):
        return [map_structure(function, item) for item in value]
    if isinstance(value, tuple):
        items = [map_structure(function, item) for item in value]
        return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
    return function(value)


def leaves(value: Nested, where: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each leaf with its place in the structure, such as ``['score'][0]``; mappings in order of their keys."""
    if isinstance(value, Mapping):
        for key in sorted(value, key=str):
            yield from leaves(value[key], f"{where}[{key!r}]")
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from leaves(item, f"{where}[{index}]")
    elif value is not None:
        yield where, value


def unequal(one: Json, other: Json, where: str = "") -> Iterator[tuple[str, Json, Json]]:
    """Yield each leaf in which two JSON values differ, with its place, such as ``config.schedule.boundaries[2]``."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for key in sorted(one.keys() | other.keys(), key=str):
            yield from unequal(one.get(key), other.get(key), f"{where}.{key}" if where else str(key))
    elif isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        for index, (left, right) in enumerate(itertools.zip_longest(one, other)):
            yield from unequal(left, right, f"{where}[{index}]")
    elif one != other and repr(one) != repr(other):  # by repr too: NaN is not equal to itself
        yield where, one, other


def numpy_dtype(name: str) -> Any:
    """Return the NumPy dtype of this name, also one that ml_dtypes adds."""
    import numpy as np

    if name.startswith(("bfloat16", "float8")):
        import ml_dtypes

        return getattr(ml_dtypes, name)
    return np.dtype(name)
