"""References in messages and hints, as each frontend writes them."""

from __future__ import annotations

import pickle
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colab_save.errors import ColabSaveError
from colab_save.frontends.languages import MAGIC, PANEL, PYTHON, TERMINAL
from colab_save.hints import Plain, action, literal, option, pip, render, speak_by_default, speaking


class Loud:
    """A language that shows all that it is told."""

    def option(self, name, values):
        return f"<{name}|{list(values)}>"

    def action(self, name, arguments, options):
        return f"<{name}|{list(arguments)}|{ {key: list(values) for key, values in options.items()} }>"

    def pip(self, words):
        return f"<{list(words)}>"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        (option("to"), "to"),
        (option("timeout", 900), "timeout=900"),
        (option("extra", ["a", "b"]), "extra=a,b"),
        (action("list"), "list"),
        (action("load", "cats@best", into="model"), "load cats@best into=model"),
        (pip("colab_save[onnx]", "b", upgrade=True), "pip install -U 'colab_save[onnx]' b"),
        ("{option} {a: b} {action:}", "{option} {a: b} "),
    ],
)
def test_without_a_frontend_names_are_read(text, plain):
    assert plain == render(text)


ANY = st.text(st.characters())
"""Any text, also with half characters, as the name of a file may have them."""

SEVERAL = st.lists(ANY, min_size=1)


@given(ANY, SEVERAL, st.dictionaries(st.sampled_from(["to", "into"]), SEVERAL))
def test_a_language_is_told_what_was_referred_to(value, several, options):
    assert Loud().option("to", [value]) == render(option("to", value), Loud())
    assert Loud().option("tags", several) == render(option("tags", several), Loud())
    assert Loud().action("load", several, options) == render(action("load", *several, **options), Loud())
    assert Loud().pip(several) == render(pip(*several), Loud())


LOOKALIKES = st.sampled_from(
    ["{pip:x}", "{option:trust}", "{action:load|a}", "{literal:%7B}", "{", "}", ":", "%", "\n"]
)
HOSTILE = st.lists(ANY | LOOKALIKES).map("".join)
"""Texts that may look like references."""


@given(HOSTILE)
def test_a_literal_renders_to_exactly_its_text(text):
    assert text == render(literal(text), Loud())


@given(HOSTILE, HOSTILE, st.sampled_from([option("to"), action("load", "cats"), pip("x"), "plain words"]))
def test_nothing_in_a_literal_changes_beside_other_literals_and_references(text, other, reference):
    message = f"Before {literal(text)}{literal(other)} {reference}."
    assert f"Before {text}{other} {render(reference, Loud())}." == render(message, Loud())


def test_a_text_without_braces_needs_no_quoting():
    assert "100 % of cats:1 | a&b" == literal("100 % of cats:1 | a&b")


@given(HOSTILE, st.sampled_from([Plain(), MAGIC, PYTHON, TERMINAL, PANEL]))
def test_no_text_makes_rendering_fail(text, language):
    assert isinstance(render(text, language), str)


def test_a_broken_reference_of_others_stays_as_it_is():
    assert "%ff" == render("{literal:%ff}")


def test_a_reference_can_be_read_before_it_is_rendered():
    assert "{action:load|my%20cats@best&into=model}" == action("load", "my cats@best", into="model")


def test_an_error_speaks_the_language_that_runs():
    error = ColabSaveError("There is no 'cat'.", f"{action('list')} shows what there is.")
    with speaking(Loud()):
        assert "There is no 'cat'.\nHint: <list|[]|{}> shows what there is." == str(error)
    assert "list shows what there is." == error.hint


def test_an_error_that_a_frontend_let_through_keeps_its_language():
    error = ColabSaveError("It failed.", option("to"))
    error.language = Loud()
    assert "<to|[]>" == error.hint


def test_where_no_frontend_runs_the_default_is_spoken():
    speak_by_default(Loud())
    assert "<to|[]>" == render(option("to"))


def test_an_action_may_have_an_option_that_is_called_name():
    assert "load cats name=model" == render(action("load", "cats", name="model"))


def test_another_thread_has_a_language_of_its_own():
    heard = []
    with speaking(Loud()):
        thread = threading.Thread(target=lambda: heard.append(render(option("to"))))
        thread.start()
        thread.join()
    assert ["to"] == heard


def test_an_error_from_another_process_still_refers():
    error = pickle.loads(pickle.dumps(ColabSaveError("It failed.", option("to"))))
    assert "<to|[]>" == render(error.references[1], Loud())
