"""The socket of a warm parent: where it is, and who may change that at once."""

from __future__ import annotations

import fcntl
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks are trusted on Linux only")

if sys.platform == "linux":
    from colab_save.fresh_process.sockets import listen, locked, remove_dead, runtime_folder


@pytest.mark.parametrize("unusable", ["/not/there", ".", ""], ids=["missing", "relative", "empty"])
def test_a_folder_that_cannot_be_used_is_passed_over(unusable, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", unusable)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    assert tmp_path == runtime_folder().parent


def test_no_folder_is_made_but_that_of_the_sockets(tmp_path):
    with pytest.raises(FileNotFoundError), locked(tmp_path / "missing" / "sockets"):
        pass
    assert [] == list(tmp_path.iterdir())


def test_whoever_removes_the_folder_stops_nobody_who_is_making_it(tmp_path):
    path = tmp_path / "sockets" / "a.sock"

    def make_and_remove(_):
        with locked(path.parent):
            pass
        remove_dead(path)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(make_and_remove, range(4000)))
    assert not path.parent.exists()


def test_a_fork_of_the_notebook_does_not_keep_the_folder_locked(tmp_path):
    """A fork has a copy of each descriptor, as ``dup`` makes one."""
    tmp_path.chmod(0o700)
    with locked(tmp_path):
        copies = [os.dup(int(path.name)) for path in Path("/proc/self/fd").iterdir() if is_link_to(path, tmp_path)]
    other = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    for descriptor in (other, *copies):
        os.close(descriptor)


def is_link_to(link, path):
    """Whether a link leads to a path, if it is still there."""
    try:
        return link.readlink() == path
    except FileNotFoundError:
        return False


def test_a_socket_at_which_somebody_listens_is_not_removed(tmp_path):
    path = tmp_path / "a.sock"
    with listen(path):
        remove_dead(path)
        assert path.exists()
