"""Sample inputs and expected outputs: nested lists, tuples and dicts of NumPy arrays.

`sampling` makes one from the live model, formats read its specs, the round trip feeds it and compares what comes
out. It is written as one ``.npz`` without pickles, its structure kept in the manifest.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from colab_save.errors import DamagedFileError
from colab_save.round_trip import OutputError

if TYPE_CHECKING:
    import numpy as np

FILE = "sample.npz"
"""The sample's name in an artifact."""

TOLERANCES = {"float64": 1e-7, "float32": 1e-4, "float16": 1e-2, "bfloat16": 5e-2}
"""Relative tolerance by the coarsest floating dtype in play; integers, booleans and strings must be equal.

A fresh process on the CPU answers within a few units in the last place of the CPU; a GPU that rounds convolutions
to TF32 or sums in another order needs these.
"""


@dataclass(frozen=True, slots=True)
class Sample:
    """What the round trip feeds, and what the live model answered.

    Attributes:
        inputs: Nested arrays, batch axis first.
        outputs: Nested arrays: the live model's answer, in inference mode.
        specs: The same structure as ``inputs``, each leaf a `TensorFacts` with the name, shape and dtype that the
            model declares, or that were taken from the arrays with a free batch axis.
        is_random: The model answered differently twice, also with fixed seeds.
        is_seeded: The model answered the same twice only after the seeds were fixed.
    """

    inputs: Any
    outputs: Any
    specs: Any
    is_random: bool = False
    is_seeded: bool = False


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


