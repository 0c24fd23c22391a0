"""Sample inputs and expected outputs: nested lists, tuples and dicts of NumPy arrays.

`sampling` makes one from the live model, formats read its specs, the round trip feeds it and compares what comes
out. It is written as one ``.npz`` without pickles, its structure kept in the manifest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from colab_save.errors import DamagedFileError
from colab_save.hints import option

if TYPE_CHECKING:
    import numpy as np


TRAINING = "training=True"
"""The pass in training mode; every other is named after the sub-model that answers alone."""


@dataclass(frozen=True, slots=True)
class Pass:
    """One more forward pass.

    Attributes:
        name: `TRAINING`, or the attribute that holds the sub-model.
        inputs: Nested arrays, in a manifest their structure; ``None`` for the sample's own.
        outputs: What the live model answered, likewise.
        is_random: It differs from itself also with fixed seeds.
    """

    name: str
    inputs: Any
    outputs: Any
    is_random: bool = False


def is_structure(value: Any) -> bool:
    """Say whether a value is the structure of nested arrays, as `sample.write_arrays` gives it."""
    match value:
        case None:
            return True
        case {"array": str(), "dtype": str()}:
            return len(value) == 2
        case {"list": list(items)} | {"tuple": list(items)}:
            return len(value) == 1 and all(map(is_structure, items))
        case {"dict": dict(items)}:
            return len(value) == 1 and all(map(is_structure, items.values()))
    return False


FILE = "sample.npz"
"""The sample's name in an artifact."""


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
        passes: Other forward passes, see `passes`.
    """

    inputs: Any
    outputs: Any
    specs: Any
    is_random: bool = False
    is_seeded: bool = False
    passes: tuple[Pass, ...] = ()


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
            f"Load with {option('verify', value=False)} to do without the comparison of outputs.",
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
