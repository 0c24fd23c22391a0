"""A typed line is read into the fields of a request, and into nothing else."""

from __future__ import annotations

import contextlib
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colab_save.errors import RequestError, UnknownNameError
from colab_save.frontends.actions import action_of, magics
from colab_save.hints import render
from colab_save.request.command import Command, split, unquote
from colab_save.request.option import Option, Syntax, options_of
from colab_save.request.request import LoadRequest, SaveRequest

SAVE, LOAD, LIST = (action_of(name).magic_command for name in ("save", "load", "list"))
COMMANDS = {name: action.magic_command for name, action in magics().items()}
TYPED = {
    Syntax.POSITIONAL: "cats",
    Syntax.VALUE: "{flag} cats",
    Syntax.EXPRESSION: "{flag} cats",
    Syntax.NUMBER: "{flag} 7",
    Syntax.REPEATED: "{flag} cats",
    Syntax.FLAG: "{flag}",
    Syntax.ANTIFLAG: "{flag}",
    Syntax.PAIRS: "{flag} key=cats",
}
REQUESTS = [(SAVE, SaveRequest), (LOAD, LoadRequest)]
OPTIONS = [(command, option) for command, request in REQUESTS for option in options_of(request)]


@pytest.mark.parametrize(("command", "option"), OPTIONS, ids=lambda item: item.name)
def test_each_field_of_a_request_can_be_typed(command, option):
    needed = "model cats " if command is SAVE else "cats "
    typed = TYPED[option.syntax].format(flag=option.flag) if option.flag.startswith("-") else ""
    assert option.name in command.read(needed + typed)


@pytest.mark.parametrize(("command", "option"), OPTIONS, ids=lambda item: item.name)
def test_the_help_explains_each_field(command, option):
    words = command.help().split()
    assert set(render(option.help).split()) <= set(words)


def test_the_help_begins_with_how_it_is_typed():
    assert LOAD.help().startswith("usage: %loadmodel TARGET [--from STORE]")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("model cats", ["model", "cats"]),
        ("  model\t cats  ", ["model", "cats"]),
        ("models['my cat'] cats", ["models['my cat']", "cats"]),
        ("--sample (x[:2], {'a': y})", ["--sample", "(x[:2], {'a': y})"]),
        ('model "my cats"', ["model", '"my cats"']),
        ("model my\\ cats", ["model", "my\\ cats"]),
        (r"model --to C:\models\new", ["model", "--to", r"C:\models\new"]),
        ("model cats  # the best so far, isn't it", ["model", "cats"]),
        ("# nothing", []),
        ("model c#", ["model", "c#"]),
        ("model :)", ["model", ":)"]),
        ("", []),
    ],
)
def test_a_line_is_split_outside_quotes_and_brackets(line, words):
    assert words == split(line)


@pytest.mark.parametrize(("line", "what"), [("model 'cats", "quote '"), ("model (x, y", "bracket (")])
def test_what_is_opened_must_be_closed(line, what):
    with pytest.raises(RequestError, match="is not closed") as caught:
        split(line)
    assert what in caught.value.message


@given(st.text(st.characters(exclude_categories=["C"], exclude_characters="\\"), min_size=1))
def test_any_text_survives_in_quotes(text):
    word = '"' + text.replace('"', '\\"') + '"'
    assert [word] == split(word)
    assert text == unquote(word)


@given(st.lists(st.text("abcäß-_=/.:0", min_size=1)))
def test_plain_words_are_split_as_a_shell_does(words):
    line = " ".join(words)
    assert shlex.split(line) == [unquote(word) for word in split(line)]


@pytest.mark.parametrize(
    ("line", "note"),
    [
        ('--note "two words"', "two words"),
        ("--note='two words'", "two words"),
        (r"--note two\ words", "two words"),
        (r'--note "say \"so\""', 'say "so"'),
        (r"--note C:\new", r"C:\new"),
        ("--note '--force'", "--force"),
        ("--note=--force", "--force"),
    ],
)
def test_a_text_is_given_without_its_quotes(line, note):
    assert {"note": note} == SAVE.read(line)


def test_options_may_stand_anywhere():
    first, last = SAVE.read("--to here model cats"), SAVE.read("model cats --to here")
    assert first == last == SAVE.read("model --to here cats")


def test_only_what_was_typed_is_given():
    assert {} == SAVE.read("")


def test_an_expression_keeps_its_own_quotes():
    assert "models['a b']" == SAVE.read("models['a b']")["model"].source


def test_quotes_around_a_whole_expression_are_the_lines():
    assert "x[:2] + 1" == SAVE.read("model --sample 'x[:2] + 1'")["sample"].source


def test_a_label_may_be_given_several_times():
    assert ("best", "small") == SAVE.read("model --tag best --tag small")["tags"]


def test_pairs_are_expressions_by_key():
    options = SAVE.read("""model --option a=f --option 'b={"x": 1}'""")["options"]
    assert {"a": "f", "b": '{"x": 1}'} == {key: value.source for key, value in options.items()}


def test_texts_are_expanded_and_expressions_are_not():
    typed = SAVE.read("m$ t$ --to s$ --tag l$ --sample x$", lambda text: text.replace("$", "1"))
    assert ("t1", "s1", ("l1",)) == (typed["target"], typed["to"], typed["tags"])
    assert ("m$", "x$") == (typed["model"].source, typed["sample"].source)


def test_a_misspelt_option_is_answered_with_the_right_one():
    with pytest.raises(UnknownNameError, match="'--sampel'") as caught:
        SAVE.read("model cats --sampel x")
    assert "Did you mean '--sample'?" == caught.value.hint


def test_an_option_is_not_guessed_from_its_beginning():
    with pytest.raises(UnknownNameError, match="--no-ver"):
        SAVE.read("model --no-ver")


@pytest.mark.parametrize(
    ("command", "line", "message"),
    [
        (SAVE, "model cats dogs", "%savemodel: unexpected argument 'dogs'."),
        (SAVE, "model --to", "%savemodel: --to needs a value."),
        (SAVE, "model --option key", "--option key is not KEY=VALUE."),
        (LOAD, "--trust", "%loadmodel needs a TARGET."),
        (LOAD, "", "%loadmodel needs a TARGET."),
        (LIST, "a b", "%listmodels: unexpected argument 'b'."),
    ],
)
def test_a_wrong_line_is_refused_in_words_of_its_own(command, line, message):
    with pytest.raises(RequestError) as caught:
        command.read(line)
    assert message == caught.value.message
    assert caught.value.hint


@given(st.sampled_from(list(COMMANDS.values())), st.text())
def test_any_line_is_either_read_or_refused(command, line):
    read = {}
    with contextlib.suppress(RequestError):
        read = command.read(line)
    assert {option.name for option in command.options} >= read.keys()


def test_the_last_positional_takes_all_words_where_it_may_be_given_several_times():
    options = (Option("target", "TARGET", Syntax.POSITIONAL, ""), Option("tags", "TAG", Syntax.REPEATED, ""))
    assert {"target": "cats", "tags": ("a", "b c")} == Command("tagmodel", "", options, 2).read("cats a 'b c'")
