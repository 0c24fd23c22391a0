"""Sample inputs and expected outputs: nested lists, tuples and dicts of NumPy arrays; inputs also of `Composite`s.

`sampling` makes a sample from the live model, formats read its specs, and the round trip runs the reloaded model on it.
It is written as one ``.npz`` without pickles; the manifest has its structure.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from colab_save.artifact.composites import COMPOSITES, Composite
from colab_save.errors import ColabSaveError, DamagedFileError
from colab_save.hints import literal, option
from colab_save.quoting import listed
from colab_save.types import Array, Json, Nested, Specs
from colab_save.wording import first_line

if TYPE_CHECKING:
    import numpy as np


TRAINING = "training=True"
"""The name of the pass in training mode."""

BY_DEFAULT = "called by itself"
"""The name of the pass without the argument ``training``, where that is not inference.

Any other pass is named after the sub-model that is called alone.
"""


@dataclass(frozen=True, slots=True)
class Pass:
    """One more forward pass.

    Attributes:
        name: `TRAINING`, `BY_DEFAULT`, or the attribute that holds the sub-model.
        inputs: Nested arrays, in a manifest their structure; ``None`` for the sample's own inputs.
        outputs: The outputs of the live model: nested arrays, in a manifest their structure.
        is_random: Whether the outputs are random even with fixed seeds.
    """

    name: str
    inputs: Nested
    outputs: Nested
    is_random: bool = False


class Origin(enum.StrEnum):
    """Where the data of a training step comes from."""

    CHECKED = "checked"
    """The live model has computed its loss for it."""

    FOUND = "found"
    """The notebook has trained on it; as it is now, nobody has."""

    MADE = "made"
    """It was made, and the live model may not train on it."""


@dataclass(frozen=True, slots=True)
class Step:
    """One training step, and what the live model says of it; it is part of a proof, and not of an artifact.

    Attributes:
        data: What ``train_step`` takes: nested arrays, in a job their structure.
        rows: How many rows of them to train on first; ``None`` for all.
        loss: The loss of the live model on these rows; ``None`` where the model has a ``train_step`` of its own.
        reached: The paths of the trainable variables that its gradients reach.
        origin: Where the data comes from.
        missing: Why no step can be taken; empty if one can.
    """

    data: Nested = None
    rows: int | None = None
    loss: float | None = None
    reached: tuple[str, ...] = ()
    origin: Origin = Origin.MADE
    missing: str = ""


def is_structure(value: Json) -> bool:
    """Return whether a value is a structure of nested arrays, as `write_arrays` returns it."""
    match value:
        case None:
            return True
        case {"array": str(), "dtype": str()}:
            return len(value) == 2
        case {"sparse": dict(arrays)} | {"ragged": dict(arrays)}:
            return len(value) == 1 and all(map(is_structure, arrays.values()))
        case {"list": list(items)} | {"tuple": list(items)}:
            return len(value) == 1 and all(map(is_structure, items))
        case {"dict": dict(items)}:
            return len(value) == 1 and all(map(is_structure, items.values()))
    return False


FILE = "sample.npz"
"""The sample's file name in an artifact."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Sample inputs, and the outputs of the live model for them.

    Attributes:
        inputs: Nested arrays, batch axis first; ``None`` if none are known that the model accepts.
        outputs: Nested arrays: the live model's outputs in inference mode; ``None`` without inputs.
        specs: The same structure as ``inputs``; each leaf is a `TensorFacts` with the name, shape and dtype that the
            model declares, or else those of the array with a free batch axis.
        is_random: Whether two calls differ even with fixed seeds.
        is_seeded: Whether two calls are equal only with fixed seeds.
        passes: Other forward passes.
        missing: Why there are no inputs, and how to pass some; ``None`` if there are.
        source: Where in the notebook the inputs were found; empty if they were given or made.
        elsewhere: The layers that did not compute their outputs on the CPU, with their devices.
    """

    inputs: Nested
    outputs: Nested
    specs: Specs
    is_random: bool = False
    is_seeded: bool = False
    passes: tuple[Pass, ...] = ()
    missing: ColabSaveError | None = None
    source: str = ""
    elsewhere: Mapping[str, str] = field(default_factory=dict)

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what the user should know of it, one sentence each."""
        found = f"The sample was found in the notebook: {literal(self.source)}."
        layers = literal(listed([path or "the model" for path in self.elsewhere]))
        devices = ", ".join(sorted({*self.elsewhere.values()}))
        placed = f"Computed on {devices}, since no CPU can compute it: {layers}. A difference there may be rounding."
        return (*([found] if self.source else []), *([placed] if self.elsewhere else []))


