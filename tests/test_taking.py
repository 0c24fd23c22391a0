"""What code of others raises costs the one fact that was asked for, and is told."""

from __future__ import annotations

from colab_save.taking import Taking, in_words


class SpeechlessError(Exception):
    def __str__(self):
        raise RuntimeError("no text")


def fail(error):
    raise error


def test_a_fact_that_is_read_leaves_no_remark():
    taking = Taking()
    assert (3, {}) == (taking.fact("units", lambda: 3, None), taking.remarks)


def test_a_fact_whose_reading_raises_becomes_a_remark_with_its_place():
    taking = Taking()
    assert taking.fact("units", lambda: fail(TypeError("needs arguments")), None) is None
    assert {"units": "TypeError: needs arguments"} == taking.remarks


def test_an_error_without_a_text_is_named_by_its_class():
    taking = Taking()
    taking.fact("units", lambda: fail(SpeechlessError()), None)
    assert {"units": "SpeechlessError"} == taking.remarks


def test_a_remark_can_be_written_to_a_file_and_quotes_nothing():
    taking = Taking()
    taking.fact("units", lambda: fail(ValueError("a {half} \ud800 text")), None)
    assert {"units": "ValueError: a {half} \\ud800 text"} == taking.remarks


def test_of_several_facts_only_the_one_that_raises_is_left_out():
    taking = Taking()
    found = taking.facts("state", lambda: [("a", 1), ("b", 0), ("c", 2)], lambda number: 2 // number)
    assert ({"a": 2, "c": 1}, ["state.b"]) == (found, list(taking.remarks))


def test_facts_that_cannot_even_be_found_are_one_remark():
    taking = Taking()
    assert ({}, ["state"]) == (taking.facts("state", lambda: fail(KeyError("x")), str), list(taking.remarks))


def test_remarks_on_the_same_error_are_one_sentence():
    remarks = {**dict.fromkeys(("a", "b", "c", "d", "e"), "TypeError: odd"), "f": "KeyError: 'x'"}
    expected = (
        "The proof leaves out a, b, c and 2 more, which could not be read (TypeError: odd).",
        "The proof leaves out f, which could not be read (KeyError: 'x').",
    )
    assert expected == in_words(remarks)
