"""Saving where memory is low: what a save takes beside the model."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.tensorflow,
    pytest.mark.skipif(sys.platform != "linux", reason="what a process takes is read from Linux's /proc"),
]

ROOT = Path(__file__).parents[2]

MOST = 1.5
"""Times the model's size that a save may take, in both processes together."""


@pytest.fixture(scope="module", params=["low_machine", "low_container"])
def saved(request, tmp_path_factory):
    """A save where the machine, or the container, is said to have no more free than the model weighs."""
    answer = tmp_path_factory.mktemp("memory") / "answer.json"
    options = ["--small", "--only", request.param, "--json", str(answer)]
    run = subprocess.run([sys.executable, "-m", "tests.benchmarks", *options], cwd=ROOT, check=False)
    return run, json.loads(answer.read_text("utf-8"))["measures"]


def test_a_model_is_saved_in_one_and_a_half_times_its_size(saved, request, record_property):
    _, [measure] = saved
    where = request.node.callspec.id
    record_property("table", f"{where}: saving takes {measure['median']:.2f} times the size of the model")
    assert measure["median"] <= MOST


def test_a_model_that_was_saved_with_little_memory_is_proven(saved):
    run, _ = saved
    assert 0 == run.returncode
