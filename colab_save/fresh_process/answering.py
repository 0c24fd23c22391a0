"""Run a model that this process has loaded on the sample of its artifact: the outputs that a proof compares.

The fresh process calls it, and a load in the notebook; `trace` finds the layer where two models begin to differ, and
`answer_moved` how much of a difference is rounding.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from colab_save.artifact.composites import Composite
from colab_save.artifact.manifest import SampleFacts
from colab_save.artifact.sample import read_arrays
from colab_save.formats.base import Format
from colab_save.model.walking import walk_variables
from colab_save.nested import map_structure
from colab_save.sampling.guarding import untouched
from colab_save.sampling.running import layers_recorded, run_as
from colab_save.types import Array, Json, Model, Nested
from colab_save.wording import translated

if TYPE_CHECKING:
    from numpy.random import Generator

DRAWS = 4
"""Directions in which `answer_moved` moves a model."""


def answer_sample(plug: Format, model: Model, file: Path, sample: SampleFacts) -> dict[str, Nested]:
    """Run a model that was loaded in this process on the recorded sample, in every pass that it has.

    Returns:
        The outputs, nested arrays, by the name of the pass; plain inference has the empty name, and is left out
        without inputs for it.
    """
    return _answer(plug, model, sample, partial(read_arrays, file))


def answer_moved(plug: Format, model: Model, file: Path, sample: SampleFacts) -> dict[str, list[Nested]]:
    """Run a loaded model on the sample, then after both have moved by about one part in a million.

    Returns:
        The outputs by the name of the pass: those without a move first, since a layer may be made with other random
        numbers at each reload, then those of `DRAWS` moves in different directions. A program runs without fixed seeds
        for the first, after the moves: fixing them makes its random operations begin anew, and here they go on.
    """
    draws = [_answer_moved(plug, model, file, sample, seed) for seed in range(DRAWS)]
    unmoved = answer_sample(plug, model, file, replace(sample, is_seeded=sample.is_seeded and not plug.is_program))
    return {name: [answer, *(draw[name] for draw in draws)] for name, answer in unmoved.items()}


def _answer_moved(plug: Format, model: Model, file: Path, sample: SampleFacts, seed: int) -> dict[str, Nested]:
    import numpy as np
    import tensorflow as tf

    random = np.random.default_rng(seed)
    with untouched(model):
        for _, variable in walk_variables(model):
            variable.assign(moved(np.asarray(tf.convert_to_tensor(variable)), random))
        move = partial(moved, random=random)
        return _answer(plug, model, sample, lambda structure: map_structure(move, read_arrays(file, structure)))


def moved(array: Array, random: Generator) -> Array:
    """Return an array with each number moved by about one part in a million, or by what its dtype can tell apart."""
    import numpy as np

    if isinstance(array, Composite):
        return replace(array, values=moved(array.values, random))
    if array.dtype.kind not in "fV":
        return array
    epsilon = float(importlib.import_module("ml_dtypes").finfo(array.dtype).eps)
    amount = min(8 * epsilon, max(epsilon, 1e-6))
    signs = random.choice((-1.0, 1.0), array.shape)
    with np.errstate(over="ignore", invalid="ignore"):
        return (array.astype("float64") * (1 + amount * signs)).astype(array.dtype)


def _answer(plug: Format, model: Model, sample: SampleFacts, read: Callable[[Json], Nested]) -> dict[str, Nested]:
    run_one = partial(run_as, model=model, is_by_place=sample.is_by_place)
    inputs = read(sample.inputs)
    answers = {}
    if sample.inputs is not None:
        answers[""] = run_one(plug.run, inputs=inputs, is_seeded=sample.is_seeded)
    for each in (each for each in sample.passes if plug.runs(model, each.name)):
        own = inputs if each.inputs is None else read(each.inputs)
        answers[each.name] = run_one(partial(_run_pass, plug, each.name), inputs=own, is_seeded=True)
    return answers


def trace(plug: Format, model: Model, file: Path, sample: SampleFacts) -> list[list[Array]]:
    """Run a Keras model on the recorded sample; return the path and the output of each layer, in the order of calls."""
    import numpy as np

    with layers_recorded(model) as seen:
        run_as(plug.run, model, read_arrays(file, sample.inputs), is_seeded=True)
    return [[np.array(path), answer] for path, answer in seen]


def _run_pass(plug: Format, name: str, model: Model, inputs: Nested) -> Nested:
    with translated(f"The pass {name} fails in the reloaded model", "Create what it uses in __init__ or build()."):
        return plug.run_pass(model, name, inputs)
