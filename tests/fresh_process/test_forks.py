"""Each round trip has a process of its own, with nothing of an earlier one in it, nor anything of the notebook."""

from __future__ import annotations

import json
import os
import signal
import sys

import pytest

from colab_save.errors import VerifierError
from colab_save.fresh_process.process import Verifier
from colab_save.fresh_process.warm import Fork, warm_parent
from tests.fresh_process.conftest import kill, wait_until

pytestmark = [
    pytest.mark.outside,
    pytest.mark.skipif(sys.platform != "linux", reason="forks are trusted on Linux only"),
]

PLANT = """
import builtins, keras, os, random, sys, tempfile, threading, types
import numpy as np
sys.modules["planted"] = types.ModuleType("planted")
builtins.planted = keras.planted = 1
keras.saving.get_custom_objects = lambda: {"planted": int}
os.environ["PLANTED"] = "1"
os.chdir("/")
os.umask(0o777)
sys.path.append("/planted")
threading.Thread(target=threading.Event().wait, daemon=True).start()
opened = open("/dev/null")
os.dup2(opened.fileno(), 99)
random.seed(0)
np.random.seed(0)
np.seterr(all="raise")
open(os.path.join(tempfile.gettempdir(), "planted-by-a-test"), "w").close()
os.remove(os.path.join(tempfile.gettempdir(), "planted-by-a-test"))
found = "planted"
"""

LOOK = """
import builtins, json, keras, os, sys, threading
import numpy as np
found = json.dumps({
    "modules": "planted" in sys.modules,
    "variables": hasattr(builtins, "planted") or hasattr(keras, "planted"),
    "registered": list(keras.saving.get_custom_objects()),
    "environment": os.environ.get("PLANTED"),
    "folder": os.listdir("."),
    "path": "/planted" in sys.path,
    "threads": threading.active_count(),
    "descriptors": sorted(map(int, os.listdir("/proc/self/fd")))[-1] >= 99,
    "warnings": np.geterr()["over"],
})
"""

NOTHING = {
    "modules": False,
    "variables": False,
    "registered": [],
    "environment": None,
    "folder": [],
    "path": False,
    "threads": 1,
    "descriptors": False,
    "warnings": "warn",
}


def test_a_fork_finds_nothing_of_an_earlier_one(notebook):
    assert "planted" == notebook.run(PLANT)
    assert NOTHING == json.loads(notebook.run(LOOK))


def test_a_second_trip_of_the_same_save_finds_nothing_of_the_first(notebook):
    with Verifier() as verifier:
        notebook.run(PLANT, verifier=verifier)
        verifier.renew()
        assert NOTHING == json.loads(notebook.run(LOOK, verifier=verifier))


def test_forks_come_from_one_parent(notebook):
    parents = {notebook.run("import os; found = os.getppid()") for _ in range(3)}
    assert {str(warm_parent.status(30.0).pid)} == parents


def test_a_fork_has_the_notebooks_environment_of_now(notebook, monkeypatch):
    notebook.run("found = 1")
    monkeypatch.setenv("NOTEBOOKS_OWN", "now")
    assert "now" == notebook.run("import os; found = os.environ['NOTEBOOKS_OWN']")


def test_a_variable_that_the_notebook_has_removed_is_gone(notebook, monkeypatch):
    monkeypatch.setenv("NOTEBOOKS_OWN", "then")
    notebook.run("found = 1")
    monkeypatch.delenv("NOTEBOOKS_OWN")
    assert "None" == notebook.run("import os; found = os.environ.get('NOTEBOOKS_OWN')")


def test_a_fork_has_the_notebooks_time_zone(notebook, monkeypatch):
    notebook.run("found = 1")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert "JST" == notebook.run("import time; found = time.tzname[0]")


def test_a_fork_has_no_arguments_of_its_parent(notebook):
    assert "['-c']" == notebook.run("import sys; found = sys.argv")


def test_no_signal_is_blocked_in_a_fork_that_is_blocked_in_the_notebook(notebook):
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    blocked = notebook.run("import signal; found = signal.pthread_sigmask(signal.SIG_BLOCK, ())")
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    assert "set()" == blocked


