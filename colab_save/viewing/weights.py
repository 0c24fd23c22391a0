"""Read the weights in a model file one at a time, without building the model.

`inside` calls `weigh` on an inspected file. The state of optimizers and metrics is left out. Each weight comes with
the digest of its bytes, which finds its path in the manifest: the names in a file are others.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from colab_save.errors import FormatError
from colab_save.format_table import FORMATS
from colab_save.hints import action
from colab_save.inspecting.archive import open_member, read_directory
from colab_save.inspecting.keras.files import WEIGHTS
from colab_save.plugging import plugged
from colab_save.progress import OnStep, Stage, Step
from colab_save.reports.histogram import Histogram, histogram_of
from colab_save.types import Array
from colab_save.wording import translated

BOOKKEEPING = ("optimizer", "optimizer_weights", "metrics", "keras_api/metrics")
"""The groups with the state of optimizers and metrics at the root of a file (Keras 2.20 to 3.15, tf_keras 2.21)."""

_SLOT, _VALUE = "/.OPTIMIZER_SLOT/", "/.ATTRIBUTES/VARIABLE_VALUE"
"""What TensorFlow appends to the path of a variable (``trackable_utils``, 2.20 and 2.21)."""

_OWN = re.compile(r"(^|/)(_?optimizer|colab_save_optimizers)/|^save_counter/")
"""The state of optimizers that a part of a checkpoint holds, and how often it was written."""

_ESCAPE = re.compile(r"\.([S.])")
"""How TensorFlow escapes a slash and a dot in a name (``trackable_utils``, 2.20 and 2.21)."""


@dataclass(frozen=True, slots=True)
class Weight:
    """One weight in a file.

    Attributes:
        path: Its path in the file.
        shape: Its shape.
        dtype: Its dtype.
        digest: SHA-256 of its bytes in C order, as in `facts.VariableFacts`.
        histogram: The distribution of its values.
    """

    path: str
    shape: tuple[int, ...]
    dtype: str
    digest: str
    histogram: Histogram


def weigh(path: Path, format: str, on_step: OnStep) -> Iterator[Weight]:
    """Read the weights of a model file, with one of them in memory at a time.

    Args:
        path: The file or folder, already inspected.
        format: Its format.
        on_step: Called with the bytes read.

    Raises:
        FormatError: The weights cannot be read without building the model.
    """
    hook = FORMATS[format].weigh
    if not hook:
        raise FormatError(
            f"{path.name} has its weights as constants in a graph, not as weights of the model's layers.",
            f"{action('netron')} shows the graph with them.",
        )
    done = 0
    with translated(f"The weights of {path.name} cannot be read", "Copy it again, or load the model."):
        for name, size, value in plugged(hook)(path):
            done += value.nbytes
            on_step(Step(Stage.LOAD, done, size, name))
            yield Weight(name, value.shape, value.dtype.name, _digest(value), histogram_of(value))


def weights_in_keras(path: Path) -> Iterator[tuple[str, int, Array]]:
    """Yield the name of each array in a ``.keras`` file, the bytes of all arrays, and the array."""
    with path.open("rb") as file:
        members = read_directory(file, str(path))
        if WEIGHTS[0] not in members:
            raise FormatError(f"{path.name} has its weights in {WEIGHTS[1]}.", "Load the model to see them.")
        with open_member(file, members[WEIGHTS[0]], str(path)) as stream:
            yield from _in_hdf5(stream)


def weights_in_hdf5(path: Path) -> Iterator[tuple[str, int, Array]]:
    """Yield the same for an HDF5 file of Keras."""
    with path.open("rb") as file:
        yield from _in_hdf5(file)


def _in_hdf5(stream: BinaryIO) -> Iterator[tuple[str, int, Array]]:
    """Yield the arrays in the order of the file."""
    import h5py

    with h5py.File(stream, "r") as file:
        found: list[str] = []
        file.visititems(lambda name, item: found.append(name) if isinstance(item, h5py.Dataset) else None)
        mine = [name for name in found if not _is_bookkeeping(name) and _is_real(file[name].dtype)]
        size = sum(file[name].nbytes for name in mine)
        for name in mine:
            yield name, size, _read(file[name][()])


def weights_in_saved_model(path: Path) -> Iterator[tuple[str, int, Array]]:
    """Yield the same for a SavedModel, which may have no arrays."""
    variables = path / "variables" / "variables"
    if Path(f"{variables}.index").exists():
        yield from weights_in_checkpoint(variables)


def weights_in_checkpoint(path: Path) -> Iterator[tuple[str, int, Array]]:
    """Yield the same for a TensorFlow checkpoint, whose reader reads one array at a time."""
    import tensorflow as tf

    reader = tf.train.load_checkpoint(str(path).removesuffix(".index"))
    dtypes, shapes = reader.get_variable_to_dtype_map(), reader.get_variable_to_shape_map()
    mine = [name for name in sorted(dtypes) if _is_real(dtypes[name].as_numpy_dtype) and not _is_bookkeeping(name)]
    size = sum(dtypes[name].size * tf.TensorShape(shapes[name]).num_elements() for name in mine)
    for name in mine:
        yield _ESCAPE.sub(_unescaped, name.removesuffix(_VALUE)), size, reader.get_tensor(name)


def _unescaped(found: re.Match[str]) -> str:
    return "/" if found[1] == "S" else "."


def _is_bookkeeping(name: str) -> bool:
    is_grouped = name.startswith(tuple(f"{group}/" for group in BOOKKEEPING))
    return is_grouped or _SLOT in name or bool(_OWN.search(name))


def _is_real(dtype: Any) -> bool:
    """Return whether values are real numbers; bfloat16 is raw bytes in HDF5, and not a NumPy dtype elsewhere."""
    import numpy as np

    known = np.dtype(dtype)
    return known.kind in "biuf" or known == np.dtype("V2") or known.type.__module__ == "ml_dtypes"


def _read(value: Any) -> Array:
    import ml_dtypes
    import numpy as np

    array = np.asarray(value)
    return array.view(ml_dtypes.bfloat16) if array.dtype.kind == "V" and array.dtype.itemsize == 2 else array


def _digest(value: Array) -> str:
    import numpy as np

    return hashlib.sha256(np.ascontiguousarray(value).reshape(-1).view(np.uint8)).hexdigest()
