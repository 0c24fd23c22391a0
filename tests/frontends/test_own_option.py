"""An option of its own, added by one field: every frontend takes it, explains it and refers to it."""

from __future__ import annotations

import pytest

from colab_save.errors import RequestError
from colab_save.frontends import actions
from colab_save.frontends.actions import ACTIONS
from colab_save.frontends.completion import Completer
from colab_save.frontends.languages import MAGIC, PYTHON, TERMINAL
from colab_save.frontends.magics import register, unregister
from colab_save.frontends.terminal import main
from colab_save.hints import option, render
from tests.plugs.patient_load import PATIENT_LOAD, PatientLoad


@pytest.fixture(autouse=True)
def _in_the_table(monkeypatch):
    monkeypatch.setattr(actions, "ACTIONS", (*ACTIONS, PATIENT_LOAD))


@pytest.fixture
def shell(fresh_ipython):
    register(fresh_ipython)
    yield fresh_ipython
    unregister(fresh_ipython)


def test_help_explains_it_with_its_default(shell, capsys):
    shell.run_cell("%loadpatiently --help").raise_error()
    assert "--tries N Give up after N tries; default: 3." in " ".join(capsys.readouterr().out.split())


def test_a_line_takes_an_expression_for_a_number(shell, capsys):
    shell.push({"often": 4})
    shell.run_cell("%loadpatiently cats --tries often+1").raise_error()
    assert "cats, 5 tries" in capsys.readouterr().out


def test_a_terminal_takes_a_literal(capsys):
    assert 0 == main(["load-patiently", "cats", "--tries", "5"])
    assert "cats, 5 tries" in capsys.readouterr().out


def test_tab_offers_it():
    event = type("Event", (), {"text_until_cursor": "%loadpatiently cats --tr"})
    assert ["--tries"] == [word for word in Completer({})(event) if word.startswith("--tr") and word != "--trust"]


def test_a_wrong_value_is_an_error_in_the_language_of_the_frontend():
    with pytest.raises(RequestError) as caught:
        PatientLoad("cats", tries=0)
    hint = caught.value.references[1]
    assert ("Leave --tries out.", "Leave tries= out.") == (render(hint, MAGIC), render(hint, PYTHON))


def test_a_hint_refers_to_it_with_a_value():
    assert "--tries 5" == render(option("tries", 5), TERMINAL)