def write_arrays(file: Path, **trees: Nested) -> dict[str, Json]:
    """Write nested arrays as one ``.npz`` without pickles.

    Args:
        file: The file to write.
        **trees: Nested arrays, by name.

    Returns:
        The structure of each tree in JSON, by name; each leaf has the key of an array in the file, and its dtype.
    """
    import numpy as np

    arrays: dict[str, np.ndarray[Any, Any]] = {}

    def store(name: str, value: Nested) -> Json:
        if isinstance(value, Mapping):
            return {"dict": {str(key): store(name, item) for key, item in value.items()}}
        if isinstance(value, (list, tuple)):
            kind = "list" if isinstance(value, list) else "tuple"
            return {kind: [store(name, item) for item in value]}
        if isinstance(value, Composite):
            kind = next(word for word, composite in COMPOSITES.items() if isinstance(value, composite))
            return {kind: {key: store(name, item) for key, item in value.arrays.items()}}
        if value is None:
            return None
        key = f"{name}_{len(arrays)}"
        arrays[key], dtype = _plain(value)
        return {"array": key, "dtype": dtype}

    structures = {name: store(name, tree) for name, tree in trees.items()}
    np.savez(file, **arrays)  # type: ignore[arg-type]  # NumPy's annotation of savez lacks the arrays
    return structures


def read_arrays(file: Path, structure: Json) -> Nested:
    """Read nested arrays that `write_arrays` wrote.

    Raises:
        DamagedFileError: The file is damaged, or does not have the arrays of the structure.
    """
    import numpy as np

    def restore(value: Json) -> Nested:
        if value is None:
            return None
        if "dict" in value:
            return {key: restore(item) for key, item in value["dict"].items()}
        if "list" in value:
            return [restore(item) for item in value["list"]]
        if "tuple" in value:
            return tuple(restore(item) for item in value["tuple"])
        for kind in COMPOSITES.keys() & value.keys():
            return COMPOSITES[kind].from_arrays({key: restore(item) for key, item in value[kind].items()})
        return _typed(arrays[value["array"]], value["dtype"])

    try:
        # NumPy would not close a path that it cannot read.
        with file.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            return restore(structure)
    except Exception as error:  # damaged archives raise all kinds of errors in zipfile, zlib, lzma, struct and NumPy
        raise DamagedFileError(
            f"The sample {file.name} cannot be read ({first_line(error)}).",
            f"Load with {option('verify', value=False)} to skip the comparison of outputs.",
        ) from error


def _plain(array: Array) -> tuple[Array, str]:
    """Return an array in a dtype that ``.npz`` holds without pickles, and its original dtype."""
    import numpy as np

    array = np.asarray(array)
    if array.dtype == object or array.dtype.kind == "U":  # strings, as TensorFlow returns them and users type them
        encoded = [item.encode() if isinstance(item, str) else bytes(item) for item in array.ravel().tolist()]
        marked = [item + b"." for item in encoded]  # NumPy's S dtype drops trailing null bytes
        return np.array(marked, dtype="S").reshape(array.shape), "string"
    if array.dtype.kind == "S":
        return _plain(array.astype(object))
    if array.dtype.isbuiltin == 2:  # bfloat16 and the other dtypes of ml_dtypes; float32 holds each value exactly
        with np.errstate(invalid="ignore"):  # a signaling NaN becomes a quiet one
            return array.astype("float32"), array.dtype.name
    return array, array.dtype.name


def _typed(array: Array, dtype: str) -> Array:
    """Return an array of `_plain` in its original dtype."""
    import numpy as np

    if dtype == "string":
        return np.array([item[:-1] for item in array.ravel().tolist()], dtype=object).reshape(array.shape)
    if array.dtype.name != dtype:
        import ml_dtypes

        kind = getattr(ml_dtypes, dtype, None)
        if not isinstance(kind, type) or not issubclass(kind, np.generic):
            raise ValueError(f"an array is {array.dtype.name} instead of {dtype}")
        with np.errstate(invalid="ignore"):
            return array.astype(kind)
    return array
