"""What a training step in a fresh process is found to be; without TensorFlow."""

from __future__ import annotations

import pytest

from colab_save.artifact.manifest import SampleFacts
from colab_save.artifact.round_trip import Outcome, Verdict
from colab_save.artifact.sample import Origin, Step
from colab_save.proof.stepping import excuse_for, judge_step

CHECKED = Step(loss=0.5, reached=("dense/kernel", "dense/bias"), origin=Origin.CHECKED)
OWN = Step(origin=Origin.FOUND)
SAME = {"loss": 0.5, "reached": ["dense/bias", "dense/kernel"]}


def judged(answer, step=CHECKED, excuse=None):
    return judge_step(step, answer, SampleFacts(), "float32", excuse)


def test_the_same_loss_with_the_same_gradients_passes():
    assert Verdict(Outcome.PASSED) == judged(SAME)


@pytest.mark.parametrize("loss", [0.5001, 0.0, float("nan"), float("inf")])
def test_another_loss_fails_and_both_are_told(loss):
    found = judged({**SAME, "loss": loss})
    assert (Outcome.FAILED, f"the loss is {loss:.6g}, expected 0.5") == (found.outcome, found.reason)


def test_a_loss_near_zero_is_not_equal_to_twice_as_much():
    assert Outcome.FAILED is judged({**SAME, "loss": 2e-6}, Step(loss=1e-6, origin=Origin.CHECKED)).outcome


def test_a_variable_that_no_gradient_reaches_any_more_fails():
    found = judged({**SAME, "reached": ["dense/bias"]})
    assert (Outcome.FAILED, "no gradient reaches dense/kernel") == (found.outcome, found.reason)


def test_a_variable_that_only_the_fresh_process_reaches_is_no_loss():
    assert Outcome.PASSED is judged({**SAME, "reached": [*SAME["reached"], "other"]}).outcome


def test_an_excuse_is_for_the_loss_only():
    excuse = Verdict(Outcome.PASSED, "rounding")
    assert excuse == judged({**SAME, "loss": 0.6}, excuse=excuse)
    assert Outcome.FAILED is judged({"loss": 0.6, "reached": []}, excuse=excuse).outcome


@pytest.mark.parametrize(("step", "is_compared"), [(CHECKED, True), (OWN, False)])
def test_a_step_of_ones_own_is_told_as_not_compared(step, is_compared):
    assert (Outcome.PASSED, is_compared) == ((found := judged(SAME, step)).outcome, found.is_compared)


def test_what_was_not_tried_is_skipped():
    assert Verdict(Outcome.SKIPPED, "nothing trains") == judged({}, Step(missing="nothing trains"))


def test_a_step_that_moves_nothing_is_skipped():
    assert Outcome.SKIPPED is judged({**SAME, "skipped": "it moves nothing"}).outcome


@pytest.mark.parametrize(
    ("origin", "more", "outcome"),
    [
        (Origin.CHECKED, {"is_unfit": True}, Outcome.FAILED),
        (Origin.FOUND, {}, Outcome.FAILED),
        (Origin.FOUND, {"is_unfit": True}, Outcome.SKIPPED),
        (Origin.MADE, {}, Outcome.SKIPPED),
        (Origin.MADE, {"lacks": "features"}, Outcome.FAILED),
        (Origin.MADE, {"is_lost": True}, Outcome.FAILED),
        (Origin.FOUND, {"is_unfit": True, "is_lost": True}, Outcome.FAILED),
    ],
)
def test_an_error_counts_where_the_data_is_not_the_reason(origin, more, outcome):
    assert outcome is judged({"failed": "NameError: features", **more}, Step(origin=origin)).outcome


@pytest.mark.parametrize(
    ("actual", "losses", "outcome"),
    [
        (0.501, [0.501, 0.5011, 0.5009], Outcome.PASSED),
        (0.501, [0.501, 0.501001], None),
        (0.501, [0.501, 0.9], Outcome.SKIPPED),
        (1000.0, [1000.0, 1000.02], None),
        (0.501, [], None),
        (float("nan"), [0.5], None),
    ],
)
def test_a_small_difference_is_rounding_where_small_moves_cause_as_much(actual, losses, outcome):
    found = excuse_for(CHECKED, {"loss": actual}, losses)
    assert outcome is (found.outcome if found else None)
