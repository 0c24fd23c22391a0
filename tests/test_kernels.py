"""The client of kernels that the tests use: it sends a cell when a person could."""

from __future__ import annotations

import pytest

from tests.kernels import started

# jupyter_client 7.4.9, which Colab pins, is older than its Python.
pytestmark = [pytest.mark.outside, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

PAUSE = """
import time

def pausing(status, *args, publish=get_ipython().kernel._publish_status, **named):
    publish(status, *args, **named)
    if status == "idle":
        time.sleep(0.05)

get_ipython().kernel._publish_status = pausing
"""
"""The kernel pauses when it has said that it is idle, as on a busy machine, before its loop goes on."""


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    with started(tmp_path_factory.mktemp("kernel")) as kernel:
        kernel.run(PAUSE)
        yield kernel


def test_a_cell_after_one_that_failed_runs(kernel):
    assert ["error", "ok"] == [kernel.run("1 / 0").status, kernel.run("1").status]


def test_a_cell_after_a_run_all_that_failed_runs(kernel):
    failed = kernel.run_all(["import time\ntime.sleep(1)\n1 / 0", "1"])
    assert ["error", "aborted", "ok"] == [*(cell.status for cell in failed), kernel.run("1").status]