def write_arrays(file: Path, **trees: Any) -> dict[str, Any]:
    """Write nested arrays as one ``.npz`` without pickles.

    Args:
        file: The file to write.
        **trees: Nested arrays, by name.

    Returns:
        For each name its structure in JSON, each leaf the key of an array and its dtype.
    """
    import numpy as np

    arrays: dict[str, np.ndarray[Any, Any]] = {}

    def store(name: str, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {"dict": {str(key): store(name, item) for key, item in value.items()}}
        if isinstance(value, (list, tuple)):
            kind = "list" if isinstance(value, list) else "tuple"
            return {kind: [store(name, item) for item in value]}
        if value is None:
            return None
        key = f"{name}_{len(arrays)}"
        arrays[key], dtype = _plain(value)
        return {"array": key, "dtype": dtype}

    structures = {name: store(name, tree) for name, tree in trees.items()}
    np.savez(file, **arrays)  # type: ignore[arg-type]  # NumPy types allow_pickle, and not the arrays
    return structures


def read_arrays(file: Path, structure: Any) -> Any:
    """Read nested arrays that `write_arrays` wrote.

    Raises:
        DamagedFileError: The file is not such a file, or the structure asks for an array it does not have.
    """
    import numpy as np

    def restore(value: Any) -> Any:
        if value is None:
            return None
        if "dict" in value:
            return {key: restore(item) for key, item in value["dict"].items()}
        if "list" in value:
            return [restore(item) for item in value["list"]]
        if "tuple" in value:
            return tuple(restore(item) for item in value["tuple"])
        return _typed(arrays[value["array"]], value["dtype"])

    try:
        # NumPy leaves a file open that it cannot read, unless it is ours.
        with file.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            return restore(structure)
    except Exception as error:  # damaged archives raise what they like in zipfile, zlib, lzma, struct and NumPy
        raise DamagedFileError(
            f"The sample {file.name} cannot be read ({type(error).__name__}: {error}).",
            "Load with --no-check to do without the comparison of outputs.",
        ) from error


def _plain(array: Any) -> tuple[Any, str]:
    """Give an array in a dtype that ``.npz`` holds without pickles, and the dtype it had."""
    import numpy as np

    array = np.asarray(array)
    if array.dtype == object or array.dtype.kind == "U":  # strings, as TensorFlow gives and users type them
        encoded = [item.encode() if isinstance(item, str) else bytes(item) for item in array.ravel().tolist()]
        marked = [item + b"." for item in encoded]  # since NumPy's S dtype drops trailing null bytes
        return np.array(marked, dtype="S").reshape(array.shape), "string"
    if array.dtype.kind == "S":
        return _plain(array.astype(object))
    if array.dtype.isbuiltin == 2:  # added to NumPy: bfloat16 and all of ml_dtypes; float32 holds each exactly
        with np.errstate(invalid="ignore"):  # a signaling NaN becomes a quiet one
            return array.astype("float32"), array.dtype.name
    return array, array.dtype.name


def _typed(array: Any, dtype: str) -> Any:
    import numpy as np

    if dtype == "string":
        return np.array([item[:-1] for item in array.ravel().tolist()], dtype=object).reshape(array.shape)
    if array.dtype.name != dtype:
        import ml_dtypes

        kind = getattr(ml_dtypes, dtype, None)
        if not isinstance(kind, type) or not issubclass(kind, np.generic):
            raise ValueError(f"{array.dtype.name} where {dtype} was written")
        with np.errstate(invalid="ignore"):
            return array.astype(kind)
    return array


def compare_outputs(
    expected: Any, actual: Any, rtol: float | None, atol: float | None, precision: str = "float32"
) -> tuple[list[OutputError], list[str]]:
    """Compare two answers to the same sample.

    Args:
        expected: Nested arrays, from the live model.
        actual: Nested arrays, from the reloaded one.
        rtol: Relative tolerance; ``None`` = by dtype, see `TOLERANCES`.
        atol: Absolute tolerance; ``None`` = a tenth of the relative one.
        precision: The coarsest dtype that the model computes in (``float16`` under a mixed policy).

    Returns:
        The largest differences of each output, and in words each place where they differ by more.
    """
    wanted, got = dict(leaves(expected)), dict(leaves(actual))
    errors: list[OutputError] = []
    found = [f"output{where} is missing" for where in wanted.keys() - got.keys()]
    found += [f"output{where} was not there before" for where in got.keys() - wanted.keys()]
    for where in wanted.keys() & got.keys():
        error, difference = _compare_arrays(f"output{where}", wanted[where], got[where], rtol, atol, precision)
        errors += [error] if error else []
        found += [difference] if difference else []
    return sorted(errors, key=lambda error: error.name), sorted(found)


def compare_shapes(expected: Any, actual: Any) -> list[str]:
    """Compare only structure, shapes and dtypes: all that a model which differs from itself allows."""
    described = [{where: (item.shape, item.dtype.name) for where, item in leaves(tree)} for tree in (expected, actual)]
    places = sorted(described[0].keys() | described[1].keys())
    return [
        f"output{where} is {described[1].get(where)}, expected {described[0].get(where)}"
        for where in places
        if described[0].get(where) != described[1].get(where)
    ]


def _compare_arrays(
    name: str, expected: Any, actual: Any, rtol: float | None, atol: float | None, precision: str
) -> tuple[OutputError | None, str]:
    import numpy as np

    if expected.shape != actual.shape or expected.dtype != actual.dtype:
        return None, (
            f"{name} is {actual.dtype.name} {list(actual.shape)}, expected {expected.dtype.name} {list(expected.shape)}"
        )
    if expected.dtype.kind not in "fcV":  # whole numbers, booleans, strings
        different = int(np.sum(expected != actual))
        return OutputError(name, float(different > 0), float(different > 0)), (
            f"{different} of {expected.size} values of {name} differ" if different else ""
        )
    relative = _tolerance(expected.dtype.name, precision) if rtol is None else rtol
    absolute = relative / 10 if atol is None else atol
    wide = "complex128" if expected.dtype.kind == "c" else "float64"
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        before, after = expected.astype(wide), actual.astype(wide)
        same = (before == after) | (np.isnan(before) & np.isnan(after))
        gaps = np.where(same, 0.0, np.abs(after - before))
        gaps = np.where(np.isnan(gaps), np.inf, gaps)
        ratios = np.where(same, 0.0, gaps / np.abs(before))
        bad = ~same & ~(np.isfinite(gaps) & (gaps <= absolute + relative * np.abs(before)))
    error = OutputError(name, _largest(gaps), _largest(ratios))
    if not bad.any():
        return error, ""
    first = tuple(int(index) for index in np.argwhere(bad)[0])
    return error, (
        f"{int(bad.sum())} of {bad.size} values of {name} differ, by up to {error.absolute:.3g}; "
        f"first at {list(first)}: expected {before[first]:.6g}, got {after[first]:.6g}"
    )


def _tolerance(dtype: str, precision: str) -> float:
    own = TOLERANCES.get(dtype, TOLERANCES["float32"])
    return own if dtype == "float64" else max(own, TOLERANCES.get(precision, 0.0))


def _largest(values: Any) -> float:
    largest = float(values.max()) if values.size else 0.0
    return largest if math.isfinite(largest) else math.inf
