"""What two sets of answers, and two traces of layers, are found to be; without TensorFlow."""

from __future__ import annotations

import numpy as np
import pytest

from colab_save.artifact.manifest import SampleFacts
from colab_save.artifact.round_trip import Outcome
from colab_save.artifact.sample import TRAINING, Pass
from colab_save.proof.verdicts import NAMED, first_difference, judge_outputs

ONE, TWO = np.ones((2, 1), "float32"), np.full((2, 1), 2.0, "float32")


def sample(*passes, **known):
    return SampleFacts("sample.npz", passes=passes, **known)


def test_answers_that_are_equal_in_every_pass_pass():
    asked = sample(Pass(TRAINING, None, None), Pass("decoder", None, None))
    answers = {"": ONE, TRAINING: TWO, "decoder": ONE}
    assert Outcome.PASSED is judge_outputs(asked, answers, dict(answers), "float32")[1].outcome


@pytest.mark.parametrize("name", [TRAINING, "decoder"])
def test_a_pass_that_differs_fails_and_is_named(name):
    asked = sample(Pass(name, None, None))
    _, verdict = judge_outputs(asked, {"": ONE, name: ONE}, {"": ONE, name: TWO}, "float32")
    assert (Outcome.FAILED, True) == (verdict.outcome, f"{name}: 2 of 2 values of output differ" in verdict.reason)


def test_the_largest_error_of_each_pass_is_reported():
    asked = sample(Pass("decoder", None, None))
    errors, _ = judge_outputs(asked, {"": ONE, "decoder": ONE}, {"": ONE, "decoder": TWO}, "float32")
    assert [("output", 0.0), ("decoder: output", 1.0)] == [(error.name, error.absolute) for error in errors]


def test_a_pass_that_is_random_is_compared_in_shape_only():
    asked = sample(Pass(TRAINING, None, None, is_random=True))
    verdicts = [
        judge_outputs(asked, {"": ONE, TRAINING: ONE}, {"": ONE, TRAINING: other}, "float32")[1].outcome
        for other in (TWO, TWO[:1])
    ]
    assert [Outcome.PASSED, Outcome.FAILED] == verdicts


@pytest.mark.parametrize(("other", "outcome"), [(ONE, Outcome.SKIPPED), (TWO, Outcome.FAILED)])
def test_without_outputs_of_the_whole_only_a_difference_decides(other, outcome):
    asked = sample(Pass("decoder", None, None))
    assert outcome is judge_outputs(asked, {"decoder": ONE}, {"decoder": other}, "float32")[1].outcome


def test_only_so_many_differences_are_named_and_the_others_counted():
    many = {f"pass {number}": ONE for number in range(NAMED + 2)}
    asked = sample(*(Pass(name, None, None) for name in many))
    _, verdict = judge_outputs(asked, {"": ONE, **many}, {"": ONE, **dict.fromkeys(many, TWO)}, "float32")
    assert (NAMED + 2, True) == (verdict.differences, verdict.reason.endswith("\nand 2 more"))


def traced(*calls):
    return [[np.array(path), np.array(values, "float32")] for path, values in calls]


BEFORE = traced(("dense", [1, 2]), ("scale", [2, 4]), ("head", [3]))


@pytest.mark.parametrize(
    ("after", "words"),
    [
        (BEFORE, "all layers have equal outputs"),
        (traced(("dense", [1, 2]), ("scale", [2, 5]), ("head", [4])), "the first layer whose output differs is scale"),
        (
            traced(("dense", [1, 2]), ("other", [2, 4])),
            "the first layer call that differs: scale before, other after",
        ),
        (traced(("dense", [1, 2]), ("scale", [2, 4])), "3 layers were called before, 2 after"),
        (traced(("dense", [1])), "the first layer whose output differs is dense"),
    ],
)
def test_the_first_layer_that_answers_otherwise_is_named(after, words):
    assert words in first_difference(BEFORE, after)


def test_a_layer_that_answers_nothing_as_a_number_is_the_same_if_it_does_so_again():
    nothing = traced(("log", [float("nan")]))
    assert "all layers have equal outputs" in first_difference(nothing, traced(("log", [float("nan")])))


EXACT = np.linspace(0, 1, 8, dtype="float32")
"""Outputs; the tests move them."""


