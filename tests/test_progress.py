from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path

import pytest

from colab_save.progress import ProgressBar, Stage, Step, ignore_steps

SAVE = (Stage.RESOLVE, Stage.STAGE, Stage.VERIFY, Stage.PUBLISH)


WITHOUT_WIDGETS = """
import sys
import ipykernel.zmqshell
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
InteractiveShell.instance(config=Config(IPKernelApp={"name": "a kernel, to tqdm"}))
sys.modules["ipywidgets"] = None
from colab_save.progress import ProgressBar, Stage, Step
with ProgressBar(delay=0.01, interval=0.02) as on_step:
    on_step(Step(Stage.PUBLISH, 1, 2))
    __import__("time").sleep(0.3)
"""


class Screen(io.StringIO):
    """The file of a terminal; a test can wait for a text in it."""

    def wait_for(self, text: str, since: int) -> None:
        until = time.monotonic() + 5
        while text not in self.getvalue()[since:] and time.monotonic() < until:
            time.sleep(0.005)


def show(*steps: Step, delay: float = 0.01) -> str:
    """Return what a terminal receives from steps that each last until they are shown."""
    screen = Screen()
    with ProgressBar(screen, delay=delay, interval=0.02) as on_step:
        for step in steps:
            before = len(screen.getvalue())
            on_step(step)
            screen.wait_for(step.stage, before)
    return screen.getvalue()


def left_of(shown: str) -> str:
    """Return what a terminal still shows after the last two carriage returns."""
    return shown.rpartition("\r")[0].rpartition("\r")[2].strip()


def test_a_quick_save_shows_nothing():
    file = io.StringIO()
    with ProgressBar(file) as on_step:
        for stage in SAVE:
            on_step(Step(stage, 10, 10))
    assert "" == file.getvalue()


@pytest.fixture(scope="module")
def shown():
    """What a terminal receives from a save."""
    return show(*map(Step, SAVE))


def test_a_slow_save_shows_every_stage(shown):
    assert [] == [stage for stage in SAVE if stage not in shown]


def test_a_stage_that_lasts_is_shown_though_it_reports_only_once():
    assert "verify keras" in show(Step(Stage.VERIFY, detail="keras"), delay=0.1)


def test_bytes_are_shown_where_they_are_known():
    assert "50.0 MB of 100 MB" in show(Step(Stage.PUBLISH, 50_000_000, 100_000_000))


def test_no_bytes_are_shown_where_they_are_not_known(shown):
    assert "bytes" not in shown


def test_more_bytes_than_were_announced_do_no_harm():
    assert "12 bytes of 10 bytes" in show(Step(Stage.PUBLISH, 12, 10))


def test_there_is_one_bar_and_it_is_wiped_at_the_end(shown):
    assert ("", False) == (left_of(shown), "\n" in shown)


def test_the_bar_is_wiped_when_the_save_fails():
    screen = Screen()

    def fail() -> None:
        with ProgressBar(screen, delay=0.01, interval=0.02) as on_step:
            on_step(Step(Stage.STAGE, 1, 2))
            screen.wait_for("stage", 0)
            raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        fail()
    assert ("stage", "") == (screen.getvalue().split()[0], left_of(screen.getvalue()))


def test_no_thread_of_the_bar_outlives_the_save():
    before = {*threading.enumerate()}
    show(Step(Stage.STAGE))
    assert set() == {*threading.enumerate()} - before


def test_a_bar_leaves_the_warning_filters_alone():
    before = list(warnings.filters)
    show(Step(Stage.STAGE))
    assert before == list(warnings.filters)


@pytest.mark.outside
def test_a_kernel_without_ipywidgets_gets_a_text_bar_and_no_warning():
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    command = [sys.executable, "-c", WITHOUT_WIDGETS]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (0, True, False) == (done.returncode, "publish" in done.stderr, "Warning" in done.stderr), done.stderr


def test_a_pipe_gets_no_bar():
    script = WITHOUT_WIDGETS[WITHOUT_WIDGETS.index("from colab_save") :]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert (0, "", "") == (done.returncode, done.stdout, done.stderr)


def test_steps_may_be_ignored():
    assert ignore_steps(Step(Stage.STAGE)) is None


AT_THE_END = """
import atexit, sys
from colab_save.progress import ProgressBar, Stage, Step

def save():
    with ProgressBar(file=sys.stderr, delay=0) as bar:
        bar(Step(Stage.VERIFY))
    print("saved")

atexit.register(save)
"""


def test_a_bar_works_when_python_ends_and_starts_no_threads():
    run = subprocess.run([sys.executable, "-W", "error", "-c", AT_THE_END], capture_output=True, text=True, check=True)
    assert "saved\n" == run.stdout
