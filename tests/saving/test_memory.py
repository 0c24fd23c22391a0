"""Saving where memory is low: what a save takes beside the model."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.tensorflow,
    pytest.mark.skipif(sys.platform != "linux", reason="what a process takes is read from Linux's /proc"),
]

ROOT = Path(__file__).parents[2]

UNITS, LAYERS = 1024, 24
"""24 layers of 4 MB: each is small beside the whole, as in models of gigabytes."""

MOST = 1.5
"""Times the model's size that a save may take, in both processes together."""


@pytest.fixture(scope="module", params=[("machine", "keras", "saved_model"), ("container", "keras")], ids=" ".join)
def saved(request, tmp_path_factory):
    """A save where the machine, or the container, is said to have no more free than the model weighs; in bytes."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    run = subprocess.run(
        [
            sys.executable,
            str(ROOT / "tests/benchmarks/bench_memory.py"),
            request.param[0],
            str(UNITS),
            str(LAYERS),
            *request.param[1:],
        ],
        cwd=tmp_path_factory.mktemp("memory"),
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(run.stdout.splitlines()[-1])


def test_a_model_is_saved_in_one_and_a_half_times_its_size(saved, request, record_property):
    times, where = saved["taken"] / saved["size"], request.node.callspec.id
    record_property(
        "table", f"little memory, {where}: saving {saved['size'] / 1e6:.0f} MB takes {times:.2f} times that"
    )
    assert times <= MOST


def test_a_model_that_was_saved_with_little_memory_is_proven(saved):
    assert "PASSED" == saved["outcome"]
