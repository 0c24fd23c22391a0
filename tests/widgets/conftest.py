"""A notebook with a panel, whose lines are a `House`."""

from __future__ import annotations

import sys

import pytest

from tests.widgets.house import House, Model, panel_in


@pytest.fixture
def house():
    return House()


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
def panel(shell, house):
    """A panel in a notebook with one model, named net."""
    shell.run_cell("net = Model()")
    made = panel_in(shell, house)
    yield made
    made.close()
