"""Metrics: which names and numbers can be recorded, which value is better, and how they are shown."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from colab_save.artifact.metrics import LONGEST, Best, check_metrics, metrics_in_words
from colab_save.errors import RequestError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("val_loss", Best("val_loss", is_rising=False)),
        ("root_mean_squared_error", Best("root_mean_squared_error", is_rising=False)),
        ("val_mae", Best("val_mae", is_rising=False)),
        ("MSE", Best("MSE", is_rising=False)),
        ("accuracy", Best("accuracy", is_rising=True)),
        ("val_auc", Best("val_auc", is_rising=True)),
        ("certainty", Best("certainty", is_rising=True)),
        ("max:loss_of_others", Best("loss_of_others", is_rising=True)),
        ("min:seconds", Best("seconds", is_rising=False)),
        ("actor:score", Best("actor:score", is_rising=True)),
    ],
)
def test_errors_are_minimised_and_all_others_maximised_unless_a_prefix_says_otherwise(text, expected):
    assert expected == Best.parse(text)


numbers = st.floats() | st.integers()


@given(numbers, numbers)
def test_of_two_numbers_the_better_one_ranks_higher(one, other):
    ranks = [Best.parse(f"max:{name}").rank({"a": one, "b": other}) for name in "ab"]
    if not (math.isnan(one) if isinstance(one, float) else False) and other == other:
        assert (one > other) == (ranks[0] > ranks[1])


@pytest.mark.parametrize("known", [{}, {"loss": math.nan}])
def test_a_missing_metric_ranks_below_the_worst_number(known):
    for text in ("loss", "max:loss"):
        best = Best.parse(text)
        worst = min(best.rank({"loss": value}) for value in (math.inf, -math.inf))
        assert best.rank(known) < worst


def test_numbers_of_numpy_become_plain_numbers():
    checked = check_metrics({"a": np.float32(0.5), "b": np.int64(2), "c": np.array([3.0])[0], "d": np.array(4)})
    assert {"a": 0.5, "b": 2.0, "c": 3.0, "d": 4.0} == checked
    assert {float} == set(map(type, checked.values()))


@pytest.mark.parametrize("value", ["0.5", True, None, np.ones(3), 10**400, 1j, []])
def test_a_metric_that_is_not_a_number_is_refused_by_name(value):
    with pytest.raises(RequestError, match="The metric accuracy must be a number"):
        check_metrics({"accuracy": value})


@pytest.mark.parametrize("name", ["", "a\nb", "\ud800", 3, "x" * (LONGEST + 1)])
def test_an_invalid_name_of_a_metric_is_refused(name):
    with pytest.raises(RequestError, match="cannot be the name of a metric"):
        check_metrics({name: 1})


def test_validation_metrics_are_shown_first_and_those_beyond_the_limit_counted():
    metrics = {"loss": 0.51234, "accuracy": 1, "val_loss": 0.25}
    assert "val_loss 0.25, accuracy 1 and 1 more" == metrics_in_words(metrics, 2)
    assert "val_loss 0.25, accuracy 1, loss 0.5123" == metrics_in_words(metrics)


@given(st.dictionaries(st.text(), st.floats() | st.integers() | st.sampled_from([10**400, -(10**400)])))
def test_any_numbers_of_a_manifest_can_be_shown(metrics):
    assert bool(metrics) == bool(metrics_in_words(metrics))
