"""Custom code grows by the names that a fresh process lacks, each once, and reports those that it cannot add."""

from __future__ import annotations

import textwrap
import threading

import pytest

from colab_save.custom_code.growing import MOST, Supply

RATE = 0.25
LOCK = threading.Lock()


def halved(value):
    return value / 2


class Reader:
    """Uses names that its source does not show."""

    def read(self, name):
        return eval(name)


NUMBERS = {f"number_{index}": index for index in range(MOST + 1)}
globals().update(NUMBERS)


@pytest.fixture
def supply():
    return Supply([Reader])


@pytest.mark.parametrize(("name", "text"), [("RATE", "RATE = 0.25\n"), ("halved", "return value / 2\n")])
def test_a_name_of_the_module_is_added(supply, name, text):
    assert text not in supply.code.source
    assert supply.add(name)
    assert text in supply.code.source
    assert () == supply.reasons


def test_a_class_or_function_can_be_looked_up_by_name(supply):
    supply.add("halved")
    assert {"Reader": Reader, "halved": halved} == supply.code.objects


def test_a_function_of_a_package_that_a_model_holds_is_imported():
    supply = Supply([Reader], [textwrap.dedent])
    assert supply.add("dedent")
    assert {"Reader": Reader, "dedent": textwrap.dedent} == supply.code.objects


def indent(value):
    return value


def test_the_function_that_a_model_holds_is_meant_and_no_variable_of_that_name():
    supply = Supply([Reader], [textwrap.indent])
    supply.add("indent")
    assert textwrap.indent is supply.code.objects["indent"]


def test_names_add_up(supply):
    assert supply.add("RATE")
    assert supply.add("halved")
    assert "RATE = 0.25" in supply.code.source


def test_a_name_is_tried_once(supply):
    supply.add("RATE")
    assert not supply.add("RATE")


def test_only_a_limited_number_of_names_is_added(supply):
    assert [True] * MOST + [False] == [supply.add(name) for name in NUMBERS]


def test_a_name_that_is_defined_nowhere_is_reported(supply):
    assert not supply.add("nowhere")
    assert ("nowhere is not defined in the notebook either",) == supply.reasons


def test_a_live_value_is_reported_with_what_to_change(supply):
    assert not supply.add("LOCK")
    assert ("LOCK holds a live _thread.lock, which source code cannot rebuild",) == supply.reasons
    assert "Make it an argument of the class" in supply.hint


def test_without_custom_objects_there_is_no_code():
    assert "" == Supply([]).code.source
