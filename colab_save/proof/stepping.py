"""Judge a training step that the fresh process has taken against what the live model says of it; pure.

`verify` calls `judge_step`, and asks for the losses after small moves where the loss differs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from colab_save.artifact.manifest import SampleFacts
from colab_save.artifact.round_trip import Outcome, Verdict
from colab_save.artifact.sample import Origin, Step
from colab_save.hints import literal
from colab_save.proof.tolerances import DECIDING, MULTIPLE, compare_outputs
from colab_save.quoting import one_line
from colab_save.types import Array, Json

NAMED = 3
"""Variables that a verdict names."""

OWN = "train_step() of the class ran, and moved its variables; its loss is not compared"
"""The remark on a model whose class has a ``train_step`` of its own."""

RANDOM = "the loss is random, also with fixed seeds, and is not compared"
"""The remark on a loss that is another one each time that the live model computes it."""

_MOVE = "moving weights and data by one part in a million changes it"
ROUNDING = f"the loss differs by {{:.3g}}, which is rounding: {_MOVE} as much"
UNDECIDED = f"the loss differs by {{:.3g}}, which decides nothing: {_MOVE} by more than a hundredth"
"""The remarks on a loss that differs although no weight does."""


def judge_step(
    step: Step, answer: Mapping[str, Json], sample: SampleFacts, precision: str, excuse: Verdict | None = None
) -> Verdict:
    """Return the verdict on a training step.

    Args:
        step: What the live model says of it.
        answer: What came of it in the fresh process, see `answer_step`.
        sample: How numbers are compared.
        precision: See `compare_outputs`.
        excuse: The verdict on a loss that differs where that is no failure.
    """
    if step.missing:
        return Verdict(Outcome.SKIPPED, literal(step.missing))
    if "failed" in answer:
        return _raised(step, answer)
    if "skipped" in answer and "loss" not in answer:
        return Verdict(Outcome.SKIPPED, literal(str(answer["skipped"])))
    is_other = differs(step, answer, sample, precision)
    found = [f"the loss is {answer['loss']:.6g}, expected {step.loss:.6g}"] if is_other and excuse is None else []
    lost = [path for path in step.reached if path not in answer.get("reached", step.reached)]
    found += [f"no gradient reaches {path}" for path in lost[:NAMED]]
    if found:
        more = [f"and {len(lost) - NAMED} more"] if lost[NAMED:] else []
        lines = "\n".join(literal(one_line(line)) for line in [*found, *more])
        return Verdict(Outcome.FAILED, lines, len(found) + len(lost[NAMED:]))
    if "skipped" in answer:
        return Verdict(Outcome.SKIPPED, literal(str(answer["skipped"])))
    ran = Verdict(Outcome.PASSED, OWN, is_compared=False)
    return ran if step.loss is None else excuse if is_other and excuse else Verdict(Outcome.PASSED)


def _raised(step: Step, answer: Mapping[str, Json]) -> Verdict:
    """Return the verdict on a step that raised an error, for which the data may be the reason."""
    raised = literal(one_line(str(answer["failed"])))
    is_of_model = bool(answer.get("lacks") or answer.get("is_lost"))
    may_not_fit = step.origin is Origin.MADE or (step.origin is Origin.FOUND and bool(answer.get("is_unfit")))
    if may_not_fit and not is_of_model:
        return Verdict(Outcome.SKIPPED, f"no data is known that its train_step() takes ({raised})")
    return Verdict(Outcome.FAILED, f"a training step raises an error in a fresh process: {raised}", 1)


def differs(step: Step, answer: Mapping[str, Json], sample: SampleFacts, precision: str) -> bool:
    """Return whether the loss in the fresh process is another one than that of the live model."""
    if step.loss is None or "loss" not in answer:
        return False
    expected, actual = map(_array, (step.loss, answer["loss"]))
    atol = sample.atol if sample.atol is not None else 0.0  # a loss near 0 would be equal to any other one
    return bool(compare_outputs(expected, actual, sample.rtol, atol, precision)[1])


def excuse_for(step: Step, answer: Mapping[str, Json], losses: Sequence[float]) -> Verdict | None:
    """Return the verdict on a loss that differs where rounding is the reason, or where it decides nothing.

    Args:
        step: What the live model says of the step.
        answer: What came of it in the fresh process.
        losses: The loss there, first as it is, then after small moves.
    """
    expected, actual = float(step.loss or 0.0), float(answer["loss"])
    gap, moves = abs(expected - actual), max((abs(loss - losses[0]) for loss in losses), default=0.0)
    if not math.isfinite(gap + moves) or gap > MULTIPLE * moves:
        return None
    if moves > DECIDING * abs(expected):
        return Verdict(Outcome.SKIPPED, UNDECIDED.format(gap))
    return Verdict(Outcome.PASSED, ROUNDING.format(gap))


def _array(number: Json) -> Array:
    import numpy as np

    return np.array([number], "float32")
