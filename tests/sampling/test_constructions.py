"""Which call made an object is found in the cells, and taken only where it means what it meant, without effects."""

from __future__ import annotations

import dataclasses
import enum

import numpy as np
import pytest

from colab_save.model.constructor_calls import ConstructorCall
from colab_save.sampling.constructions import construction_of
from colab_save.sampling.notebook import Notebook


class Net:
    """What is made."""

    def __init__(self, units, heads=1):
        self.units, self.heads = units, heads


class Mode(enum.Enum):
    """An argument."""

    FAST = "fast"


@dataclasses.dataclass
class Sizes:
    """Arguments in one object."""

    units: int = 4


@dataclasses.dataclass
class Counted:
    """Making one has an effect."""

    units: int = 4
    made = 0

    def __post_init__(self):
        Counted.made += 1


@dataclasses.dataclass
class Own:
    """Its constructor is its own."""

    units: int = 4

    def __init__(self, units):
        Counted.made += 1
        self.units = units


def drawn():
    Counted.made += 1
    return 4


@dataclasses.dataclass
class Drawn:
    """Its default is drawn."""

    units: int = dataclasses.field(default_factory=drawn)


@dataclasses.dataclass(frozen=True)
class Listed:
    """Its default is a new list."""

    units: list = dataclasses.field(default_factory=list)


def found(*cells, **more):
    """Run cells, and return the call that made their variable ``net``."""
    variables = {"Net": Net, "Mode": Mode, "Sizes": Sizes, "Counted": Counted, "np": np, **more}
    variables |= {"Own": Own, "Drawn": Drawn, "Listed": Listed}
    for cell in cells:
        exec(cell, variables)
    return construction_of(variables["net"], Notebook(variables, cells))


@pytest.mark.parametrize(
    ("cells", "call"),
    [
        (["net = Net(3)"], ConstructorCall((3,), {})),
        (["net = Net(2 * 8, heads=-1)"], ConstructorCall((16,), {"heads": -1})),
        (["units = [3, 4]", "net = Net(units)"], ConstructorCall(([3, 4],), {})),
        (["sizes = {'units': 5}", "net = Net(**sizes)"], ConstructorCall((), {"units": 5})),
        (["net = Net(Mode.FAST, Mode('fast'))"], ConstructorCall((Mode.FAST, Mode.FAST), {})),
        (["net = Net(Sizes(7))"], ConstructorCall((Sizes(7),), {})),
        (["net = Net(Listed())"], ConstructorCall((Listed(),), {})),
        (["if True:\n    net = Net(3)"], ConstructorCall((3,), {})),
        (["net, other = Net(3), 4"], ConstructorCall((3,), {})),
        (["net: Net = Net(3)"], ConstructorCall((3,), {})),
        (["net = Net(2)", "net = Net(3)"], ConstructorCall((3,), {})),
        (["net = Net(3)", "def later():\n    net = Net(4)"], ConstructorCall((3,), {})),
    ],
)
def test_the_call_is_found(cells, call):
    assert call == found(*cells)


def test_a_call_below_a_magic_is_found():
    net = Net(3)
    cell = "get_ipython().run_cell_magic('time', '', 'net = Net(3)\\n')"
    assert ConstructorCall((3,), {}) == construction_of(net, Notebook({"Net": Net, "net": net}, [cell]))


def test_an_array_is_made_again():
    assert [0, 2] == found("net = Net(np.arange(0, 4, 2))").arguments[0].tolist()


@pytest.mark.parametrize(
    "cells",
    [
        ["units = 3", "net = Net(units)", "units = 4"],
        ["units = 3", "net = Net(units)\nunits = 4"],
        ["units = [3]", "net = Net(units)", "units.append(4)"],
        ["units = [3]", "net = Net(units)", "units[0] = 4"],
        ["sizes = Sizes(3)", "net = Net(sizes)", "sizes.units = 4"],
        ["net = 3", "net = Net(net)"],
        ["for units in (3, 4):\n    net = Net(units)"],
        ["units = 3", "net = Net(units)", "del units"],
        ["units = 3", "net = Net(units)", "def units():\n    pass"],
    ],
)
def test_a_name_that_means_something_else_since_is_not_evaluated(cells):
    assert found(*cells) is None


@pytest.mark.parametrize(
    "cells",
    [
        ["it = iter([3, 4])", "net = Net(next(it))"],
        ["net = Net(units=sum([1, 2]))"],
        ["net = Net(*[3])"],
        ["net = Net(Counted(3))"],
        ["net = Net('a' * 3)"],
        ["made = {'net': 1}\nnet = Net(made.pop('net'))"],
    ],
)
def test_an_argument_with_effects_is_not_evaluated(cells):
    assert found(*cells) is None


@pytest.mark.parametrize("made", ["Counted(3)", "Own(3)", "Drawn()"])
def test_no_object_is_made_whose_making_has_an_effect(made, monkeypatch):
    monkeypatch.setattr(Counted, "made", 0)
    assert found(f"net = Net({made})") is None
    assert 1 == Counted.made  # by the cell


def test_an_iterator_is_not_advanced():
    it = iter([3, 4])
    found("net = Net(next(it))", it=it)
    assert 4 == next(it)


@pytest.mark.parametrize(
    "cells", [["def make():\n    return Net(3)", "net = make()"], ["nets = [Net(3)]\nnet = nets[0]"]]
)
def test_what_a_function_made_has_no_call(cells):
    assert found(*cells) is None


def test_the_random_state_is_the_same_afterwards():
    np.random.seed(1)  # noqa: NPY002 - the state that a notebook has
    before = np.random.get_state()[1].tolist()  # noqa: NPY002
    found("net = Net(np.array([1, 2]))")
    assert before == np.random.get_state()[1].tolist()  # noqa: NPY002
