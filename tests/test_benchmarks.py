"""The benchmarks run, each measure has a value, and the page shows all of them; what the figures are is no matter."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks.__main__ import measure
from tests.benchmarks.benchmarks import BENCHMARKS
from tests.benchmarks.measures import MEASURES
from tests.benchmarks.page import BEGIN, END, read_figures, write_figures
from tests.benchmarks.results import Result
from tests.benchmarks.running import environment

ROOT = Path(__file__).parents[1]
LOW = ("low_machine", "low_container")
"""What tests/saving/test_memory.py runs."""


def run(*options):
    command = [sys.executable, "-m", "tests.benchmarks", *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def row_of(result):
    """The cells of a measure that are always the same."""
    title, subject, _, _, goal = result.row()
    return title, subject, goal


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """What the command answers in JSON and prints, with small models."""
    answer = tmp_path_factory.mktemp("benchmarks") / "answer.json"
    names = [name for name in BENCHMARKS if name not in LOW]
    done = run("--small", "--json", str(answer), "--only", *names)
    assert 0 == done.returncode, done.stderr
    return json.loads(answer.read_text("utf-8")), done.stdout


@pytest.mark.tensorflow
def test_every_measure_has_values(small):
    values = {measure["name"]: measure["values"] for measure in small[0]["measures"]}
    assert [measure.name for measure in MEASURES if measure.benchmark not in LOW] == list(values)
    assert all(math.isfinite(value) and value >= 0 for found in values.values() for value in found)


@pytest.mark.tensorflow
def test_a_small_run_says_that_its_figures_mean_nothing(small):
    answer, printed = small
    assert answer["is_small"]
    assert "the figures mean nothing" in printed


@pytest.mark.tensorflow
def test_the_machine_and_the_versions_are_told(small):
    assert {"processor", "cores", "memory", "Python", "TensorFlow", "Keras"} <= small[0]["machine"].keys()


def test_every_measure_is_of_a_benchmark_and_every_benchmark_has_measures():
    assert BENCHMARKS.keys() == {measure.benchmark for measure in MEASURES}


def test_the_page_has_every_measure_with_its_goal():
    lines = [line for line in read_figures().splitlines() if line.startswith("|")]
    shown = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]
    assert [row_of(Result(measure, [1.0])) for measure in MEASURES] == [(row[0], row[1], row[4]) for row in shown]


def test_figures_replace_those_of_the_last_run(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    write_figures("new", page)
    write_figures("newer", page)
    assert "newer" == read_figures(page).strip()
    assert page.read_text().startswith("before\n")
    assert page.read_text().endswith("\nafter\n")


def test_small_figures_do_not_go_into_the_page():
    done = run("--small", "--docs")
    assert (2, True) == (done.returncode, "full size" in done.stderr)


@pytest.mark.parametrize("folder", ["HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"])
def test_a_benchmark_sees_nothing_that_the_user_has(tmp_path, folder):
    place = Path(environment(tmp_path)[folder])
    assert place.is_dir()
    assert place.is_relative_to(tmp_path)


def test_a_benchmark_that_fails_is_told_and_costs_no_other():
    values, [failure] = measure(["none", "extension"], 2, is_small=True)
    assert 2 == len(values["extension.load"])
    assert "KeyError: 'none'" in str(failure)
