"""Weights, drawn in a table's cell."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import numpy as np
import pytest

from colab_save.reports.bars import MOST, Bars, draw_weights
from colab_save.reports.histogram import Histogram, histogram_of


def drawn(values, name="kernel"):
    values = np.array(values)
    return draw_weights([Bars(name, values.shape, histogram_of(values))])


def bars_in(cell):
    """The heights of the bars, as they are drawn."""
    path = ET.fromstring(cell.html).findall(".//path")[-1].get("d")
    return [int(bar.split("v")[1].split("h")[0]) for bar in path.split("M")[1:]]


def test_name_shape_ends_and_mean_are_told_in_text_and_in_html():
    cell = drawn([[-1.0, 0.0, 4.0]])
    for said in ("kernel", "[1, 3]", "-1 to 4", "mean 1"):
        assert said in str(cell)
        assert said in cell.html


def test_the_fullest_bar_is_the_highest():
    assert [19, 10] == bars_in(drawn([0, 0, 1]))
    assert "█" + " " * 22 + "▄" in str(drawn([0, 0, 1]))


def test_a_single_value_among_many_is_still_seen():
    assert 1 == bars_in(drawn([0] * 10_000 + [1]))[-1]


def test_equal_values_are_one_bar_and_told_so():
    cell = drawn([0.5, 0.5])
    assert [19] == bars_in(cell)
    assert "all 0.5" in cell.html


def test_as_many_digits_are_told_as_tell_the_ends_apart():
    assert "0.94148 to 0.94149" in str(drawn([0.94148, 0.94149]))


@pytest.mark.parametrize(
    ("values", "said"), [([1, np.nan, np.nan], "2 NaN"), ([1, -np.inf, np.nan], "1 NaN, 1 infinite")]
)
def test_values_that_are_no_finite_numbers_are_warned_of(values, said):
    cell = drawn(values)
    assert f"(! {said})" in str(cell)
    assert said in cell.html


def test_a_weight_of_nothing_says_so():
    assert "no values" in drawn(np.zeros((0, 3))).html
    assert "no finite value" in drawn([np.nan]).html


def test_a_weight_that_was_not_read_has_its_name_and_shape_alone():
    cell = draw_weights([Bars("kernel", (2, 3))])
    assert "\nkernel [2, 3]" == str(cell)
    assert "svg" not in cell.html


def test_very_many_weights_of_one_layer_are_counted():
    cell = draw_weights([Bars(f"kernel_{number}", (1,), Histogram((1,), 0.0, 0.0, 0.0)) for number in range(MOST + 2)])
    assert MOST == cell.html.count("<svg")
    assert str(cell).endswith("\nand 2 more")


def test_a_drawing_has_a_name_for_who_does_not_see_it():
    picture = ET.fromstring(drawn([1, 2]).html).find(".//svg")
    assert ("img", "Histogram of kernel") == (picture.get("role"), picture.get("aria-label"))


def test_names_are_text_and_never_markup():
    cell = draw_weights([Bars('"><script>', (1,), Histogram((1,), 0.0, 0.0, 0.0))])
    assert "<script" not in cell.html
    assert ET.fromstring(cell.html).find(".//svg").get("aria-label").endswith('"><script>')
