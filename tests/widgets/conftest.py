"""A notebook with a panel, whose actions are `FakeActions`."""

from __future__ import annotations

import sys

import pytest

from tests.widgets.fake_actions import FakeActions, Model, panel_in


@pytest.fixture
def fake():
    return FakeActions()


@pytest.fixture
def shell(fresh_ipython, monkeypatch):
    """IPython with ``Model`` as the only kind of model."""
    keras = type(sys)("keras")
    keras.Model = Model
    monkeypatch.setitem(sys.modules, "keras", keras)
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    fresh_ipython.push({"Model": Model})
    return fresh_ipython


@pytest.fixture
def panel(shell, fake):
    """A panel in a notebook with one model, named net."""
    shell.run_cell("net = Model()")
    made = panel_in(shell, fake)
    yield made
    made.close()
