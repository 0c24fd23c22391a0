"""Read inputs that the user gave or that the notebook holds: as nested arrays of some rows, and as a model takes them.

`sampling` reads what the user gave, and what `calls` found in the notebook. What is read is copied, and stays as it is.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from colab_save.artifact.facts import TensorFacts
from colab_save.nested import leaves, map_structure, numpy_dtype
from colab_save.sampling.candidates import ROWS
from colab_save.sampling.datasets import inputs_of
from colab_save.types import Array, Nested, Specs

MOST_ROWS = 32
"""The largest number of rows of the user's sample that the artifact holds."""


def read_sample(given: Any, rows: int | None = MOST_ROWS) -> Nested:
    """Return inputs as nested arrays.

    Args:
        given: Arrays, tensors, dicts, a `tf.data` dataset or a DataFrame.
        rows: The most rows of each array; ``None`` for all.
    """
    import numpy as np

    tensorflow = sys.modules.get("tensorflow")
    pandas = sys.modules.get("pandas")
    if tensorflow is not None and isinstance(given, tensorflow.data.Dataset):
        given = inputs_of(next(iter(given)))
    if pandas is not None and isinstance(given, pandas.DataFrame):
        given = {str(name): column for name, column in given.items()}
    if isinstance(given, list) and given and not any(hasattr(item, "shape") for item in given):
        given = np.asarray(given)  # rows typed by hand
    return map_structure(lambda item: _first_rows(item, rows), given)


def rows_of(specs: Specs) -> int:
    """Return how many rows to take of what the notebook holds: those that the model declares, or some."""
    fixed = (spec.shape[0] for _, spec in leaves(specs) if spec.shape)
    return next((rows for rows in fixed if rows is not None), ROWS)


def _first_rows(item: Any, rows: int | None) -> Array:
    import numpy as np

    if getattr(item, "shape", None) and hasattr(item, "__getitem__"):
        item = getattr(item, "iloc", item)[:rows]  # a column counts by its labels otherwise
    array = np.array(item)
    return array.astype(object) if array.dtype.kind in "US" else array


def fit(inputs: Nested, specs: Specs) -> Nested:
    """Return arrays with the dtypes that the model declares, and columns of a table with the shape of its inputs."""
    import numpy as np

    if isinstance(inputs, Mapping) and isinstance(specs, TensorFacts):  # a DataFrame for a model with one input
        inputs = np.stack([np.asarray(column) for column in inputs.values()], axis=-1)
    if isinstance(inputs, Mapping) and isinstance(specs, Mapping) and specs.keys() <= inputs.keys():
        return {key: fit(inputs[key], spec) for key, spec in specs.items()}
    if isinstance(inputs, (list, tuple)) and isinstance(specs, (list, tuple)) and len(inputs) == len(specs):
        return type(specs)(fit(item, spec) for item, spec in zip(inputs, specs, strict=True))
    if not isinstance(specs, TensorFacts) or not hasattr(inputs, "dtype"):
        return inputs
    if len(specs.shape) == inputs.ndim + 1 and specs.shape[-1] == 1:
        inputs = inputs[..., None]
    return inputs if specs.dtype == "string" or inputs.dtype.kind in "OSUV" else inputs.astype(numpy_dtype(specs.dtype))


def describe(inputs: Nested) -> Specs:
    """Return the specs of arrays: their dtype, their shape with a free batch axis, and a name from their place."""
    named = {id(item): where for where, item in leaves(inputs)}

    def spec(item: Array) -> TensorFacts:
        name = "".join(letter if letter.isalnum() else "_" for letter in named[id(item)]).strip("_") or "inputs"
        dtype = "string" if item.dtype.kind in "OSU" else item.dtype.name
        shape = (None, *item.shape[1:]) if item.ndim else ()
        return TensorFacts(name if not name[0].isdigit() else f"inputs_{name}", shape, dtype)

    return map_structure(spec, inputs)


def in_words(inputs: Nested) -> str:
    """Return the dtypes and shapes of inputs in words."""
    return ", ".join(f"{item.dtype} {list(item.shape)}" for _, item in leaves(inputs)) or "nothing"
