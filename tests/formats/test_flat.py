"""A program with flat inputs and outputs by name, called as the model in the notebook is."""

from __future__ import annotations

import numpy as np
import pytest

from colab_save.artifact.facts import TensorFacts
from colab_save.errors import RequestError
from colab_save.formats.loaded.flat import FlatModel

ONE = np.ones((3, 2), "float32")


def facts(names, rows=None):
    return {name: TensorFacts(name, (rows, 2), "float32") for name in names}


class Doubling(FlatModel):
    """Return each tensor doubled, under its name in capitals; count the rows of each call."""

    def __init__(self, names, nesting=None, rows=None):
        super().__init__(None, facts(names, rows), facts(names.upper(), rows), nesting)
        self.rows = []

    def run(self, arrays):
        self.rows.append(len(arrays[next(iter(arrays))]))
        return {name.upper(): 2 * item for name, item in arrays.items()}


NESTED = {"inputs": [{"x": "b"}, "a"], "outputs": {"x": "B", "y": ["A"]}}


def test_it_takes_and_gives_what_is_nested_as_it_was_told():
    answer = Doubling("ab", NESTED)([{"x": ONE}, 3 * ONE])
    assert (2, 6) == (answer["x"][0, 0], answer["y"][0][0, 0])


@pytest.mark.parametrize(
    "told", [None, 7, "A", [], {"outputs": ["A"]}, {"outputs": ["A", "C"]}, {"outputs": ["A", 1]}, {"outputs": "AB"}]
)
def test_what_is_told_wrong_is_not_believed_and_names_stand_for_places(told):
    assert {"A", "B"} == Doubling("ab", told)(a=ONE, b=ONE).keys()


def test_what_is_single_stands_alone():
    assert 2 == Doubling("a")(ONE)[0, 0]


@pytest.mark.parametrize(("fixed", "calls"), [(None, [2, 1]), (1, [1, 1, 1])])
def test_rows_are_fed_as_many_at_a_time_as_it_takes(fixed, calls):
    model = Doubling("a", rows=fixed)
    assert (3, 2) == model.predict(ONE, batch_size=2).shape
    assert calls == model.rows


def test_rows_that_do_not_fill_a_fixed_batch_are_refused_before_anything_is_run():
    model = Doubling("a", rows=2)
    with pytest.raises(RequestError, match=r"takes a \(float32 \[2, 2\]\); it was given float32 \[1, 2\]"):
        model.predict(ONE)
    assert [] == model.rows
