"""Run a model that this process has loaded on the sample of its artifact: the outputs that a proof compares.

The fresh process calls it, and a load in the notebook; `trace` finds the layer where two models begin to differ.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from colab_save.artifact.manifest import SampleFacts
from colab_save.artifact.sample import read_arrays
from colab_save.dialect import dialect_of
from colab_save.formats.base import Format
from colab_save.sampling.running import layers_recorded, run_as, run_pass
from colab_save.types import Array, Model, Nested
from colab_save.wording import translated


def answer_sample(plug: Format, model: Model, file: Path, sample: SampleFacts) -> dict[str, Nested]:
    """Run a model that was loaded in this process on the recorded sample, in every pass that it has.

    Returns:
        The outputs, nested arrays, by the name of the pass; plain inference has the empty name, and is left out
        without inputs for it.
    """
    inputs = read_arrays(file, sample.inputs)
    answers = {}
    if sample.inputs is not None:
        answers[""] = run_as(plug.run, model, inputs, is_seeded=sample.is_seeded)
    for each in sample.passes if dialect_of(model) else ():
        run = partial(_run_pass, each.name)
        own = inputs if each.inputs is None else read_arrays(file, each.inputs)
        answers[each.name] = run_as(run, model, own, is_seeded=True)
    return answers


def trace(plug: Format, model: Model, file: Path, sample: SampleFacts) -> list[list[Array]]:
    """Run a Keras model on the recorded sample; return the path and the output of each layer, in the order of calls."""
    import numpy as np

    with layers_recorded(model) as seen:
        run_as(plug.run, model, read_arrays(file, sample.inputs), is_seeded=True)
    return [[np.array(path), answer] for path, answer in seen]


def _run_pass(name: str, model: Model, inputs: Nested) -> Nested:
    with translated(f"The pass {name} fails in the reloaded model", "Create what it uses in __init__ or build()."):
        return run_pass(model, name, inputs)
