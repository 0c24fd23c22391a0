"""Texts of others: where they are cut, and what stands for an array in them."""

from __future__ import annotations

import ast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from colab_save.quoting import LONG, SHORT, cut_lines, differing, in_short, listed, one_line, shorten, without_arrays

WIDE = np.ones((3, 20))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"got {WIDE} here", "got an array of shape [3, 20] here"),
        (f"got {WIDE!r}, not x", "got an array of shape [3, 20], not x"),
        (f"got {WIDE.astype('int8')!r}!", "got int8 [3, 20]!"),
        (f"{WIDE.tolist()} is long", "an array of shape [3, 20] is long"),
        (f"{np.zeros((400, 400))}", "an array"),
        (f"tf.Tensor(\n{WIDE}, shape=(3, 20), dtype=float32) is bad", "float32 [3, 20] is bad"),
        (f"<tf.Tensor: shape=(3, 20), dtype=float64, numpy=\n{WIDE!r}> is bad", "float64 [3, 20] is bad"),
        (f"tensor({WIDE.tolist()}, dtype=torch.float64, grad_fn=<X>) is bad", "float64 [3, 20] is bad"),
        (f"Array({WIDE.tolist()}, dtype=float32) is bad", "float32 [3, 20] is bad"),
        (str(WIDE)[:-30], "an array"),
        (f"{[[1] * 20, [1] * 19]}", "an array"),
        (f"{WIDE} and {WIDE > 0}", "an array of shape [3, 20] and an array of shape [3, 20]"),
        ("shapes [2, 3] and (4,) of x[0]", "shapes [2, 3] and (4,) of x[0]"),
    ],
)
def test_an_array_is_shown_by_its_dtype_and_shape(text, shown):
    assert shown == without_arrays(text)


@given(st.lists(st.floats(), min_size=LONG), st.text(alphabet="abc ,:"))
def test_no_list_of_numbers_is_shown(numbers, around):
    assert f"{around}an array of shape [{len(numbers)}]{around}" == without_arrays(f"{around}{numbers}{around}")


@pytest.mark.parametrize(
    ("text", "most", "shown"),
    [
        ("short", 5, "short"),
        ("One is. Two is longer", 12, "One is. …"),
        ("A. Then a much longer one", 16, "A. Then a much …"),
        ("name_of_the_layer", 10, "…"),
        ("a, name_of_the_layer", 10, "a, …"),
        ("[1,2,3,4,5,6]", 8, "…"),
        ("层在笔记本中没有定义", 6, "层在笔记 …"),
    ],
)
def test_a_text_is_cut_where_a_sentence_or_a_word_ends(text, most, shown):
    assert shown == shorten(text, most)


@given(st.text(), st.integers(2, 80))
def test_a_text_is_never_longer_than_it_may_be(text, most):
    assert len(shorten(text, most)) <= most


@given(st.lists(st.text(alphabet="ab_/.", min_size=1), min_size=1).map(" ".join), st.integers(2, 80))
def test_no_name_is_cut(text, most):
    assert set() == set(shorten(text, most).split()) - {*text.split(), "…"}


@given(st.text())
def test_a_name_on_one_line_can_always_be_printed(text):
    shown = one_line(text)
    assert (1, text if text.isprintable() else shown) == (len(shown.encode().decode().split("\n")), shown)


@pytest.mark.parametrize(
    ("lines", "most", "shown"),
    [
        (["a", "b"], 2, ["a", "b"]),
        (["a", "b", "c"], 2, ["a", "and 2 more"]),
        (["a", "b", "and 5 more"], 3, ["a", "b", "and 5 more"]),
        (["a", "b", "and 5 more"], 2, ["a", "and 6 more"]),
        (["a", "b", "  and 5 more"], 1, ["and 7 more"]),
    ],
)
def test_lines_that_are_left_out_are_counted(lines, most, shown):
    assert shown == cut_lines(lines, most)


def test_names_that_are_left_out_are_counted():
    assert ("a, b", "a, b and 2 more") == (listed(["a", "b"]), listed(["a", "b", "c", "d"], 2))


@pytest.mark.parametrize(
    ("expected", "actual", "words"),
    [
        (1, 2, ("", "1", "2")),
        ("relu", "gelu", ("", "'relu'", "'gelu'")),
        ({"class": "Net"}, None, ("", "{'class': 'Net'}", "nothing")),
        (None, [1], ("", "nothing", "[1]")),
        (None, 1, ("", "None", "1")),
        ([*range(1000)], None, ("", f"[{', '.join(map(str, range(23)))} and 977 more]", "nothing")),
    ],
)
def test_two_values_that_differ_are_shown_whole_or_by_their_first_entries(expected, actual, words):
    assert words == differing(expected, actual)


@given(st.text("ab _", max_size=3000), st.sampled_from("xyz"), st.text("ab _", min_size=SHORT, max_size=3000))
def test_of_two_long_texts_the_place_where_they_differ_is_shown(before, letter, after):
    where, *shown = differing(f"{before}{letter}{after}", f"{before}Q{after}")
    assert f"from character {len(before)} on" == where
    pieces = [ast.literal_eval(text.strip("…")) for text in shown]
    assert [True, True] == [sign in piece for sign, piece in zip([letter, "Q"], pieces, strict=True)]


@given(st.text(), st.text())
def test_two_texts_that_differ_look_different(expected, actual):
    _, before, after = differing(expected, actual)
    assert (expected == actual) == (before == after)


@given(st.recursive(st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_a_value_is_shown_in_a_few_words(value):
    assert len(in_short(value)) <= 2 * SHORT
