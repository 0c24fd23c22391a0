"""What a strict save refuses, by the round trips of what would be published; without TensorFlow."""

from __future__ import annotations

from dataclasses import replace

import pytest

from colab_save.artifact.round_trip import Aspect, Outcome, Verdict
from colab_save.errors import RequestError, RoundTripError
from colab_save.hints import option
from colab_save.request.request import SaveRequest
from colab_save.saving.deciding import Decision
from colab_save.saving.strictness import check_strict
from tests.making import passed


def decision(**outcomes):
    trip = passed()
    changed = {Aspect(name): Verdict(outcome, "why") for name, outcome in outcomes.items()}
    return Decision((), (replace(trip, verdicts=trip.verdicts | changed),))


def test_what_passed_is_published():
    check_strict(decision(), is_automatic=True)


@pytest.mark.parametrize("is_automatic", [True, False])
def test_what_was_skipped_is_refused(is_automatic):
    with pytest.raises(RoundTripError, match="keras: outputs SKIPPED: why"):
        check_strict(decision(outputs=Outcome.SKIPPED), is_automatic=is_automatic)


def test_what_auto_chose_is_refused_if_it_does_not_hold_all_and_may_be_named():
    with pytest.raises(RoundTripError, match="keras: training, code NOT_HELD: why") as caught:
        check_strict(decision(training=Outcome.NOT_HELD, code=Outcome.NOT_HELD), is_automatic=True)
    assert option("formats", "keras") in caught.value.references[1]


def test_what_a_format_that_was_named_does_not_hold_is_accepted():
    check_strict(decision(training=Outcome.NOT_HELD), is_automatic=False)


def test_what_is_saved_in_part_is_refused_also_if_its_payload_passed():
    with pytest.raises(RoundTripError):
        check_strict(replace(decision(), is_partial=True), is_automatic=True)


@pytest.mark.parametrize("other", [{"force": True}, {"verify": False}])
def test_strict_contradicts_what_publishes_without_a_proof(other):
    with pytest.raises(RequestError, match="publishes it all the same"):
        SaveRequest(None, "cats", strict=True, **other)


def test_the_refusal_tells_what_would_make_all_of_it_come_back():
    with pytest.raises(RoundTripError) as caught:
        check_strict(decision(step=Outcome.FAILED), is_automatic=True, advice="Define scale.")
    assert caught.value.references[1].startswith("Define scale.")
