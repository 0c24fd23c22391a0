"""What a confined process can read, each tried in a process of its own: a confinement lasts as long as that."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from colab_save.fresh_process import landlock
from colab_save.fresh_process.confining import Confinement

PROGRAM = """
import json, os, sys
from pathlib import Path
from colab_save.fresh_process.confining import Confinement
confinement = Confinement([{own!r}])
confinement.enter([{stage!r}], [{withheld!r}], is_last={is_last})
def said(work):
    try:
        return str(work())
    except OSError as error:
        return type(error).__name__
print(json.dumps([said(lambda: {work}), list(confinement.refused)]))
"""

needs_landlock = pytest.mark.skipif(not landlock.is_available(), reason="this kernel has no Landlock")


@pytest.fixture
def tried(tmp_path):
    """Do one thing in a confined process; return what came of it, and the paths that were refused."""
    for name in ("own", "stage", "home/.cache", "notebook"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "a.txt").write_text("text")

    def work(text, *, is_last=False, withheld="/nowhere"):
        folder = str(tmp_path)
        program = PROGRAM.format(
            own=f"{folder}/own", stage=f"{folder}/stage", withheld=withheld, work=text.format(folder), is_last=is_last
        )
        environment = {**os.environ, "HOME": f"{folder}/home"}
        command = [sys.executable, "-c", program]
        run = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path / "own", env=environment)
        return json.loads(run.stdout)

    return work


@pytest.mark.parametrize("is_last", [False, True], ids=["the hook", "the kernel too"])
@pytest.mark.parametrize("folder", ["own", "stage", "home/.cache"])
def test_its_own_files_those_of_the_job_and_of_caches_can_be_read(folder, is_last, tried):
    assert ["text", []] == tried(f"open('{{}}/{folder}/a.txt').read()", is_last=is_last)


@pytest.mark.parametrize("is_last", [False, True], ids=["the hook", "the kernel too"])
@pytest.mark.parametrize(
    "work",
    ["open({path!r})", "os.open({path!r}, os.O_RDONLY)", "Path({path!r}).read_text()", "open({path!r}, 'rb')"],
)
def test_a_file_of_the_notebook_is_not_there(work, is_last, tried, tmp_path):
    path = f"{tmp_path}/notebook/a.txt"
    assert ["FileNotFoundError", [path]] == tried(work.format(path=path), is_last=is_last)


@pytest.mark.parametrize(
    "work", ["os.listdir({path!r})", "list(os.scandir({path!r}))", "list(Path({path!r}).iterdir())"]
)
def test_nor_is_its_folder(work, tried, tmp_path):
    path = f"{tmp_path}/notebook"
    assert ["FileNotFoundError", [path]] == tried(work.format(path=path))


@pytest.mark.parametrize(
    "work",
    ["os.path.exists({path!r})", "os.path.isfile({path!r})", "Path({path!r}).exists()", "Path({path!r}).is_file()"],
)
def test_whoever_asks_for_it_is_told_that_it_is_not_there(work, tried, tmp_path):
    path = f"{tmp_path}/notebook/a.txt"
    assert ["False", [path]] == tried(work.format(path=path))


@pytest.mark.parametrize("work", ["os.stat({path!r}).st_size", "os.path.getsize({path!r})", "Path({path!r}).stat()"])
def test_nor_is_its_size(work, tried, tmp_path):
    path = f"{tmp_path}/notebook/a.txt"
    assert ["FileNotFoundError", [path]] == tried(work.format(path=path))


@pytest.mark.parametrize("path", ["{0}/stage/a.txt", "{0}/own/a.txt", "{0}/notebook", "/proc/self/status"])
def test_files_that_can_be_read_and_folders_are_there(path, tried):
    assert ["True", []] == tried(f"os.path.exists('{path}') and Path('{path}').exists()")


def test_what_the_model_has_written_is_there(tried):
    write = "open('{0}/notebook/new.txt', 'w').write('more')"
    assert ["True", []] == tried(f"bool({write}) and os.path.isfile('{{0}}/notebook/new.txt')")


def test_a_relative_path_that_is_asked_for_is_noted(tried):
    assert ["False", ["b.txt"]] == tried("os.path.exists('b.txt')")


def test_nor_what_a_link_leads_to(tried, tmp_path):
    (tmp_path / "stage" / "link").symlink_to(tmp_path / "notebook" / "a.txt")
    assert "FileNotFoundError" == tried("open('{}/stage/link')")[0]


def test_a_relative_path_is_noted_where_it_leads_nowhere(tried):
    assert ["FileNotFoundError", ["b.txt"]] == tried("open('b.txt')")


@pytest.mark.parametrize("is_last", [False, True], ids=["the hook", "the kernel too"])
def test_what_the_model_names_itself_is_refused_in_a_cache_too(is_last, tried, tmp_path):
    path = f"{tmp_path}/home/.cache/a.txt"
    assert ["FileNotFoundError", [path]] == tried(f"open({path!r})", withheld=path, is_last=is_last)


@pytest.mark.parametrize("is_last", [False, True], ids=["the hook", "the kernel too"])
def test_packages_and_the_system_can_be_read(is_last, tried):
    assert "True" == tried("bool(__import__('email.mime.text') and os.listdir('/proc/self'))", is_last=is_last)[0]


@pytest.mark.parametrize("is_last", [False, True], ids=["the hook", "the kernel too"])
def test_a_file_that_is_made_anew_can_be_written_anywhere(is_last, tried):
    assert ["4", []] == tried("open('{}/notebook/new.txt', 'w').write('more')", is_last=is_last)


def test_what_the_model_has_written_it_can_read(tried):
    write = "open('{0}/notebook/new.txt', 'w').write('more')"
    assert ["more", []] == tried(f"{write} and open('{{0}}/notebook/new.txt').read()")


@pytest.mark.parametrize("mode", ["a+", "r+"])
def test_a_file_of_the_notebook_is_not_read_by_writing_to_it(mode, tried, tmp_path):
    answer = tried(f"open('{{}}/notebook/a.txt', {mode!r}).read()")
    assert ["FileNotFoundError", [str(tmp_path / "notebook/a.txt")]] == answer


@needs_landlock
def test_the_kernel_refuses_native_code(tried):
    with tempfile.NamedTemporaryFile(dir="/var/tmp") as file:  # tmp_path may be in memory, which native code may read
        native = f"__import__('ctypes').CDLL(None).open(b'{file.name}', 0)"
        assert "-1" == tried(native, is_last=True)[0]
        assert "-1" != tried(native)[0]


@pytest.mark.skipif(not os.access("/dev/shm", os.W_OK), reason="no files can be put into memory here")
def test_a_file_in_memory_is_one_of_this_machine(tried):
    with tempfile.NamedTemporaryFile(dir="/dev/shm") as file:
        assert ["FileNotFoundError", [file.name]] == tried(f"open({file.name!r})")


@needs_landlock
def test_the_kernel_lets_native_code_read_what_is_staged(tried):
    assert "-1" != tried("__import__('ctypes').CDLL(None).open(b'{}/stage/a.txt', 0)", is_last=True)[0]


def test_another_processor_has_none_that_was_tried(monkeypatch):
    monkeypatch.setattr(landlock.platform, "machine", lambda: "s390x")
    assert not landlock.restrict([])


@pytest.mark.parametrize(
    ("text", "is_named"),
    [
        ("vocab.txt; No such file or directory", True),
        ("Vocabulary file vocab.txt does not exist.", True),
        ("/here/vocab.txt; Permission denied", True),
        ("not found: 'my_vocab.txt'", False),
        ("not found: 'vocab.txt.bak'", False),
        ("vocab.txt has three lines", False),
    ],
)
def test_an_error_of_native_code_names_the_file(text, is_named):
    confinement = Confinement([])
    confinement.find_refused(ValueError(text), {"vocab.txt": "/here/vocab.txt"})
    assert is_named == ("vocab.txt" in confinement.refused)


def test_the_error_behind_an_error_is_looked_at_too():
    confinement, error = Confinement([]), ValueError("the layer cannot be made")
    error.__cause__ = FileNotFoundError("no such file: a.txt")
    confinement.find_refused(error, {"a.txt": str(Path("/here/a.txt"))})
    assert ["a.txt"] == list(confinement.refused)
