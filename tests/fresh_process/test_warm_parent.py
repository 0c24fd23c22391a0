"""The life of the warm parent: who starts it, who shares it, what it costs when something dies, and when it ends."""

from __future__ import annotations

import itertools
import os
import queue
import resource
import shutil
import signal
import subprocess
import sys
import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from logging.handlers import QueueHandler
from pathlib import Path

import psutil
import pytest

from colab_save.errors import VerifierError
from colab_save.fresh_process import own, warm
from colab_save.fresh_process.job import to_line
from colab_save.fresh_process.own import spare
from colab_save.fresh_process.process import Verifier
from colab_save.fresh_process.sockets import JOB, connect, locked
from colab_save.fresh_process.warm import WarmParent, warm_parent
from tests.fresh_process.conftest import group_of, is_alive, kill, wait_until

pytestmark = [
    pytest.mark.outside,
    pytest.mark.skipif(sys.platform != "linux", reason="forks are trusted on Linux only"),
]

ANOTHER_NOTEBOOK = """
import sys
from colab_save.fresh_process.process import Verifier
from colab_save.fresh_process.job import read_job
from colab_save.fresh_process.warm import warm_parent

with Verifier() as verifier:
    verifier.ask(read_job(sys.argv[1]), 60)
print(warm_parent.status(30.0).pid, flush=True)
sys.stdin.readline()
"""

PARENT = "import os; found = os.getppid()"

FORKING_NOTEBOOK = """
import os, signal, sys, time
from colab_save.fresh_process import warm
from colab_save.fresh_process.job import read_job
from colab_save.fresh_process.own import spare
from colab_save.fresh_process.process import Verifier, leave

def save():
    with Verifier() as verifier:
        verifier.ask(read_job(sys.argv[1]), 60)

{}
"""
"""A notebook that calls ``os.fork``, as multiprocessing does."""

HANG = """
import os, signal, subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
open(file, "w").write(str(os.getpid()))
time.sleep(600)
"""


SET = "from colab_save.fresh_process import child, parent\nchild.{}\nparent.LOOK = child.LOOK"
"""What a stand-in for Keras does to the constants of the process that imports it."""


@pytest.fixture
def another(notebook):
    """Start other notebooks, each of which uses the parent of its user once and stays; returns process and parent."""
    running = []

    def start():
        command = [sys.executable, "-c", ANOTHER_NOTEBOOK, to_line(notebook.write("found = 1"))]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        running.append(process)
        return process, int(process.stdout.readline())

    yield start
    for process in running:
        process.kill()
        process.communicate()


@pytest.fixture
def hanging(notebook, tmp_path):
    """A program that never ends and has started another process; its number is in a file once it hangs."""
    file = tmp_path / "pid"
    program = f"file = {str(file)!r}\n{HANG}"

    def pid():
        wait_until(lambda: file.exists() and file.read_text())
        return int(file.read_text())

    return program, pid


@pytest.fixture
def log():
    """What is logged about fresh processes."""
    records = queue.SimpleQueue()
    handler = QueueHandler(records)
    warm._LOG.addHandler(handler)
    warm._LOG.setLevel("INFO")
    yield records
    warm._LOG.setLevel("NOTSET")
    warm._LOG.removeHandler(handler)


@pytest.fixture
def held(notebook, tmp_path):
    """Start a job in a pool of threads that goes on until what is returned is called, which returns what it found."""
    begun, go = tmp_path / "begun", tmp_path / "go"
    program = f"""
import os, time
open({str(begun)!r}, "w").close()
while not os.path.exists({str(go)!r}):
    time.sleep(0.01)
found = 1
"""

    def start(pool):
        job = pool.submit(notebook.run, program)
        wait_until(begun.exists)

        def end():
            go.touch()
            return job.result()

        return end

    return start


def pid_of_parent(notebook):
    notebook.run("found = 1")
    return warm_parent.status(30.0).pid


# Who starts it, who shares it


def test_nothing_runs_before_the_first_save(notebook):
    assert not warm_parent.status().is_running


def test_two_notebooks_share_one_parent(notebook, another):
    assert pid_of_parent(notebook) == another()[1]


