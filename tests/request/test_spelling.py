"""Lines and calls that the panel shows: reading one gives what it was written from."""

from __future__ import annotations

import functools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colab_save.frontends.actions import action_of
from colab_save.frontends.magics import _expand
from colab_save.request.command import Expression
from colab_save.request.spelling import magic_line, python_call, text_word

SAVE, LOAD = action_of("save").magic_command, action_of("load").magic_command

TEXTS = st.text(st.characters(exclude_categories=["Cs"])) | st.text(st.sampled_from("ab $'\"\\{}\n#-=%?"))
VARIABLES = {"a": 1, "b": "two"}


def expression(source, asked_by):
    return Expression(source, source, asked_by)


def read(command, line):
    """What the magic makes of a line."""
    name, _, rest = line.partition(" ")
    assert f"%{command.name}" == name
    return command.read(rest, functools.partial(_expand, variables=VARIABLES))


FILLED = {
    "model": expression("nets['my cat']", "MODEL"),
    "target": "my cats",
    "to": "/content/drive/MyDrive/my models",
    "formats": "keras,saved_model",
    "sample": expression("x_test[:4]", "--sample"),
    "verify": False,
    "tags": ("best", "v 2"),
    "note": "second fold, 40 epochs",
}


def test_a_line_says_what_was_given():
    expected = (
        '%savemodel nets[\'my cat\'] "my cats" --to "/content/drive/MyDrive/my models" --format keras,saved_model '
        '--sample x_test[:4] --no-verify --tag best --tag "v 2" --note "second fold, 40 epochs"'
    )
    assert expected == magic_line(SAVE, FILLED)


def test_a_call_says_the_same():
    expected = (
        'save_model(nets[\'my cat\'], "my cats", to="/content/drive/MyDrive/my models", '
        'formats="keras,saved_model", sample=x_test[:4], verify=False, tags=("best", "v 2"), '
        'note="second fold, 40 epochs")'
    )
    assert expected == python_call("save_model", SAVE.options, FILLED)


def test_a_variable_is_an_assignment_in_python():
    given = {"target": "cats@best", "name": "net"}
    assert ("%loadmodel cats@best --as net", 'net = load_model("cats@best")') == (
        magic_line(LOAD, given),
        python_call("load_model", LOAD.options, given),
    )


def test_a_flag_that_says_the_default_is_left_out():
    assert "%loadmodel cats" == magic_line(LOAD, {"target": "cats", "check": True, "trust": False})


def test_a_call_without_its_first_argument_names_the_second():
    assert 'save_model(target="cats")' == python_call("save_model", SAVE.options, {"target": "cats"})


def test_reading_a_line_gives_what_it_was_written_from():
    given = {**FILLED, "model": expression("nets[0]", "MODEL")}
    assert given == read(SAVE, magic_line(SAVE, given))


@given(target=TEXTS, note=TEXTS, tags=st.lists(TEXTS, min_size=1))
def test_reading_a_line_gives_the_texts_whatever_they_hold(target, note, tags):
    texts = {"model": expression("net", "MODEL"), "target": target, "note": note, "tags": tuple(tags)}
    assert texts == read(SAVE, magic_line(SAVE, texts))


@given(TEXTS)
def test_a_text_is_one_line(text):
    assert 1 == len(text_word(text).splitlines())


@pytest.mark.parametrize("source", ["x", "x[:, 2]", "f(a, b)", "x if y else z", "-x", "'a'", 'd["a b"]', '"a" + b'])
def test_an_expression_is_read_as_it_was(source):
    given = {"model": expression("net", "MODEL"), "sample": expression(source, "--sample")}
    assert source == read(SAVE, magic_line(SAVE, given))["sample"].source


@pytest.mark.parametrize("source", ["len", "{'a': [1, 2]}", "x if y else z"])
def test_options_of_formats_are_read_as_they_were(source):
    given = {"model": expression("net", "MODEL"), "options": {"batch": expression(source, "--option batch")}}
    assert source == read(SAVE, magic_line(SAVE, given))["options"]["batch"].source
    assert f'save_model(net, options={{"batch": {source}}})' == python_call("save_model", SAVE.options, given)
