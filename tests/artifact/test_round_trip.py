from __future__ import annotations

import json
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colab_save.artifact.records import read_record
from colab_save.artifact.round_trip import Aspect, Outcome, OutputError, RoundTrip, Verdict, failed, skipped, sum_up

verdicts = st.builds(Verdict, st.sampled_from(Outcome), st.text(max_size=5), st.integers(0, 5), st.booleans())
trips = st.builds(
    RoundTrip,
    st.sampled_from(["keras", "h5"]),
    st.dictionaries(st.sampled_from(Aspect), verdicts, max_size=3),
    st.lists(st.builds(OutputError, st.text(max_size=3), st.floats(allow_nan=False), st.floats(0, 1)), max_size=2).map(
        tuple
    ),
    st.floats(0, 100),
)


def trip(**outcomes):
    return RoundTrip("keras", {Aspect(aspect): Verdict(outcome, "why") for aspect, outcome in outcomes.items()})


@given(trips)
def test_any_round_trip_comes_back_from_json_equal(found):
    assert found == read_record(RoundTrip, json.loads(json.dumps(asdict(found))))


@given(trips)
def test_a_round_trip_with_one_failure_is_never_passed(found):
    has_failed = any(verdict.outcome is Outcome.FAILED for verdict in found.verdicts.values())
    assert has_failed is (found.outcome is Outcome.FAILED)


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ({}, Outcome.SKIPPED),
        ({"weights": Outcome.PASSED}, Outcome.PASSED),
        ({"weights": Outcome.PASSED, "training": Outcome.NOT_HELD}, Outcome.PASSED),
        ({"weights": Outcome.PASSED, "outputs": Outcome.SKIPPED}, Outcome.SKIPPED),
        ({"outputs": Outcome.SKIPPED, "weights": Outcome.FAILED}, Outcome.FAILED),
    ],
)
def test_the_outcome_is_the_worst_and_only_passed_counts_as_passed(outcomes, expected):
    found = trip(**outcomes)
    assert (expected, expected is Outcome.PASSED) == (found.outcome, found.is_passed)


def test_the_reason_is_that_of_the_first_failure():
    assert "training: why" == trip(weights=Outcome.PASSED, training=Outcome.FAILED).reason


def test_without_a_failure_there_is_no_reason():
    assert "" == trip(weights=Outcome.PASSED, training=Outcome.NOT_HELD).reason


def test_a_skipped_round_trip_is_skipped_in_every_aspect():
    found = skipped("h5", "as asked")
    assert {aspect: Verdict(Outcome.SKIPPED, "as asked") for aspect in Aspect} == found.verdicts


def test_a_failed_round_trip_fails_only_the_aspects_that_the_format_holds():
    assert {Aspect.WEIGHTS} == set(failed("weights", "it broke", frozenset({Aspect.WEIGHTS})).verdicts)


@pytest.mark.parametrize(
    "change",
    [
        {"verdicts": {"colour": {"outcome": "PASSED"}}},
        {"verdicts": {"weights": {"outcome": "GOOD"}}},
        {"seconds": "1"},
        {"seconds": True},
        {"format": None},
        {"errors": {}},
        {"errors": [[]]},
        {"verdicts": {"weights": {"outcome": []}}},
    ],
    ids=str,
)
def test_json_that_is_not_a_round_trip_is_refused(change):
    value = {**asdict(trip(weights=Outcome.PASSED)), **change}
    with pytest.raises(ValueError, match=r" is .*(not|known)"):
        read_record(RoundTrip, value)


@pytest.mark.parametrize(
    ("outputs", "step", "outcome"),
    [
        (Outcome.PASSED, Outcome.SKIPPED, Outcome.PASSED),
        (Outcome.SKIPPED, Outcome.PASSED, Outcome.PASSED),
        (Outcome.SKIPPED, Outcome.SKIPPED, Outcome.SKIPPED),
        (Outcome.PASSED, Outcome.FAILED, Outcome.FAILED),
        (Outcome.FAILED, Outcome.PASSED, Outcome.FAILED),
    ],
)
def test_one_of_answers_and_a_step_is_enough_and_a_failure_stays_one(outputs, step, outcome):
    assert outcome is trip(outputs=outputs, step=step).outcome


def test_a_step_whose_loss_was_not_compared_does_not_stand_for_answers():
    ran = Verdict(Outcome.PASSED, "it ran", is_compared=False)
    found = RoundTrip("keras", {Aspect.OUTPUTS: Verdict(Outcome.SKIPPED), Aspect.STEP: ran})
    assert Outcome.SKIPPED is found.outcome
    answered = RoundTrip("keras", {Aspect.OUTPUTS: Verdict(Outcome.PASSED), Aspect.STEP: ran})
    assert Outcome.PASSED is answered.outcome


def test_of_several_parts_one_whose_loss_was_not_compared_is_enough():
    steps = [Verdict(Outcome.PASSED), Verdict(Outcome.PASSED, is_compared=False)]
    parts = [RoundTrip("keras", {Aspect.OUTPUTS: Verdict(Outcome.SKIPPED), Aspect.STEP: step}) for step in steps]
    assert Outcome.SKIPPED is sum_up(parts).outcome


def test_weights_that_were_not_compared_are_never_passed():
    assert Outcome.SKIPPED is trip(outputs=Outcome.PASSED, step=Outcome.PASSED, weights=Outcome.SKIPPED).outcome