def test_what_a_fork_has_written_for_a_time_is_gone_with_it(notebook):
    program = "import os, tempfile; descriptor, found = tempfile.mkstemp(); os.close(descriptor)"
    assert not os.path.lexists(notebook.run(program))


def test_the_parent_knows_no_variable_of_one_notebook(notebook, monkeypatch):
    monkeypatch.setenv("A_TOKEN", "secret")
    program = "import os; found = 'A_TOKEN' in open(f'/proc/{os.getppid()}/environ').read()"
    assert "False" == notebook.run(program)


def test_a_fork_imports_packages_from_where_the_notebook_does(notebook, tmp_path, monkeypatch):
    own = tmp_path / "libs"
    (own / "added-1.dist-info").mkdir(parents=True)
    (own / "added_later.py").write_text("value = 5")
    monkeypatch.syspath_prepend(own)
    assert "5" == notebook.run("import added_later; found = added_later.value")


def test_a_fork_does_not_import_the_users_own_modules(notebook, tmp_path, monkeypatch):
    own = tmp_path / "libs"
    own.mkdir()
    (own / "own_module.py").touch()
    monkeypatch.syspath_prepend(own)
    program = "import importlib.util; found = importlib.util.find_spec('own_module')"
    assert "None" == notebook.run(program)


def test_a_fork_has_no_gpu(notebook, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    assert "-1" == notebook.run("import os; found = os.environ['CUDA_VISIBLE_DEVICES']")


@pytest.mark.parametrize("draw", ["numpy.random.random()", "__import__('random').random()"])
def test_two_forks_draw_different_numbers(notebook, draw):
    program = f"import numpy; found = {draw}"
    assert notebook.run(program) != notebook.run(program)


def test_what_it_prints_is_no_answer(notebook):
    program = "import os; print('{}'); os.write(1, b'{}\\n'); os.write(2, b'{}\\n'); found = 7"
    assert "7" == notebook.run(program)


def test_what_it_writes_to_its_connection_is_no_answer(notebook):
    program = """
import os
[connection] = [int(each) for each in os.listdir("/proc/self/fd")
                if os.path.realpath(f"/proc/self/fd/{each}").rpartition("/")[2].startswith("socket:")]
os.write(connection, b"7\\n[]\\nnull\\nnothing\\n\\n")
found = 7
"""
    assert "7" == notebook.run(program)


def test_a_fork_has_no_descriptor_of_the_parent(notebook):
    """Beside the standard ones: its connection, the log until it is on the standard ones, and this listing."""
    program = """
import os
found = [os.readlink(f"/proc/self/fd/{each}") for each in os.listdir("/proc/self/fd")[3:]
         if os.path.lexists(f"/proc/self/fd/{each}")]
"""
    with Verifier() as other:
        notebook.run("found = 1", verifier=other)
        descriptors = notebook.run(program)
    assert 1 == descriptors.count("socket:")


def test_jobs_of_two_notebooks_do_not_meet(notebook):
    with Verifier() as first, Verifier() as second:
        pids = {notebook.run("import os; found = os.getpid()", verifier=each) for each in (first, second)}
    assert 2 == len(pids)


def test_the_first_answer_waits_until_keras_is_imported(stand_in, notebook):
    stand_in("import time; time.sleep(0.5); slow = 1")
    assert "1" == notebook.run("import keras; found = keras.slow")


def test_a_time_limit_counts_the_imports(stand_in, notebook, tmp_path):
    pid = tmp_path / "pid"
    stand_in(f"import os, time; open({str(pid)!r}, 'w').write(str(os.getpid())); time.sleep(60)")
    with pytest.raises(VerifierError, match=r"did not answer within 0\.5 seconds"):
        notebook.run("found = 1", timeout=0.5)
    wait_until(lambda: pid.exists() and pid.read_text())
    kill(int(pid.read_text()))


@pytest.mark.parametrize("pid", ["self", "{os.getppid()}"], ids=["the fork", "its parent"])
def test_linux_ends_these_processes_first_when_memory_runs_out(notebook, pid):
    assert "1000" == notebook.run(f"import os; found = int(open(f'/proc/{pid}/oom_score_adj').read())")


def test_a_fork_is_what_the_notebook_gets(notebook):
    with Verifier() as verifier:
        notebook.run("found = 1", verifier=verifier)
        assert isinstance(verifier._process, Fork)
