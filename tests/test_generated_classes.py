"""Models of generated classes: run, trained and saved in one kernel, loaded in another that never ran their cells.

The law: each comes back whole, or the save names what it could not write. What the report calls PASSED and the witness
(`tests/others/witness.py`) does not is a silent loss.
"""

from __future__ import annotations

import itertools
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings

from tests.generated_classes import classes, losing
from tests.notebooks_of_classes import LACKING, NOTEBOOKS_OF_CLASSES, notebook_of
from tests.notebooks_of_others import start_pair

# jupyter_client 7.4.9, which Colab pins, is older than its Python.
pytestmark = [
    pytest.mark.tensorflow,
    pytest.mark.outside,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

MODELS = min(100, settings().max_examples // 4)
"""A model takes seconds."""

PATIENT = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """Two kernels: one runs notebooks, the other only loads."""
    with start_pair(tmp_path_factory.mktemp("generated")) as pair:
        yield pair


@pytest.fixture(scope="module")
def numbers():
    """Numbers of models, so that each is saved under a name of its own."""
    return itertools.count()


@pytest.fixture(scope="module")
def rungs():
    """How many models came back by which rung."""
    return Counter()


@settings(max_examples=MODELS, derandomize=MODELS < 100, suppress_health_check=PATIENT)
@given(made=classes())
def test_a_model_of_a_generated_class_comes_back_whole(pair, numbers, rungs, made):
    notebook = made.notebook(f"generated/model_{next(numbers)}")
    found = pair.see(notebook)
    assert ("whole", []) == (found.outcome, found.changed), "\n".join([*notebook.cells[1:], *found.reasons])
    rungs[found.rung] += 1


@settings(max_examples=MODELS // 2, derandomize=MODELS < 100, suppress_health_check=PATIENT)
@given(made=losing())
def test_a_model_with_an_argument_that_stands_nowhere_is_not_saved_whole(pair, numbers, made):
    notebook = made.notebook(f"generated/losing_{next(numbers)}")
    found = pair.see(notebook)
    assert found.outcome in ("partial", "refused")
    assert "held" in "\n".join(found.reasons)
    assert [] == found.changed


@pytest.mark.parametrize("name", NOTEBOOKS_OF_CLASSES)
def test_a_model_of_such_classes_comes_back_whole(pair, rungs, name):
    found = pair.see(notebook_of(name))
    assert ("whole", []) == (found.outcome, found.changed), "\n".join(found.reasons)
    rungs[found.rung] += 1


@pytest.mark.parametrize("name", LACKING)
def test_a_call_that_would_make_something_else_is_not_taken(pair, name):
    found = pair.see(notebook_of(name))
    assert ("partial", []) == (found.outcome, found.changed)
    assert "call" != found.rung


def test_some_models_come_back_by_each_rung(rungs, record_property):
    record_property("table", f"models of generated classes by rung | {dict(rungs)}")
    assert {"config", "call", "attributes"} == {*rungs}
