"""Read inputs that the user gave or that the notebook holds: as nested arrays of some rows, and as a model takes them.

`sampling` reads what the user gave, and what `calls` found in the notebook. What is read is copied, and stays as it is.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from colab_save.artifact.composites import Composite, Ragged, Sparse
from colab_save.artifact.facts import TensorFacts
from colab_save.dialect import tensorflow_classes
from colab_save.errors import SampleError
from colab_save.nested import leaves, map_structure, numpy_dtype
from colab_save.quantities import size_in_words
from colab_save.sampling.candidates import ROWS
from colab_save.sampling.datasets import inputs_of
from colab_save.types import Array, Nested, Specs

MOST_ROWS = 32
"""The largest number of rows of the user's sample that the artifact holds."""

MOST_BYTES = 16 << 20
"""Bytes of inputs that are recorded whole, where the model does not accept their first rows."""


def values_of(given: Any) -> Nested:
    """Return inputs as nested arrays, tensors and columns, with all their rows.

    Args:
        given: Arrays, tensors, dicts, a `tf.data` dataset or a DataFrame.
    """
    import numpy as np

    pandas = sys.modules.get("pandas")
    if isinstance(given, tensorflow_classes("data.Dataset")):
        given = inputs_of(next(iter(given)))
    if pandas is not None and isinstance(given, pandas.DataFrame):
        return {str(name): column for name, column in given.items()}
    if isinstance(given, list) and given and not any(hasattr(item, "shape") for item in given):
        return np.asarray(given)  # rows typed by hand
    return given


def first_rows(values: Nested, rows: int | None) -> Nested:
    """Return inputs as nested arrays, copied.

    Args:
        values: What `values_of` returns.
        rows: The most rows of each array; ``None`` for all.

    Raises:
        SampleError: All are too many to be recorded.
    """
    if rows is None and (size := sum(getattr(item, "nbytes", 0) for _, item in leaves(values))) > MOST_BYTES:
        raise SampleError(f"The inputs have {size_in_words(size)}, too much to be recorded.", "Pass some rows.")
    return map_structure(lambda item: _first_rows(item, rows), values)


def belong_together(values: Nested) -> bool:
    """Return whether rows of some inputs are perhaps none of the others, as with the nodes and edges of a graph.

    Inputs of different lengths are of this kind, and a matrix of all rows with all rows. Anything else is never taken
    whole: a model may need more memory for all rows than there is.
    """
    shapes = [tuple(item.shape) for _, item in leaves(values) if getattr(item, "shape", None)]
    is_square = any(shape[1:2] == shape[:1] for shape in shapes)
    return len(shapes) > 1 and (is_square or len({shape[0] for shape in shapes}) > 1)


def rows_of(specs: Specs) -> int:
    """Return how many rows to take of what the notebook holds: those that the model declares, or some."""
    fixed = (spec.shape[0] for _, spec in leaves(specs) if spec.shape)
    return next((rows for rows in fixed if rows is not None), ROWS)


def is_composite(item: object) -> bool:
    """Return whether a value is a sparse or ragged tensor, or a sparse matrix of SciPy, as Keras takes it."""
    return isinstance(item, (*tensorflow_classes("SparseTensor"), *tensorflow_classes("RaggedTensor"))) or hasattr(
        item, "tocoo"
    )


def _composite(item: Any, rows: int | None) -> Composite | None:
    """Return a sparse or ragged tensor as it is, with its first rows; ``None`` for anything else."""
    import numpy as np

    if isinstance(item, tensorflow_classes("RaggedTensor")):
        first = item[:rows]
        return Ragged(np.array(first.flat_values), tuple(np.array(split) for split in first.nested_row_splits))
    if isinstance(item, tensorflow_classes("SparseTensor")):
        indices, values, sizes = np.array(item.indices), np.array(item.values), tuple(map(int, item.dense_shape))
    elif hasattr(item, "tocoo"):
        matrix = item.tocoo()
        indices, values, sizes = np.stack([matrix.row, matrix.col], -1).astype("int64"), matrix.data, matrix.shape
    else:
        return None
    order = np.lexsort(indices.T[::-1])
    order = order[indices[order, 0] < rows] if rows is not None else order
    return Sparse(values[order], indices[order], (min(sizes[0], rows or sizes[0]), *sizes[1:]))


def _first_rows(item: Any, rows: int | None) -> Array:
    import numpy as np

    if (composite := _composite(item, rows)) is not None:
        return composite
    if getattr(item, "shape", None) and hasattr(item, "__getitem__"):
        item = getattr(item, "iloc", item)[:rows]  # a column counts by its labels otherwise
    array = np.array(item)
    return array.astype(object) if array.dtype.kind in "US" else array


def fit(inputs: Nested, specs: Specs, *, is_declared: bool = True) -> Nested:
    """Return arrays with the dtypes that the model declares, and columns of a table with the shape of its inputs.

    Args:
        inputs: Nested arrays.
        specs: Nested `TensorFacts` of the model's inputs.
        is_declared: The dtypes of the specs are declared. Of guessed ones only floats are taken, by floats: whole
            numbers may be indices.
    """
    import numpy as np

    if isinstance(inputs, Mapping) and isinstance(specs, TensorFacts):  # a DataFrame for a model with one input
        inputs = np.stack([np.asarray(column) for column in inputs.values()], axis=-1)
    if isinstance(inputs, Mapping) and isinstance(specs, Mapping) and specs.keys() <= inputs.keys():
        return {key: fit(inputs[key], spec, is_declared=is_declared) for key, spec in specs.items()}
    if isinstance(inputs, (list, tuple)) and isinstance(specs, (list, tuple)) and len(inputs) == len(specs):
        pairs = zip(inputs, specs, strict=True)
        return type(specs)(fit(item, spec, is_declared=is_declared) for item, spec in pairs)
    if not isinstance(specs, TensorFacts) or not hasattr(inputs, "dtype"):
        return inputs
    if len(specs.shape) == inputs.ndim + 1 and specs.shape[-1] == 1 and not isinstance(inputs, Composite):
        inputs = inputs[..., None]
    is_text = specs.dtype == "string" or inputs.dtype.kind in "OSUV"
    if is_text or not (is_declared or inputs.dtype.kind == "f"):
        return inputs
    return inputs.astype(numpy_dtype(specs.dtype))


def typed(specs: Specs, inputs: Nested) -> Specs:
    """Return the specs of a model's inputs with the dtypes of arrays that it accepted."""
    accepted = dict(leaves(inputs))
    dtypes = {id(spec): _dtype_of(accepted[at]) for at, spec in leaves(specs)}
    return map_structure(lambda spec: replace(spec, dtype=dtypes[id(spec)]), specs)


def _dtype_of(item: Array) -> str:
    return "string" if item.dtype.kind in "OSU" else str(item.dtype.name)


def describe(inputs: Nested) -> Specs:
    """Return the specs of arrays: their dtype, their shape with a free batch axis, and a name from their place."""
    named = {id(item): where for where, item in leaves(inputs)}

    def spec(item: Array) -> TensorFacts:
        name = "".join(letter if letter.isalnum() else "_" for letter in named[id(item)]).strip("_") or "inputs"
        shape = (None, *item.shape[1:]) if item.ndim else ()
        return TensorFacts(name if not name[0].isdigit() else f"inputs_{name}", shape, _dtype_of(item))

    return map_structure(spec, inputs)


def in_words(inputs: Nested) -> str:
    """Return the dtypes and shapes of inputs in words."""
    return ", ".join(f"{item.dtype} {list(item.shape)}" for _, item in leaves(inputs)) or "nothing"
