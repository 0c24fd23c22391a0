"""What messages say of the errors of others."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from colab_save.hints import render
from colab_save.wording import MOST_QUOTED, first_line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("It failed.\nBecause.", "It failed. Because."),
        (
            "1 object could not be loaded. For example <Dense>:\n\nIt expected 2 variables.\n" + "And more. " * 40,
            f"1 object could not be loaded. For example <Dense>: It expected 2 variables. … {'And more. ' * 10}…",
        ),
        ("Why:", "Why:"),
        ("one\n\n  two  2\n", "one two 2"),
        (
            "Cannot read.\n" + "at a line\n" * 50 + "'weights.csv' is not there",
            "Cannot read. … 'weights.csv' is not there",
        ),
        ("x is \x1b[1mbold\x1b[0m and \x07 rings", "x is bold and \\x07 rings"),
        (
            'in user code:\n\n    File "x.py", line 3, in call  *\n        return x @ x\n\n    ValueError: no\n',
            "ValueError: no",
        ),
        (
            "Exception encountered when calling S.call().\n\nno such axis\n\nArguments received by S.call():\n  • x=1",
            "no such axis",
        ),
        (
            "X is not deserialized.\n\nconfig={}.\n\nException encountered: no X.\n\nException encountered: no table",
            "no table",
        ),
        (
            "Graph execution error:\n\nDetected at node m\n<stack traces>\nNo such shapes\n\t [[{{node mul}}]] [Op:f]",
            "No such shapes",
        ),
    ],
)
def test_an_error_is_quoted_by_the_lines_that_tell(text, shown):
    assert f"ValueError: {shown}" == render(first_line(ValueError(text)))


ADDED = """Exception encountered when calling Scale.call().

\x1b[1mCould not automatically infer the output shape / dtype of 'scale' (of type Scale). Either the `Scale.call()` \
method is incorrect, or you need to implement the `Scale.compute_output_spec() / compute_output_shape()` method. Error \
encountered:

'rate'\x1b[0m

Arguments received by Scale.call():
  • args=('<KerasTensor shape=(None, 4), dtype=float32, sparse=False, ragged=False, name=keras_tensor>',)"""
"""What Keras makes of a KeyError in a layer."""


def test_a_key_error_that_keras_adds_to_is_quoted_as_any_other():
    assert (
        "KeyError: Could not automatically infer the output shape / dtype of 'scale' (of type Scale). Error "
        "encountered: 'rate'" == render(first_line(KeyError(ADDED)))
    )


def test_a_key_error_shows_the_key():
    assert "KeyError: 'rate'" == render(first_line(KeyError("rate")))


def test_an_error_without_a_text_is_its_class():
    assert "ValueError" == first_line(ValueError())


def test_an_error_that_cannot_say_what_it_is_is_its_class():
    class MuteError(Exception):
        def __str__(self):
            raise RuntimeError

    assert "MuteError" == first_line(MuteError())


def wrapped(inner, text):
    try:
        try:
            raise inner
        except type(inner):
            raise TypeError(text)  # noqa: B904 - as Keras raises it
    except TypeError as error:
        return error


def test_an_error_that_repeats_another_is_told_as_that_one():
    error = wrapped(LookupError("no table"), "'Net' could not be made from {'a': 1}.\n\nSee: no table")
    assert "LookupError: no table" == first_line(error)


def test_an_error_that_says_something_else_than_its_cause_is_told_itself():
    assert "TypeError: 'Net' cannot be made" == first_line(wrapped(LookupError("no table"), "'Net' cannot be made"))


def test_no_pixels_of_an_array_are_quoted():
    assert "ValueError: bad float32 [20, 20]!" == first_line(ValueError(f"bad {np.ones((20, 20), 'float32')!r}!"))


@given(st.text())
def test_a_quoted_error_is_one_line_that_can_be_shown(text):
    shown = render(first_line(ValueError(text)))
    assert (True, []) == (len(shown) <= MOST_QUOTED + 40, [c for c in shown if not (c.isprintable() or c == "\u200d")])


@given(st.lists(st.from_regex(r"[a-z_]{1,300}", fullmatch=True), max_size=60).map(" ".join))
def test_a_quoted_error_has_whole_names_only(text):
    shown = first_line(ValueError(text)).removeprefix("ValueError").removeprefix(": ")
    assert set() == set(shown.split()) - {*text.split(), "…"}
