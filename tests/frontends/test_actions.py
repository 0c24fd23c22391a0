"""The table of actions: whole, and enough to add an action everywhere by one record."""

from __future__ import annotations

import inspect
import json

import pytest

from colab_save.frontends import actions
from colab_save.frontends.actions import ACTIONS, action_of
from colab_save.frontends.completion import Completer
from colab_save.frontends.languages import MAGIC, TERMINAL
from colab_save.frontends.magics import register, unregister
from colab_save.frontends.terminal import main
from colab_save.hints import action, render
from colab_save.plugging import plugged
from colab_save.request.option import Syntax
from colab_save.widgets.machine import BESIDE
from tests.plugs.greet_action import GREET

REFERENCES = [
    *((each.name, reference) for each in ACTIONS for reference in (each.runs, each.function, each.lists) if reference),
    *((each.name, each.terminal.runs) for each in ACTIONS if each.terminal and each.terminal.runs),
    *BESIDE.items(),
]


@pytest.mark.parametrize(("name", "reference"), REFERENCES)
def test_what_the_table_refers_to_can_be_called(name, reference):
    assert callable(plugged(reference))


@pytest.mark.parametrize("action", [each for each in ACTIONS if each.request is None], ids=lambda action: action.name)
def test_what_carries_an_action_out_takes_its_options(action):
    taken = inspect.signature(plugged(action.runs)).parameters
    assert {option.name for option in action.options} <= taken.keys()
    assert action.reports_steps == ("on_step" in taken)


@pytest.mark.parametrize("action", [each for each in ACTIONS if each.function], ids=lambda action: action.name)
def test_the_public_function_takes_the_options(action):
    said = {option.name for option in action.options if option.syntax is not Syntax.VARIABLE}
    assert said <= inspect.signature(plugged(action.function)).parameters.keys()


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_an_action_is_explained_in_sentences(action):
    assert action.help.endswith(".")
    assert all(option.help for option in action.options)


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_the_help_of_each_option_with_a_value_tells_its_default(action):
    """A flag is off by default; a positional that is needed has none."""
    for options, needs in ((action.options, action.needs), (action.terminal_options, action.terminal_needs)):
        needed = [option for option in options if option.is_positional][:needs]
        with_value = [option for option in options if not option.is_flag and option not in needed]
        assert [] == [option.name for option in with_value if "default: " not in option.help]


def test_no_two_actions_share_a_name():
    for names in (
        [each.name for each in ACTIONS],
        [each.magic for each in ACTIONS if each.magic],
        [each.function_name for each in ACTIONS if each.function],
        [each.terminal.command for each in ACTIONS if each.terminal],
    ):
        assert sorted(set(names)) == sorted(names)


def test_no_action_takes_an_expression_or_a_variable_in_a_terminal():
    taken = {option.syntax for each in ACTIONS if each.terminal for option in each.terminal_options}
    assert set() == taken & {Syntax.EXPRESSION, Syntax.VARIABLE}


def test_a_positional_that_must_be_given_stands_before_those_that_need_not():
    assert ["model", "target"] == [each.name for each in action_of("save").terminal_options if each.is_positional]
    assert ["target", "path"] == [each.name for each in action_of("load").terminal_options if each.is_positional]


# --- one record is enough ---


@pytest.fixture
def shell(monkeypatch, fresh_ipython):
    """IPython with our magics, in a table that has one more action."""
    monkeypatch.setattr(actions, "ACTIONS", (*ACTIONS, GREET))
    register(fresh_ipython)
    yield fresh_ipython
    unregister(fresh_ipython)


def test_an_action_of_a_record_alone_has_a_magic(shell, capsys):
    shell.run_cell("%greetmodel cats --loud").raise_error()
    assert "Hello CATS" in capsys.readouterr().out


def test_an_action_of_a_record_alone_has_help(shell, capsys):
    shell.run_cell("%greetmodel --help").raise_error()
    assert capsys.readouterr().out.startswith("usage: %greetmodel [NAME] [--loud]")


def test_an_action_of_a_record_alone_is_completed(shell):
    event = type("Event", (), {"text_until_cursor": "%greetmodel --"})
    assert ["--loud"] == Completer({})(event)


def test_an_action_of_a_record_alone_is_a_command_of_the_terminal(shell, capsys):
    assert 0 == main(["greet", "dogs"])
    assert 0 == main(["greet", "dogs", "--loud", "--json"])
    plain, document = capsys.readouterr().out.split("\n", 1)
    assert ("Hello dogs", {"text": "Hello DOGS"}) == (plain.rstrip("."), json.loads(document))


def test_an_action_of_a_record_alone_is_listed_by_the_terminals_help(shell, capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "Greet somebody." in capsys.readouterr().out


def test_hints_refer_to_an_action_of_a_record_alone(shell):
    hint = action("greet", "cats", loud=None)
    assert ("%greetmodel cats --loud", "colab-save greet cats --loud") == (render(hint, MAGIC), render(hint, TERMINAL))
