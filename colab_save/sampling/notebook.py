"""Find sample inputs in a notebook: what it ran the model on, and its variables that fit the model.

`sampling` tries them on the live model before it makes a sample. Nothing of the user's is consumed or changed: no
generator and no iterator is advanced, and of a dataset only the first batch is read.
"""

from __future__ import annotations

import copy
import functools
import itertools
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from colab_save.artifact.facts import TensorFacts
from colab_save.dialect import classes
from colab_save.errors import SampleError
from colab_save.nested import leaves, map_structure
from colab_save.sampling.calls import arguments_in, training_data_in
from colab_save.sampling.datasets import first_element, inputs_of
from colab_save.sampling.matching import fitting
from colab_save.sampling.reading import belong_together, first_rows, is_composite, values_of
from colab_save.types import Model, Nested, Specs

MOST_FOUND = 12
"""The most calls, and the most variables, that are tried."""

STEP_ROWS = 8
"""The most rows of a training step."""


@dataclass(frozen=True, slots=True)
class Notebook:
    """The notebook that a save was started in.

    Attributes:
        variables: Its variables by name.
        cells: The sources of the cells that ran, in their order.
    """

    variables: Mapping[str, Any] = field(default_factory=dict)
    cells: Sequence[str] = ()


NO_NOTEBOOK = Notebook()
"""What a script has."""


@dataclass(frozen=True, slots=True)
class Found:
    """Inputs that the notebook holds: a value, and where it was found, in words."""

    value: Any
    source: str

    def read(self, rows: int | None) -> Nested:
        """Return them as nested arrays, see `first_rows`.

        Raises:
            SampleError: They are no arrays, or not to be taken whole.
        """
        value = self.value
        if _is_indexed(value):
            value = inputs_of(_first_item(value))
        elif _is_dataset(value):
            value = inputs_of(first_element(value))
        if not all(_is_array(item) for _, item in leaves(value)):
            raise SampleError(f"{self.source} holds other things than arrays.", "Pass arrays.")
        values = values_of(value)
        if rows is None and not belong_together(values):
            raise SampleError(f"{self.source} needs not be taken whole.", "Pass some rows.")
        return first_rows(values, rows)


def running_notebook() -> Notebook:
    """Return the notebook that this process is the kernel of; `NO_NOTEBOOK` in a script."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None and hasattr(ipython, "get_ipython") else None
    if shell is None:
        return NO_NOTEBOOK
    return Notebook(dict(shell.user_ns), [cell for cell in shell.user_ns.get("In", ()) if isinstance(cell, str)])


def found_in(notebook: Notebook, model: Model, specs: Specs) -> Iterator[Found]:
    """Yield what may be a sample for a model, the likeliest first.

    These are the arguments of its calls, the newest first, then the variables that fit its inputs, the newest first:
    one that holds all of them, or several of which each holds one.

    Args:
        notebook: Where to look.
        model: The live model.
        specs: Nested `TensorFacts` of its inputs; ``None`` if they are not known, and then no variable fits.
    """
    called = (Found(value, source) for source, value in arguments_in(notebook.cells, notebook.variables, model))
    yield from itertools.islice(called, MOST_FOUND)
    names = list(fitting(specs, notebook.variables)) if specs is not None else []
    for name in names[: -MOST_FOUND - 1 : -1]:
        yield Found(notebook.variables[name], name)
    yield from itertools.islice(_joined(specs, notebook.variables), MOST_FOUND)


def _joined(specs: Specs, variables: Mapping[str, Any]) -> Iterator[Found]:
    """Yield variables that together are the inputs of a model with several: those of the same names, then the newest.

    Inputs in a dict have names that say what they are, and so must their variables.
    """
    parts = [spec for _, spec in leaves(specs)]
    found = [_parts(spec, variables, is_named=isinstance(specs, Mapping)) for spec in parts]
    for names in itertools.product(*found) if len(parts) > 1 else ():
        if len({*names}) == len(names):
            values = {id(spec): variables[name] for spec, name in zip(parts, names, strict=True)}
            yield Found(map_structure(functools.partial(_value_of, values=values), specs), ", ".join(names))


def _value_of(spec: TensorFacts, values: Mapping[int, Any]) -> Any:
    return values[id(spec)]


def _parts(spec: TensorFacts, variables: Mapping[str, Any], *, is_named: bool) -> list[str]:
    """Return the variables that fit one of several inputs, the likeliest first."""
    names = [name for name in fitting(spec, variables) if name == spec.name or not is_named]
    names.reverse()
    return sorted(names, key=lambda name: name != spec.name)


def training_data(notebook: Notebook, model: Model) -> Iterator[Nested]:
    """Yield what a model was trained or evaluated on, newest first: inputs, perhaps with targets and weights.

    What cannot be read without an effect on the user's next epoch is left out.
    """
    called = training_data_in(notebook.cells, notebook.variables, model)
    for _, given in itertools.islice(called, MOST_FOUND):
        with suppress(Exception):  # reading runs code of the user's, which may raise anything
            yield _training_data(given)


def _training_data(given: tuple[Any, ...]) -> Nested:
    """Return what ``train_step`` gets of the arguments of a call, as Keras packs them.

    Raises:
        SampleError: They are no arrays, or must not be read.
    """
    value = given[0]
    if _is_indexed(value):
        value = _first_item(value)
    elif _is_dataset(value):
        value = first_element(value)
    else:
        values = tuple(values_of(item) for item in given if item is not None)
        value = values if len(values) > 1 or isinstance(values[0], (tuple, list)) else values[0]
    if not all(_is_array(item) for _, item in leaves(value)):
        raise SampleError("It holds other things than arrays.", "Pass arrays.")
    return first_rows(value, STEP_ROWS)


def _is_array(item: object) -> bool:
    """Return whether a leaf has values: an array, a tensor, a column or table, or a number or text typed by hand."""
    import numpy as np

    if isinstance(item, (np.ndarray, np.generic, bool, int, float, str, bytes)) or hasattr(item, "iloc"):
        return True
    return is_composite(item) or (hasattr(item, "numpy") and hasattr(item, "dtype"))


def _is_dataset(value: object) -> bool:
    tensorflow = sys.modules.get("tensorflow")
    return tensorflow is not None and isinstance(value, tensorflow.data.Dataset)


def _is_indexed(value: object) -> bool:
    """Return whether batches are read by their number, as Keras's own datasets are."""
    return isinstance(value, (*classes("utils.PyDataset"), *classes("utils.Sequence")))


def _first_item(value: Any) -> Any:
    """Return the first batch of a dataset that is read by number.

    A copy of it is read: Keras's own image iterators count what was read. Random numbers that it draws are put back.
    """
    import random

    import numpy as np

    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002  (the legacy state is what user code uses)
    try:
        return copy.copy(value)[0]
    finally:
        random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002