@pytest.mark.parametrize(
    ("difference", "moves", "outcome"),
    [
        (1e-2, 1e-3, Outcome.PASSED),  # ten times what a small move causes
        (3e-2, 1e-3, Outcome.FAILED),  # thirty times: one weight is not what it was
        (1e-2, 0.0, Outcome.FAILED),
        (0.5, 2e-2, Outcome.SKIPPED),  # a small move causes a fiftieth of the range
    ],
)
def test_a_difference_is_rounding_if_a_small_move_of_the_model_causes_the_like(difference, moves, outcome):
    other = EXACT + np.float32(difference)
    moved = {"": [other, other + np.float32(moves)]}
    assert outcome is judge_outputs(sample(), {"": EXACT}, {"": other}, "float32", moved)[1].outcome


def test_how_large_the_rounding_was_is_told():
    other = EXACT + np.float32(0.01)
    _, verdict = judge_outputs(sample(), {"": EXACT}, {"": other}, "float32", {"": [other, other + np.float32(0.001)]})
    assert verdict.reason.startswith("differs by up to 0.01, which is rounding")


def test_a_pass_that_decides_nothing_leaves_the_verdict_to_inference():
    asked = sample(Pass(TRAINING, None, None))
    answers, other = {"": EXACT, TRAINING: EXACT}, EXACT[::-1]
    moved = {"": [EXACT], TRAINING: [other, other + np.float32(0.1)]}
    _, verdict = judge_outputs(asked, answers, {"": EXACT, TRAINING: other}, "float32", moved)
    assert (Outcome.PASSED, True) == (
        verdict.outcome,
        f"{TRAINING}: differs by up to 1, which decides nothing" in verdict.reason,
    )


def test_a_class_that_a_small_move_changes_too_is_no_loss_and_another_is():
    labels, other = np.array([1, 2, 3]), np.array([1, 2, 4])
    moved = [other, np.array([1, 2, 3])]
    assert Outcome.PASSED is judge_outputs(sample(), {"": labels}, {"": other}, "float32", {"": moved})[1].outcome
    moved = [other, np.array([1, 0, 4])]
    assert Outcome.FAILED is judge_outputs(sample(), {"": labels}, {"": other}, "float32", {"": moved})[1].outcome


def test_a_model_that_is_made_anew_with_other_random_numbers_is_no_rounding():
    other, again = EXACT + np.float32(1), EXACT + np.float32(2)
    moved = {"": [again, again + np.float32(1e-6)]}
    assert Outcome.FAILED is judge_outputs(sample(), {"": EXACT}, {"": other}, "float32", moved)[1].outcome


@pytest.mark.parametrize(
    ("again", "is_program", "outcome"),
    [
        (EXACT + np.float32(2), True, Outcome.PASSED),  # it draws
        (EXACT + np.float32(1), True, Outcome.FAILED),
        (EXACT + np.float32(1.00001), True, Outcome.FAILED),  # rounding is no randomness
        (EXACT + np.float32(2), False, Outcome.FAILED),  # a layer that is made with other numbers
    ],
)
def test_a_program_that_answers_otherwise_when_it_is_run_again_is_random(again, is_program, outcome):
    moved = {"": [again, again]}
    found = judge_outputs(sample(), {"": EXACT}, {"": EXACT + np.float32(1)}, "float32", moved, is_program=is_program)
    assert outcome is found[1].outcome


def test_an_output_that_is_missing_or_of_another_shape_is_never_rounding():
    moved = {"": [{"a": EXACT}]}
    for other in ({}, {"a": EXACT[:2]}, {"a": EXACT, "b": EXACT}):
        assert Outcome.FAILED is judge_outputs(sample(), {"": {"a": EXACT}}, {"": other}, "float32", moved)[1].outcome


def test_random_answers_of_another_shape_are_told_by_dtype_and_shape():
    asked = sample(is_random=True)
    before, after = {"": {"a": ONE, "b": ONE}}, {"": {"a": TWO[:1], "c": ONE}}
    assert [
        "output['a'] is float32 [1, 1], expected float32 [2, 1]",
        "output['b'] is missing, expected float32 [2, 1]",
        "output['c'] is float32 [2, 1], expected nothing",
    ] == judge_outputs(asked, before, after, "float32")[1].reason.split("\n")
