"""Find the variables of the notebook that may be a sample for a model, by type and shape, without running anything.

The panel offers them; `sampling` reads the one that the user picks like any given sample.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

from colab_save.artifact.facts import TensorFacts
from colab_save.dialect import dialect_of, tensorflow_classes
from colab_save.sampling.specs import declared_inputs
from colab_save.taking import Taking
from colab_save.types import Array, Model, Specs


def samples_for(model: Model, variables: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of the variables that fit a model's inputs, in the order of their definition.

    None fits a model whose inputs are not known yet.
    """
    specs = declared_inputs(model) if "keras" in sys.modules else None
    yield from fitting(specs, variables) if specs is not None else ()


def fitting(specs: Specs, variables: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of the variables that fit known inputs, in the order of their definition."""
    for name, value in variables.items():
        if not name.startswith("_") and fits(value, specs):
            yield name


def fits(value: Any, specs: Specs) -> bool:
    """Return whether a value has the structure, the shapes and the kind of dtype of a model's inputs.

    Args:
        value: Nested arrays or tensors; a table counts as a dict of columns, and a dataset as what is in it. Anything
            else does not fit, whatever it raises when it is looked at.
        specs: Nested `TensorFacts`.
    """
    return Taking().fact("the value", lambda: _fits(_element(value), specs), otherwise=False)


def _fits(value: Any, specs: Specs) -> bool:
    if isinstance(specs, TensorFacts):
        return _fits_one(value, specs)
    if isinstance(specs, Mapping):
        columns = value if isinstance(value, Mapping) else _columns(value)
        return (
            bool(columns) and specs.keys() <= columns.keys() and all(_fits(columns[key], specs[key]) for key in specs)
        )
    if isinstance(value, (list, tuple)) and len(value) == len(specs):
        return all(_fits(item, spec) for item, spec in zip(value, specs, strict=True))
    return False


def _fits_one(value: Any, spec: TensorFacts) -> bool:
    shape, dtype = getattr(value, "shape", None), getattr(value, "dtype", None)
    if is_symbolic(value):
        return False
    if columns := _columns(value):
        return spec.shape[1:] == (len(columns),) and spec.dtype != "string"
    try:
        sizes = [None if size is None else int(size) for size in shape]  # type: ignore[union-attr]
    except (TypeError, ValueError):  # not an array, or a tensor of unknown rank
        return False
    if dtype is None or _is_text(dtype) != (spec.dtype == "string") or not sizes or sizes[0] == 0:
        return False
    wanted = list(spec.shape[1:])
    return _matches(sizes[1:], wanted) or (wanted[-1:] == [1] and _matches(sizes[1:], wanted[:-1]))


def is_symbolic(value: Any) -> bool:
    """Return whether a value is a tensor without values: what `keras.Input` returns, or one of a traced function."""
    if isinstance(value, tensorflow_classes("Tensor")):
        return not hasattr(value, "numpy")
    return bool(dialect_of(value)) and any(kind.__name__ == "KerasTensor" for kind in type(value).__mro__)


def _matches(sizes: list[int | None], wanted: list[int | None]) -> bool:
    pairs = zip(sizes, wanted, strict=False)
    return len(sizes) == len(wanted) and all(None in pair or pair[0] == pair[1] for pair in pairs)


def _is_text(dtype: Any) -> bool:
    name = getattr(dtype, "name", str(dtype))
    return name.startswith(("str", "object", "bytes"))


def _columns(value: Any) -> dict[str, Array]:
    """Return the columns of a table by name; empty for anything else."""
    pandas = sys.modules.get("pandas")
    if pandas is None or not isinstance(value, pandas.DataFrame):
        return {}
    return {str(name): column for name, column in value.items()}


def _element(value: Any) -> Any:
    """Return the specs of a dataset's elements, of pairs and triples those of the inputs; other values as they are.

    A spec by itself describes no data that the notebook has.
    """
    if isinstance(value, tensorflow_classes("TypeSpec")):
        return None
    if not isinstance(value, tensorflow_classes("data.Dataset")):
        return value
    spec = value.element_spec
    return spec[0] if isinstance(spec, tuple) and len(spec) in (2, 3) else spec
