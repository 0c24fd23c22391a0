"""Find in a notebook's cells what a model was called with: the arguments of its last fit, evaluate, predict or call.

`notebook` asks with the cells that ran and the variables as they are now. Only names, attributes, subscripts, literals
and displays of them are evaluated: nothing is called.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from colab_save.sampling.datasets import inputs_of
from colab_save.sampling.expressions import MOST_CELLS, calls_in, value_of
from colab_save.types import Model
from colab_save.wording import cut

_ON_BATCH = ("train_on_batch", "test_on_batch", "predict_on_batch")

METHODS = frozenset({"fit", "evaluate", "predict", "call", *_ON_BATCH})
"""The methods of a model whose first argument is its inputs."""

TRAINING = frozenset({"fit", "evaluate", "train_on_batch", "test_on_batch"})
"""Those that take targets beside them."""

DATA = ("x", "y", "sample_weight")
"""The arguments with what a model is trained on."""

LONGEST = 60
"""The most characters of an argument's source in a report."""


def arguments_in(cells: Sequence[str], variables: Mapping[str, Any], model: Model) -> Iterator[tuple[str, Any]]:
    """Yield what a model was called with, newest first: where in words, and the value that the argument has now.

    Args:
        cells: The sources of the cells in the order in which they ran, as IPython translated them.
        variables: The variables of the notebook.
        model: The live model, which is found by identity: ``model``, ``gan.generator`` and ``models[0]`` may name it.
    """
    for call, method in _own_calls(cells, variables, model):
        yield from _evaluated(call, method, variables)


def training_data_in(
    cells: Sequence[str], variables: Mapping[str, Any], model: Model
) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Yield what a model was trained or evaluated on, newest first: where in words, and the values.

    These are the inputs, the targets and their weights as far as they were given; a dataset is alone.

    Args:
        cells: See `arguments_in`.
        variables: See `arguments_in`.
        model: See `arguments_in`.
    """
    for call, method in _own_calls(cells, variables, model):
        if method not in TRAINING:
            continue
        given = dict(zip(DATA[: 3 if method in _ON_BATCH else 2], call.args, strict=False))
        given |= {word.arg: word.value for word in call.keywords if word.arg in DATA}
        try:
            values = [value_of(given[name], variables) for name in DATA if name in given]
        except Exception:  # noqa: BLE001, S112 - a property or a subscript of the user's may raise anything
            continue
        if "x" in given:
            yield f"{ast.unparse(call.func)}()", tuple(values)


def _own_calls(cells: Sequence[str], variables: Mapping[str, Any], model: Model) -> Iterator[tuple[ast.Call, str]]:
    """Yield the calls of a model and of its methods, newest first, with the name of the method."""
    for cell in reversed(cells[-MOST_CELLS:]):
        for call in reversed(list(calls_in(cell))):
            method = call.func.attr if isinstance(call.func, ast.Attribute) and call.func.attr in METHODS else ""
            owner = call.func.value if method and isinstance(call.func, ast.Attribute) else call.func
            try:
                is_own = value_of(owner, variables) is model
            except Exception:  # noqa: BLE001, S112 - a property or a subscript of the user's may raise anything
                continue
            if is_own:
                yield call, method


def _evaluated(call: ast.Call, method: str, variables: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the arguments of a call that are inputs, as far as they can be evaluated."""
    where = f"{ast.unparse(call.func)}()"
    for node, has_targets in _inputs(call, method):
        try:
            value = value_of(node, variables)
        except Exception:  # noqa: BLE001, S112 - a property or a subscript of the user's may raise anything
            continue
        source = ast.unparse(node).strip("()")
        yield f"{cut(source, LONGEST)} in {where}", inputs_of(value) if has_targets else value


def _inputs(call: ast.Call, method: str) -> Iterator[tuple[ast.expr, bool]]:
    """Yield the arguments of a call that are inputs, and whether one may have targets beside them."""
    given = {word.arg: word.value for word in call.keywords}
    first = given.get("x", given.get("inputs"))
    is_several = method in {"", "call"} and len(call.args) > 1
    if is_several:
        yield ast.Tuple(call.args, ast.Load()), False
    elif call.args or first is not None:
        yield call.args[0] if call.args or first is None else first, False
    if "validation_data" in given:
        yield given["validation_data"], True
