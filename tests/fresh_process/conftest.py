"""Programs that fresh processes run, and a stand-in for Keras with which such a process costs milliseconds."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from colab_save.fresh_process.job import OpenJob
from colab_save.fresh_process.own import spare
from colab_save.fresh_process.process import Verifier
from colab_save.fresh_process.warm import warm_parent

STAND_IN = """
import numpy as np

__version__ = "0"
{extra}

class ops:
    ones, matmul, sum = np.ones, np.matmul, np.sum


class saving:
    get_custom_objects = dict

    def load_model(*_, **__):
        raise ValueError("this is no model")
"""


class Notebook:
    """A notebook whose fresh processes run programs, as the code of a file; each assigns its answer to ``found``."""

    def __init__(self, folder):
        self._folder = folder
        self._programs = 0

    def write(self, program, memory=4 << 30):
        """Write a program, and return the job that runs it; its answer comes in a file of the job's payload's name."""
        self._programs += 1
        answer = self._folder / f"answer{self._programs}"
        code = self._folder / f"program{self._programs}.py"
        code.write_text(f"{program}\nopen({str(answer)!r}, 'w').write(str(found))\nCUSTOM_OBJECTS = {{}}\n")
        return OpenJob("keras", str(answer), memory, custom_code=str(code))

    def run(self, program, timeout=30.0, verifier=None):
        """Run a program in a fresh process, and return what it found, as text."""
        if verifier is None:
            with Verifier() as own:
                return self.run(program, timeout, own)
        job = self.write(program)
        verifier.ask(job, timeout)
        return Path(job.payload).read_text()


def in_a_new_process(notebook, program):
    """Run a program in a process that is no fork."""
    with pytest.MonkeyPatch.context() as patch, Verifier(is_used=False) as verifier:
        patch.setenv("COLAB_SAVE_WARM", "0")
        return notebook.run(program, timeout=120.0, verifier=verifier)


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    """Put a stand-in for Keras first on the path of fresh processes; what it does in addition is an argument."""

    def put(extra=""):
        folder = tmp_path / "packages"
        folder.mkdir(exist_ok=True)
        (folder / "keras.py").write_text(STAND_IN.format(extra=extra))
        path = [str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path))
        return folder

    return put


@pytest.fixture
def runtime_folder(tmp_path_factory, monkeypatch):
    """A folder of this test's own for sockets, with a short path, which is gone with the last parent."""
    folder = tmp_path_factory.mktemp("r")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    monkeypatch.setenv("TMPDIR", str(tmp_path_factory.mktemp("t")))  # for notebooks that a test kills
    yield folder
    warm_parent.leave()
    spare.drop()
    wait_until(lambda: not list(folder.iterdir()))


@pytest.fixture
def notebook(stand_in, runtime_folder, tmp_path):
    """A notebook that has no parent yet."""
    stand_in()
    return Notebook(tmp_path)


def wait_until(is_so, seconds=30.0):
    """Wait until something is so; fail if it does not become so."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it did not become so"
        time.sleep(0.01)


def is_alive(pid):
    """Whether a process runs: it is there, and no zombie without threads that still run."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state != "Z" or len([*Path(f"/proc/{pid}/task").iterdir()]) > 1
    except OSError:
        return False


def kill(pid):
    """Kill a process, and wait until it is gone."""
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not is_alive(pid))


def group_of(pid):
    """The processes that run in the session of a process."""
    numbers = (int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit())
    return [each for each in numbers if session_of(each) == pid]


def session_of(pid):
    """The session of a process; ``None`` if it does not run."""
    try:
        return os.getsid(pid) if is_alive(pid) else None
    except ProcessLookupError:
        return None
