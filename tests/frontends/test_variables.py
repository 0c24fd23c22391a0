"""Variables that were saved with a model are set again where their names are free, and a note says which were."""

from __future__ import annotations

import datetime as dt
import re

import numpy as np
import pytest

from colab_save.artifact.round_trip import RoundTrip
from colab_save.frontends.variables import free_variables
from colab_save.reports.report import LoadReport

TRIP = RoundTrip("keras", {})
SAVED = {"threshold": 0.5, "names": np.array(["cat"], dtype=object), "day": dt.date(2020, 1, 1)}


def report(*, is_trusted=True, **variables):
    values = variables or SAVED
    return LoadReport(None, "cats", "models", "keras", TRIP, extras=values, variables=values, is_trusted=is_trusted)


def test_variables_whose_names_are_free_are_set():
    free, after = free_variables(report(), {"other": 1})
    assert SAVED.keys() == free.keys()
    assert ("Variables set as they were saved: threshold, names, day.",) == after.notes


def test_a_variable_of_another_value_stays_and_is_named():
    free, after = free_variables(report(), {"threshold": 0.7})
    assert ["names", "day"] == list(free)
    assert "Variables not set, since the notebook has others of these names" in after.notes[1]
    assert after.notes[1].endswith(": threshold.")


@pytest.mark.parametrize("value", [0.50001, 1, True, "0.5", None, np.float64(0.5), [0.5]], ids=repr)
def test_a_variable_that_is_almost_equal_is_another(value):
    assert "threshold" not in free_variables(report(), {"threshold": value})[0]
    assert any("not set" in note for note in free_variables(report(), {"threshold": value})[1].notes)


def test_a_variable_of_an_equal_value_stays_without_a_word():
    names = np.array(["cat"], dtype=object)
    free, after = free_variables(report(names=names.copy()), {"names": names})
    assert ({}, ()) == (free, after.notes)


@pytest.mark.parametrize(
    "name", ["print", "In", "Out", "_", "_i1", "exit", "get_ipython", "class", "_private", "a b", ""]
)
def test_a_name_that_no_variable_may_have_is_never_set(name):
    free, after = free_variables(report(**{name: 1}), {})
    assert {} == free
    assert "not set" in after.notes[0]


def test_the_name_of_a_module_is_never_set():
    free, after = free_variables(report(re=1), {"re": re})
    assert ({}, ("Variables not set, since the name is that of the module re: re.",)) == (free, after.notes)


def test_the_variable_for_the_model_is_the_models():
    free, after = free_variables(report(cats=1), {}, "cats")
    assert ({}, ("Variables not set, since the model gets this name: cats.",)) == (free, after.notes)


def test_a_strangers_variables_are_never_set_and_the_report_says_what_would():
    free, after = free_variables(report(is_trusted=False), {})
    assert {} == free
    assert "threshold, names, day" in after.notes[0]
    assert "{option:trust}" in after.notes[0]


def test_a_report_without_variables_has_no_note():
    before = LoadReport(None, "cats", "models", "keras", TRIP)
    assert ({}, before) == free_variables(before, {})
