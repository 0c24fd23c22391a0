"""Nested lists, tuples and mappings of arrays, as samples and answers are: walked and mapped; NumPy dtypes by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any


def map_structure(function: Callable[[Any], Any], value: Any) -> Any:
    """Apply a function to each leaf of nested lists, tuples and mappings; ``None`` stays."""
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


def leaves(value: Any, where: str = "") -> Iterator[tuple[str, Any]]:
    """Give each leaf with its place in the structure, such as ``['score'][0]``; mappings by sorted key."""
    if isinstance(value, Mapping):
        for key in sorted(value, key=str):
            yield from leaves(value[key], f"{where}[{key!r}]")
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from leaves(item, f"{where}[{index}]")
    elif value is not None:
        yield where, value


def numpy_dtype(name: str) -> Any:
    """Find the NumPy dtype of a name, also one of those that ml_dtypes adds."""
    import numpy as np

    if name.startswith(("bfloat16", "float8")):
        import ml_dtypes

        return getattr(ml_dtypes, name)
    return np.dtype(name)
