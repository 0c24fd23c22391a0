"""What of the attempts is published: a pure function of their round trips; without TensorFlow."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colab_save.artifact.collection import COLLECTION
from colab_save.artifact.manifest import SampleFacts
from colab_save.artifact.round_trip import Aspect, Outcome, RoundTrip, Verdict, failed
from colab_save.custom_code.growing import Supply
from colab_save.formats.base import get_format
from colab_save.saving.attempts import Attempt
from colab_save.saving.deciding import decide
from colab_save.saving.examining import Examined
from colab_save.saving.staging import Staged

OUT, W, T, S = Aspect.OUTPUTS, Aspect.WEIGHTS, Aspect.TRAINING, Aspect.STRUCTURE


def trip(format="keras", *lost, part="", outcome=Outcome.PASSED):
    """A round trip in which these aspects failed, and all others had one outcome."""
    held = get_format(format).holds
    verdicts = {aspect: Verdict(outcome if aspect in held else Outcome.NOT_HELD) for aspect in Aspect}
    return RoundTrip(format, verdicts | {aspect: Verdict(Outcome.FAILED, "why", 1) for aspect in lost}, (), 1.0, part)


def gone(format="keras", part=""):
    """The round trip of what could not be written or reloaded."""
    made = failed(format, "Keras said no", get_format(format).holds)
    return RoundTrip(format, made.verdicts, part=part)


def joined(*lost):
    verdicts = {S: Verdict(Outcome.PASSED), T: Verdict(Outcome.PASSED)}
    return RoundTrip(COLLECTION, verdicts | {aspect: Verdict(Outcome.FAILED, "why", 1) for aspect in lost}, (), 1.0)


def attempt(*trips, folder="."):
    formats = tuple(
        get_format(name) for name in dict.fromkeys(each.format for each in trips if each.format != COLLECTION)
    )
    parts = dict.fromkeys((each.part for each in trips if each.format != COLLECTION), SampleFacts())
    return Attempt(Staged(Path(folder), formats, parts), trips, Examined((), None, Supply([])))


def decided(*attempts, **how):
    """What is published, as the labels of its payloads, whether it is PARTIAL, and what was given up."""
    found = decide(attempts, **({"is_automatic": True} | how))
    if found is None:
        return None
    return [each.label for each in found.trips], found.is_partial, [each.label for each in found.given_up]


SAVED_MODEL = attempt(trip("saved_model"))


def test_what_passes_is_published_alone():
    assert (["keras"], False, []) == decided(attempt(trip()))


def test_a_later_attempt_in_the_same_format_that_passes_is_whole():
    assert (["keras"], False, []) == decided(attempt(trip("keras", OUT)), attempt(gone()), attempt(trip()))


@pytest.mark.parametrize("lost", [(T,), (S,), (T, S), (W,), (OUT,)])
def test_what_came_back_of_the_first_format_is_published_beside_the_other_one(lost):
    assert (["keras", "saved_model"], True, []) == decided(attempt(trip("keras", *lost)), SAVED_MODEL)


@pytest.mark.parametrize("first", [gone(), trip("keras", OUT, W)])
def test_what_did_not_come_back_at_all_is_given_up_and_the_save_is_partial(first):
    assert (["saved_model"], True, ["keras"]) == decided(attempt(first), SAVED_MODEL)


@pytest.mark.parametrize("other", [gone("saved_model"), trip("saved_model", OUT)])
def test_outputs_and_weights_that_came_back_are_enough(other):
    assert (["keras"], True, ["saved_model"]) == decided(attempt(trip("keras", T)), attempt(other))


@pytest.mark.parametrize("lost", [(OUT,), (W,), (OUT, W)])
@pytest.mark.parametrize("other", [gone("saved_model"), trip("saved_model", OUT), trip("saved_model", W)])
def test_outputs_or_weights_that_no_format_brings_back_are_refused(lost, other):
    assert None is decided(attempt(trip("keras", *lost)), attempt(other))


def test_nothing_at_all_is_refused():
    assert None is decided(attempt(gone()), attempt(gone("saved_model")))


@pytest.mark.parametrize("lost", [(T,), (OUT,)])
def test_a_format_that_was_asked_for_is_never_published_in_part(lost):
    assert None is decided(attempt(trip("keras", *lost)), is_automatic=False)


def test_a_saved_model_that_was_asked_for_is_whole():
    assert (["saved_model"], False, []) == decided(SAVED_MODEL, is_automatic=False)


def test_a_saved_model_is_whole_where_it_is_the_natural_format():
    assert (["saved_model"], False, []) == decided(SAVED_MODEL)


def test_of_several_attempts_the_one_that_holds_most_is_published():
    best = attempt(trip("keras", T), folder="best")
    found = decide([attempt(trip("keras", OUT)), best, attempt(gone()), SAVED_MODEL], is_automatic=True)
    assert (best, SAVED_MODEL) == found.attempts


def test_without_verification_what_could_not_be_written_makes_it_partial():
    unproven = attempt(trip("saved_model", outcome=Outcome.SKIPPED))
    assert (["saved_model"], True, ["keras"]) == decided(attempt(gone()), unproven)


@pytest.mark.parametrize(
    ("lost", "expected"),
    [
        ((T,), (["keras"], True, [])),
        ((OUT,), (["saved_model"], True, ["keras"])),
        ((W,), (["saved_model"], True, ["keras"])),
    ],
)
def test_a_single_place_gets_the_payload_that_answers_and_holds_most(lost, expected):
    assert expected == decided(attempt(trip("keras", *lost)), SAVED_MODEL, is_single=True)


@pytest.mark.parametrize("lost", [(OUT,), (W,)])
def test_a_single_place_with_a_suffix_takes_nothing_that_answers_otherwise(lost):
    assert None is decided(attempt(trip("keras", *lost)), is_single=True)


def test_each_part_of_a_collection_is_decided_by_itself():
    first = attempt(trip(part="a"), trip("keras", T, part="b"), gone(part="c"), joined())
    other = attempt(*(trip("saved_model", part=part) for part in "abc"), joined())
    labels = ["a keras", "b keras", "a saved_model", "b saved_model", "c saved_model", COLLECTION]
    assert (labels, True, ["c keras"]) == decided(first, other)


def test_a_part_that_nothing_brings_back_refuses_the_whole_collection():
    first = attempt(trip(part="a"), trip("keras", OUT, part="b"), joined())
    other = attempt(trip("saved_model", part="a"), gone("saved_model", part="b"), joined())
    assert None is decided(first, other)


def test_a_collection_of_which_one_model_cannot_be_written_is_published_in_the_other_format():
    first = attempt(gone(part="a"), gone(part="b"))
    other = attempt(trip("saved_model", part="a"), trip("saved_model", part="b"), joined())
    labels = ["a saved_model", "b saved_model", COLLECTION]
    assert (labels, True, ["a keras", "b keras"]) == decided(first, other)


@pytest.mark.parametrize("other", [gone("saved_model", "b"), trip("saved_model", OUT, part="b")])
def test_a_model_that_comes_back_in_no_format_refuses_a_collection_that_could_not_be_written(other):
    first = attempt(gone(part="a"), gone(part="b"))
    assert None is decided(first, attempt(trip("saved_model", part="a"), other, joined()))


@pytest.mark.parametrize("is_lost_first", [True, False])
def test_of_two_rungs_the_one_whose_collection_came_back_is_published(is_lost_first):
    lost = attempt(trip("keras", T, part="a"), joined(S), folder="lost")
    best = attempt(trip("keras", T, part="a"), joined(), folder="best")
    other = attempt(trip("saved_model", part="a"), joined())
    rungs = [lost, best] if is_lost_first else [best, lost]
    assert (best, other) == decide([*rungs, other], is_automatic=True).attempts


def test_a_collection_that_came_back_with_the_published_rung_alone_is_enough():
    first = attempt(trip("keras", T, part="a"), joined())
    other = attempt(trip("saved_model", part="a"), joined(S))
    assert (["a keras", "a saved_model", COLLECTION], True, []) == decided(first, other)


def test_a_collection_that_is_lost_with_the_published_rung_is_refused():
    first = attempt(trip("keras", T, part="a"), joined(S))
    assert None is decided(first, attempt(trip("saved_model", part="a"), joined()))


def test_a_collection_that_is_lost_with_a_rung_that_gives_nothing_is_published():
    first = attempt(trip("keras", OUT, W, part="a"), joined(S))
    other = attempt(trip("saved_model", part="a"), joined())
    assert (["a saved_model", COLLECTION], True, ["a keras"]) == decided(first, other)


def test_a_collection_whose_own_values_are_lost_is_refused():
    first, other = attempt(trip("keras", T, part="a"), joined(S)), attempt(trip("saved_model", part="a"), joined(S))
    assert None is decided(first, other)


OUTCOMES = st.sampled_from([Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED])


@st.composite
def attempts(draw):
    """Attempts in keras, then in saved_model, each with any outcomes; only the last can have passed."""
    made = []
    for name in ["keras"] * draw(st.integers(1, 3)) + ["saved_model"] * draw(st.integers(0, 1)):
        held = get_format(name).holds
        verdicts = {a: Verdict(draw(OUTCOMES) if a in held else Outcome.NOT_HELD, "why") for a in Aspect}
        made.append(attempt(RoundTrip(name, verdicts, (), 1.0)))
        if made[-1].is_passed:
            break
    return made


@given(attempts(), st.booleans(), st.booleans())
def test_nothing_is_published_as_whole_of_which_an_aspect_failed(made, is_automatic, is_single):
    found = decide(made, is_automatic=is_automatic, is_single=is_single)
    if found is not None and not found.is_partial:
        assert [] == [each.label for each in found.trips if each.outcome is Outcome.FAILED]


@given(attempts(), st.booleans())
def test_what_is_published_has_outputs_and_weights_in_one_payload(made, is_single):
    found = decide(made, is_automatic=True, is_single=is_single)
    if found is not None:
        assert any(not {OUT, W} & {*each.failed} for each in found.trips)
        assert not is_single or len(found.trips) == 1


@given(attempts())
def test_a_part_is_published_only_where_no_format_was_named(made):
    found = decide(made, is_automatic=False)
    assert found is None or not found.is_partial
