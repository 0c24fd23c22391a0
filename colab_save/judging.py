"""Compare two models and two answers to the same sample: the verdicts of a round trip.

`verifying` judges what the fresh process found, `loading` what came back into the notebook; all but `answer_sample`
is pure.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from colab_save.answering import run_as
from colab_save.comparing import compare
from colab_save.facts import ModelFacts
from colab_save.formats.base import Format
from colab_save.manifest import SampleFacts
from colab_save.round_trip import Aspect, Outcome, OutputError, RoundTrip, Verdict
from colab_save.sample import compare_outputs, compare_shapes, read_arrays


def judge(
    plug: Format,
    expected: ModelFacts,
    actual: ModelFacts,
    sample: SampleFacts,
    before: Any,
    after: Any,
    seconds: float,
) -> RoundTrip:
    """Compare two models and two answers; pure.

    Args:
        plug: The format, which says what it keeps.
        expected: Facts of the model that was saved.
        actual: Facts of the model that came back.
        sample: How outputs are compared.
        before: The answer of the model that was saved, nested arrays.
        after: The answer of the model that came back.
        seconds: How long the reload took.
    """
    errors, verdict = judge_outputs(sample, before, after, precision(expected))
    return RoundTrip(
        plug.name, {Aspect.OUTPUTS: verdict, **verdicts_of(plug, expected, actual)}, tuple(errors), seconds
    )


def verdicts_of(plug: Format, expected: ModelFacts, actual: ModelFacts) -> dict[Aspect, Verdict]:
    """Judge every aspect that facts alone decide."""
    verdicts = {}
    for aspect, differences in compare(expected, actual).items():
        if aspect not in plug.keeps:
            verdicts[aspect] = Verdict(Outcome.NOT_KEPT, f"the format {plug.name} cannot hold it")
        elif differences:
            verdicts[aspect] = Verdict(Outcome.FAILED, str(differences[0]), len(differences))
        else:
            verdicts[aspect] = Verdict(Outcome.PASSED)
    return verdicts


def answer_sample(plug: Format, model: Any, file: Path, sample: SampleFacts) -> Any:
    """Let a model that was loaded in this process answer the recorded sample."""
    return run_as(plug.run, model, read_arrays(file, sample.inputs), is_seeded=sample.is_seeded)


def judge_outputs(sample: SampleFacts, before: Any, after: Any, precision: str) -> tuple[list[OutputError], Verdict]:
    """Compare two answers; a model that differs from itself only in structure, shape and dtype."""
    if sample.is_random:
        found = compare_shapes(before, after)
        if found:
            return [], Verdict(Outcome.FAILED, found[0], len(found))
        return [], Verdict(Outcome.PASSED, "random at inference: only shapes and dtypes could be compared")
    errors, found = compare_outputs(before, after, sample.rtol, sample.atol, precision)
    return errors, Verdict(Outcome.FAILED, found[0], len(found)) if found else Verdict(Outcome.PASSED)


def precision(facts: ModelFacts) -> str:
    """Name the coarsest floating dtype that a model computes in."""
    used = [*(layer.dtype for layer in facts.layers), *(variable.dtype for variable in facts.variables)]
    return next((dtype for dtype in ("bfloat16", "float16") if any(name.endswith(dtype) for name in used)), "float32")