def test_notebooks_that_start_at_once_share_one_parent(notebook, another):
    found = []
    threads = [threading.Thread(target=lambda: found.append(another()[1])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {warm_parent.status(30.0).pid} == set(found)


def test_a_notebook_with_another_backend_has_a_parent_of_its_own(notebook, another, monkeypatch):
    own = pid_of_parent(notebook)
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert own != another()[1]


def test_a_package_that_is_installed_meanwhile_gets_a_new_parent(notebook, tmp_path, monkeypatch):
    packages = tmp_path / "site-packages"
    packages.mkdir()
    monkeypatch.setattr("site.getsitepackages", lambda: [str(packages)])
    own = pid_of_parent(notebook)
    (packages / "installed").mkdir()
    assert own != pid_of_parent(notebook)
    wait_until(lambda: not is_alive(own))


def test_a_parent_that_was_left_for_another_ends(notebook, monkeypatch):
    own = pid_of_parent(notebook)
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    pid_of_parent(notebook)
    wait_until(lambda: not is_alive(own))


def test_only_its_user_can_open_its_socket(notebook, runtime_folder):
    notebook.run("found = 1")
    [folder] = runtime_folder.iterdir()
    assert ["700", "600"] == [f"{path.stat().st_mode & 0o777:o}" for path in (folder, *folder.iterdir())]


def test_a_folder_that_others_can_open_is_not_used(notebook, runtime_folder):
    folder = runtime_folder / f"colab_save-{os.getuid()}"
    folder.mkdir()
    folder.chmod(0o755)
    with pytest.raises(PermissionError, match="others can open it"), locked(folder):
        pass
    assert "1" == notebook.run("found = 1")
    assert "others can open it" in warm_parent.status().reason
    warm_parent._distrust.clear()
    folder.rmdir()


def test_a_path_that_is_too_long_for_a_socket_costs_only_the_warmth(notebook, tmp_path, monkeypatch):
    folder = tmp_path / ("long" * 40)
    folder.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    assert "1" == notebook.run("found = 1")
    assert "too long" in warm_parent.status().reason
    warm_parent._distrust.clear()


def test_a_folder_that_is_deleted_meanwhile_costs_one_start(notebook, runtime_folder):
    first = pid_of_parent(notebook)
    shutil.rmtree(runtime_folder / f"colab_save-{os.getuid()}")
    second = notebook.run(PARENT)
    wait_until(lambda: not is_alive(first))
    assert second == notebook.run(PARENT)


def test_why_nothing_is_warm_is_one_line_in_the_log(notebook, log, tmp_path, monkeypatch):
    folder = tmp_path / ("long" * 40)
    folder.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    for _ in range(2):
        notebook.run("found = 1")
    assert "Fresh processes are started anew: the warm process cannot be started (" in log.get_nowait().message
    assert log.empty()
    warm_parent._distrust.clear()


# What dies costs only itself


def test_a_killed_parent_is_replaced_at_the_next_save(notebook):
    first = pid_of_parent(notebook)
    kill(first)
    assert first != pid_of_parent(notebook)


def test_a_parent_that_is_killed_while_it_imports_is_replaced(notebook, stand_in, tmp_path):
    file = tmp_path / "pid"
    stand_in(f"""
import os, pathlib, time
file = pathlib.Path({str(file)!r})
if not file.exists():
    file.write_text(str(os.getpid()))
    time.sleep(600)
""")
    with Verifier() as verifier:
        wait_until(lambda: file.exists() and file.read_text())
        kill(int(file.read_text()))
        assert "1" == notebook.run("found = 1", verifier=verifier)


KILL_PARENT = """
import os, signal, time
with open({file!r}, "a") as file:
    file.write(f"{{os.getpid()}} ")
tries = open({file!r}).read().split()
if len(tries) <= {times}:
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(600)
found = len(tries)
"""


def test_a_job_whose_parent_is_killed_is_done_in_a_fork_of_another(notebook, tmp_path):
    assert "2" == notebook.run(KILL_PARENT.format(file=str(tmp_path / "tries"), times=1))


def test_a_job_whose_parents_are_killed_says_so(notebook, tmp_path):
    with pytest.raises(VerifierError, match="ended together with the warm process"):
        notebook.run(KILL_PARENT.format(file=str(tmp_path / "tries"), times=2))


def test_the_forks_of_a_killed_parent_are_gone(notebook, tmp_path):
    file = tmp_path / "tries"
    notebook.run(KILL_PARENT.format(file=str(file), times=1))
    wait_until(lambda: not is_alive(int(file.read_text().split()[0])))


def test_a_job_that_dies_costs_only_itself(notebook):
    parent = pid_of_parent(notebook)
    with pytest.raises(VerifierError, match="was killed by signal 9: last words"):
        notebook.run("import os, sys; os.write(2, b'last words\\n'); os.kill(os.getpid(), 9)")
    assert "1" == notebook.run("found = 1")
    assert parent == warm_parent.status(30.0).pid


def test_of_a_huge_log_only_the_end_is_read(notebook):
    notebook.run("found = 1")
    tracemalloc.start()
    with pytest.raises(VerifierError, match="ended with status 3: last words"):
        notebook.run("import os; os.lseek(1, 2**28, 0); os.write(1, b'\\nlast words\\n'); os._exit(3)")
    assert tracemalloc.get_traced_memory()[1] < 2**25
    tracemalloc.stop()


def test_a_job_that_ends_python_says_its_status(notebook):
    with pytest.raises(VerifierError, match="ended with status 3"):
        notebook.run("import os; os._exit(3)")


def test_a_job_that_hangs_is_ended_with_all_that_it_started(notebook, hanging):
    program, pid = hanging
    parent = pid_of_parent(notebook)
    with pytest.raises(VerifierError, match="did not answer within 2 seconds"):
        notebook.run(program, timeout=2)
    wait_until(lambda: group_of(pid()) == [])
    assert parent == warm_parent.status(30.0).pid


def test_a_job_that_left_a_process_behind_is_ended_with_it(notebook):
    program = """
import subprocess, sys, os
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
found = os.getpid()
"""
    pid = int(notebook.run(program))
    wait_until(lambda: group_of(pid) == [])


def test_what_a_job_has_started_in_another_session_delays_nobody(notebook, monkeypatch):
    monkeypatch.setattr(warm, "ENDING", 60.0)
    program = """
import os, time
ours, theirs = os.pipe()
if os.fork() == 0:
    os.setsid()
    os.write(theirs, str(os.getpid()).encode())
    time.sleep(30)
    os._exit(0)
found = os.read(ours, 9).decode()
"""
    pid = int(notebook.run(program))
    assert is_alive(pid)
    kill(pid)


def test_ctrl_c_is_obeyed_at_once(notebook, hanging):
    program, pid = hanging
    notebook.run("found = 1")

    def interrupt():
        pid()
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        notebook.run(program)
    wait_until(lambda: not is_alive(pid()))


def test_ctrl_c_leaves_no_fork_that_has_just_begun(notebook, monkeypatch):
    """IPython holds the traceback of the last error as ``interrupted`` does here, with all that its frames hold."""

    class Interrupt:
        def __fspath__(self):
            raise KeyboardInterrupt

    parent = psutil.Process(pid_of_parent(notebook))
    monkeypatch.setattr("sys.path", [*sys.path, Interrupt()])
    with pytest.raises(KeyboardInterrupt) as interrupted:
        notebook.run("found = 1")
    wait_until(lambda: not parent.children())
    del interrupted


def test_a_job_takes_no_more_memory_than_its_limit(notebook):
    program = "import numpy; found = numpy.ones(2**25).sum()"
    with Verifier() as verifier:
        answer = verifier.ask(notebook.write(program, memory=2**27), 30)
    assert answer["is_out_of_memory"]
    assert "33554432.0" == notebook.run(program)


def test_a_parent_that_answers_nobody_any_more_is_replaced(notebook, monkeypatch):
    monkeypatch.setattr(warm, "HUNG", -1.0)
    first = pid_of_parent(notebook)
    os.kill(first, signal.SIGSTOP)
    with pytest.raises(VerifierError, match="did not answer within 1 seconds"):
        notebook.run("found = 1", timeout=1)
    assert first != pid_of_parent(notebook)
    os.kill(first, signal.SIGCONT)
    wait_until(lambda: not is_alive(first))


def test_a_parent_that_still_imports_is_not_replaced(notebook, stand_in, tmp_path):
    stand_in(f"import time; open({str(tmp_path / 'imports')!r}, 'a').write('1'); time.sleep(1)")
    with pytest.raises(VerifierError, match=r"did not answer within 0\.1 seconds"):
        notebook.run("found = 1", timeout=0.1)
    notebook.run("found = 1")
    assert "1" == (tmp_path / "imports").read_text()


def test_a_parent_without_a_free_descriptor_serves_again_when_it_has_one(notebook, held):
    parent, numbers = pid_of_parent(notebook), itertools.count()
    with ThreadPoolExecutor() as pool:
        running = held(pool)
        before = resource.prlimit(parent, resource.RLIMIT_NOFILE)
        free = next(number for number in numbers if not os.path.lexists(f"/proc/{parent}/fd/{number}"))
        resource.prlimit(parent, resource.RLIMIT_NOFILE, (free, before[1]))
        waiting = pool.submit(notebook.run, PARENT)
        with pytest.raises(TimeoutError):
            waiting.result(0.5)
        resource.prlimit(parent, resource.RLIMIT_NOFILE, before)
        assert [str(parent), "1"] == [waiting.result(), running()]


# What the notebook passes on


@pytest.fixture
def forking(notebook):
    """Run a notebook that forks, and return what it prints."""

    def run(program):
        command = [sys.executable, "-c", FORKING_NOTEBOOK.format(program), to_line(notebook.write("found = 1"))]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    return run


def test_a_notebook_that_ignores_the_end_of_its_children_has_a_parent(forking):
    program = """
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
save()
print(warm.warm_parent.status().is_running)
"""
    assert "True" == forking(program)


# A fork of the notebook


def test_a_fork_of_the_notebook_does_not_hold_the_parent(forking):
    program = """
save()
if (fork := os.fork()) == 0:
    time.sleep(600)
parent = os.pidfd_open(warm.warm_parent.status(30.0).pid)
leave()
import select
print(bool(select.select([parent], [], [], 30)[0]))
os.kill(fork, signal.SIGKILL)
"""
    assert "True" == forking(program)


def test_a_fork_saves_whatever_the_notebook_was_doing_when_it_was_forked(forking):
    program = """
save()
warm.warm_parent._lock.acquire()
if (fork := os.fork()) == 0:
    signal.alarm(20)
    save()
    os._exit(0)
warm.warm_parent._lock.release()
print(os.waitpid(fork, 0)[1])
"""
    assert "0" == forking(program)


def test_the_spare_process_is_not_that_of_a_fork_of_the_notebook(forking):
    program = """
warm.CAN_FORK = False
save()
if (fork := os.fork()) == 0:
    sys.exit()
os.waitpid(fork, 0)
save()
print("saved")
"""
    assert "saved" == forking(program)


# When it ends


def test_it_ends_with_the_last_notebook(notebook, another):
    (first, parent), (second, _) = another(), another()
    first.communicate("\n")
    assert is_alive(parent)
    second.communicate("\n")
    wait_until(lambda: not is_alive(parent))


def test_a_notebook_whose_parent_another_one_has_replaced_uses_the_new_one(notebook, another):
    kill(pid_of_parent(notebook))
    process, parent = another()
    assert parent == pid_of_parent(notebook)
    process.communicate("\n")
    assert "1" == notebook.run("found = 1")
    assert parent == warm_parent.status(30.0).pid


def test_it_ends_with_a_notebook_that_is_killed(notebook, another):
    process, parent = another()
    process.kill()
    wait_until(lambda: not is_alive(parent))


def test_a_fork_ends_with_a_notebook_that_is_killed(notebook, hanging):
    program, pid = hanging
    command = [sys.executable, "-c", ANOTHER_NOTEBOOK, to_line(notebook.write(program))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        fork = pid()
        process.kill()
    wait_until(lambda: not is_alive(fork))


def test_leaving_gives_up_the_parent(notebook, runtime_folder):
    parent = pid_of_parent(notebook)
    warm_parent.leave()
    wait_until(lambda: not is_alive(parent))
    wait_until(lambda: not list(runtime_folder.iterdir()))


def test_a_notebook_that_left_gets_another_at_its_next_save(notebook):
    parent = pid_of_parent(notebook)
    warm_parent.leave()
    wait_until(lambda: not is_alive(parent))
    assert "1" == notebook.run("found = 1")


def test_a_socket_that_a_killed_parent_left_is_removed_by_whoever_leaves(notebook, runtime_folder):
    kill(pid_of_parent(notebook))
    warm_parent.leave()
    assert [] == list(runtime_folder.iterdir())


@pytest.mark.parametrize("constant", ["IDLE = 0.1", "SHORT = 1 << 60"], ids=["idle for long", "memory is short"])
def test_it_ends_although_a_notebook_uses_it_when(notebook, stand_in, constant):
    stand_in(SET.format(constant))
    with Verifier() as verifier:
        parent = int(notebook.run("import os; found = os.getppid()", verifier=verifier))
    wait_until(lambda: not is_alive(parent))
    assert "1" == notebook.run("found = 1")


def test_it_does_not_end_while_a_job_runs(notebook, stand_in):
    stand_in(SET.format("IDLE = child.LOOK = 0.1"))
    assert "1" == notebook.run("import time; time.sleep(1); found = 1")


# The early start


def test_an_early_start_is_the_parent_of_the_first_save(notebook):
    warm_parent.start_early()
    wait_until(lambda: warm_parent.status().is_ready)
    early = warm_parent.status(30.0).pid
    assert early == pid_of_parent(notebook)


def test_an_early_start_imports_at_low_priority_and_its_forks_have_the_notebooks(notebook, stand_in):
    stand_in("import os; niceness = os.nice(0)")
    own = os.nice(0)
    warm_parent.start_early()
    wait_until(lambda: warm_parent.status().is_ready)
    found = notebook.run("import keras, os; found = (keras.niceness, os.nice(0))")
    assert f"({min(own + warm.LOW, 19)}, {own})" == found


def test_there_is_no_early_start_when_memory_is_low(notebook, monkeypatch):
    monkeypatch.setattr(warm, "ROOM", 1 << 60)
    warm_parent.start_early()
    assert not warm_parent.status().is_running


# Where forks cannot be trusted


def test_the_reason_why_nothing_is_warm_is_told(notebook, stand_in):
    stand_in("raise ImportError('it is broken')")
    with pytest.raises(VerifierError, match="it is broken"):
        notebook.run("found = 1")
    assert "Keras cannot be imported: ImportError: it is broken" == warm_parent.status().reason
    warm_parent._distrust.clear()


def test_a_backend_that_started_its_runtime_is_not_forked(notebook, stand_in):
    stand_in(
        "import sys, types\n"
        "sys.modules['tensorflow'] = types.ModuleType('tensorflow')\n"
        "context = sys.modules['tensorflow.python.eager.context'] = types.ModuleType('context')\n"
        "context.context_safe = lambda: types.SimpleNamespace(_initialized=True)"
    )
    assert "1" == notebook.run("found = 1")
    assert "TensorFlow has started its runtime while it was imported" == warm_parent.status().reason
    warm_parent._distrust.clear()


def test_a_first_fork_that_computes_nothing_right_is_not_followed_by_others(notebook, stand_in):
    packages = stand_in()
    text = (packages / "keras.py").read_text().replace("np.sum", "lambda _: 9.0")
    (packages / "keras.py").write_text(text)
    assert "1" == notebook.run("found = 1")
    assert "the first fork ended with status 1" == warm_parent.status().reason
    warm_parent._distrust.clear()


FAIL = "import os\ndef fail(*_): raise OSError('none is allowed')"


@pytest.mark.parametrize("name", ["fork", "pidfd_open"])
def test_a_system_that_cannot_fork_is_told(notebook, stand_in, name):
    stand_in(f"{FAIL}\nos.{name} = fail")
    assert "1" == notebook.run("found = 1")
    assert "the warm process cannot be forked (none is allowed)" == warm_parent.status().reason
    warm_parent._distrust.clear()


def test_a_fork_that_fails_ends_no_other(notebook, stand_in, held):
    """The stand-in lets two forks succeed: the probe and the first job's."""
    stand_in(f"{FAIL}\nforks = iter([os.fork] * 2)\nos.fork = lambda: next(forks, fail)()")
    with ThreadPoolExecutor() as pool:
        running = held(pool)
        notebook.run("found = 1")
        assert "1" == running()
    warm_parent._distrust.clear()


def test_a_spare_process_serves_the_next_save(notebook, monkeypatch):
    monkeypatch.setattr(warm, "CAN_FORK", False)
    program = "import os; found = os.getpid()"
    first = notebook.run(program)
    waiting = spare._process._process.pid
    assert [str(waiting), True] == [notebook.run(program), first != str(waiting)]


def test_there_is_no_spare_process_when_memory_is_low(notebook, monkeypatch):
    monkeypatch.setattr(warm, "CAN_FORK", False)
    monkeypatch.setattr(own, "ROOM", 1 << 60)
    notebook.run("found = 1")
    assert spare._process is None


def test_that_the_system_has_no_forks_is_one_line_in_the_log(notebook, log, monkeypatch):
    monkeypatch.setattr(warm, "CAN_FORK", False)
    for _ in range(2):
        notebook.run("found = 1")
    assert "Fresh processes are started anew: forks are trusted on Linux only." == log.get_nowait().message
    assert log.empty()


def test_a_fork_that_dies_while_its_save_stages_is_replaced(notebook):
    first = pid_of_parent(notebook)
    with Verifier() as verifier:
        wait_until(lambda: verifier._process.has_ended)  # what it says is that it is ready
        [fork] = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        kill(first)
        wait_until(lambda: not is_alive(fork))
        assert "1" == notebook.run("found = 1", verifier=verifier)


def test_a_spare_process_that_died_is_replaced(notebook, monkeypatch):
    monkeypatch.setattr(warm, "CAN_FORK", False)
    notebook.run("found = 1")
    kill(spare._process._process.pid)
    assert "1" == notebook.run("found = 1")


@pytest.mark.parametrize("constant", ["IDLE = 0.1", "SHORT = 1 << 60"], ids=["idle for long", "memory is short"])
def test_a_spare_process_ends_when(notebook, stand_in, monkeypatch, constant):
    stand_in(SET.format(constant))
    monkeypatch.setattr(warm, "CAN_FORK", False)
    notebook.run("found = 1")
    wait_until(lambda: not spare._process.is_running)


def test_a_spare_process_that_cannot_be_started_costs_no_save(notebook, monkeypatch):
    monkeypatch.setattr(warm, "CAN_FORK", False)
    with Verifier() as verifier:
        notebook.run("found = 1", verifier=verifier)
        monkeypatch.setattr("tempfile.tempdir", "/not/there")
    assert spare._process is None


def test_a_spare_process_ends_with_the_notebook(notebook, monkeypatch):
    monkeypatch.setattr(warm, "CAN_FORK", False)
    notebook.run("found = 1")
    pid = spare._process._process.pid
    spare.drop()
    assert not is_alive(pid)


# Others who connect


def test_a_connection_that_says_nothing_stops_nobody(notebook):
    notebook.run("found = 1")
    path = warm._path(warm._name())
    with connect(path), connect(path) as other:
        other.sendall(b"?")
        assert "1" == notebook.run("found = 1")


def test_a_job_without_a_log_stops_nobody(notebook):
    notebook.run("found = 1")
    with connect(warm._path(warm._name())) as connection:
        connection.sendall(JOB)
        assert "1" == notebook.run("found = 1")


def test_another_link_of_the_same_notebook_finds_the_same_parent(notebook):
    own, other = pid_of_parent(notebook), WarmParent()
    other.fork().close()
    assert own == other.status(30.0).pid
    other.leave()


def test_many_trips_come_from_one_parent_whose_memory_stays(notebook):
    notebook.run("found = 1")
    before = warm_parent.status(30.0)
    for _ in range(100):
        notebook.run("found = 1")
    after = warm_parent.status(30.0)
    assert before.pid == after.pid
    assert after.memory - before.memory < 2**20


# Where the user wants none


def test_switched_off_every_save_starts_its_process_anew_and_leaves_none(notebook, monkeypatch):
    monkeypatch.setenv("COLAB_SAVE_WARM", "0")
    assert "1" == notebook.run("found = 1")
    assert [False, None] == [warm_parent.status().is_running, spare._process]


def test_switching_it_off_gives_up_the_parent_at_the_next_save(notebook, monkeypatch):
    parent = pid_of_parent(notebook)
    monkeypatch.setenv("COLAB_SAVE_WARM", "0")
    notebook.run("found = 1")
    wait_until(lambda: not is_alive(parent))


def test_a_bad_value_of_the_setting_is_told_as_that(notebook, monkeypatch):
    monkeypatch.setenv("COLAB_SAVE_WARM", "2")
    assert "the setting warm has a bad value" == warm_parent.status().reason
