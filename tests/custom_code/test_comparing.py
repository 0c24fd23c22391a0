"""Captured files are compared with the live code of the same names."""

from __future__ import annotations

import pytest

from colab_save.custom_code.comparing import compare_source


@pytest.fixture
def path(tmp_path):
    return tmp_path / "custom_code.py"


def write(path, text):
    path.write_text(text, "utf-8")


CELL = """
    RATE = 0.5
    def helper(x): return x * RATE
    def loss(x):
        return helper(x)
"""


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("pass", []),
        ("def loss(x):\n    # only a comment, and layout\n    return helper( x )", []),
        ("def loss(x): return helper(x) + 1", ["loss"]),
        ("def helper(x): return x", ["helper"]),
        ("RATE = 0.25", ["RATE"]),
        ("del helper, loss", []),
    ],
)
def test_definitions_that_differ_from_the_live_ones_are_named(notebook, path, cell, expected):
    notebook.run(CELL)
    write(path, notebook.capture("loss").source)
    notebook.run(cell)
    assert expected == compare_source(path, notebook.names)


def test_a_live_object_whose_source_cannot_be_found_is_named(notebook, path):
    notebook.run(CELL)
    write(path, notebook.capture("loss").source)
    exec("def loss(x): return helper(x)", notebook.names)
    assert ["loss"] == compare_source(path, notebook.names)


def test_a_closure_with_other_values_differs(notebook, path):
    notebook.run("def make(d):\n    def loss(x): return x * d\n    return loss\nloss = make(1)")
    write(path, notebook.capture("loss").source)
    notebook.run("loss = make(2)")
    assert ["_bind_loss"] == compare_source(path, notebook.names)


def test_comparing_runs_nothing(notebook, path):
    write(path, "raise SystemExit\n")
    assert [] == compare_source(path, notebook.names)


READING = """
    def table():
        with open("data/words.txt") as stream:
            return stream.read()
"""


@pytest.mark.parametrize(
    ("cell", "expected"),
    [("pass", []), (READING.replace("words", "others"), ["table"]), (READING.replace(".read()", ""), ["table"])],
)
def test_a_file_that_is_found_beside_the_code_makes_no_difference(notebook, tmp_path, path, cell, expected):
    notebook.run(READING)
    notebook.capture("table").write(tmp_path, {"data/words.txt": "assets/words.txt"})
    notebook.run(cell)
    assert expected == compare_source(path, notebook.names)
