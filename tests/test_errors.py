"""Errors as other code shows, copies and pickles them."""

from __future__ import annotations

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colab_save.errors import ColabSaveError, RequestError, UnsafeFileError
from colab_save.frontends.languages import PYTHON, TERMINAL
from colab_save.hints import literal, option


@pytest.fixture
def error():
    error = RequestError(f"{literal('{x}')} needs {option('trust')}.", f"Add {option('trust')}.")
    error.language = TERMINAL
    return error


def test_the_representation_is_the_rendered_message(error):
    assert "RequestError('{x} needs --trust.')" == repr(error)


def test_an_error_in_a_format_is_the_rendered_message(error):
    assert "RequestError('{x} needs --trust.')" == "%r" % error  # noqa: UP031 - as loggers do


def test_the_arguments_have_the_plain_message(error):
    assert ("{x} needs trust.",) == error.args


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))])
def test_a_copy_speaks_the_same_language(error, copied):
    assert str(error) == str(copied(error))


def test_a_copy_has_the_same_class_and_references(error):
    again = copy.copy(error)
    assert (RequestError, error.references) == (type(again), again.references)


def test_a_copy_may_get_another_language(error):
    copy.copy(error).language = PYTHON
    assert TERMINAL is error.language


def test_an_error_without_a_language_has_none_in_a_copy():
    assert copy.copy(ColabSaveError("It failed.", "Try again.")).language is None


NAMES = st.one_of(st.text(), st.sampled_from(["{option:trust}", "{action:load|x}", "{pip:x}", "{x}"]))


@given(NAMES)
def test_what_a_file_of_others_holds_is_never_taken_for_a_reference(name):
    error = UnsafeFileError(f"x.zip has the member {name}.", f"Add {option('trust')}.")
    error.language = TERMINAL
    assert (f"x.zip has the member {name}.", "Add --trust.") == (error.message, error.hint)


@given(NAMES)
def test_a_text_that_is_quoted_already_is_shown_once(name):
    again = pickle.loads(pickle.dumps(UnsafeFileError(f"It holds {literal(name)}.", "Do not open it.")))
    assert f"It holds {name}." == again.message
