"""The limit of a container counts: psutil, which Keras asks, reports the memory of the machine."""

from __future__ import annotations

import pytest

from colab_save import memory

NEWER = {"memory.max": "1000\n", "memory.current": "900\n", "memory.stat": "anon 800\ninactive_file 50\nfile 100\n"}
OLDER = {
    "memory/memory.limit_in_bytes": "1000\n",
    "memory/memory.usage_in_bytes": "900\n",
    "memory/memory.stat": "inactive_file 7\ntotal_inactive_file 50\n",
}


@pytest.fixture
def write_limits(tmp_path, monkeypatch):
    """Write the files in which Linux shows the limits of a container."""
    monkeypatch.setattr(memory, "CONTAINER", tmp_path)

    def write(files):
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(text, "ascii")

    return write


@pytest.mark.parametrize("files", [NEWER, OLDER], ids=["cgroup 2", "cgroup 1"])
@pytest.mark.parametrize(("size", "is_tight"), [(75, False), (76, True)])
def test_twice_the_bytes_must_be_left_where_the_file_cache_can_be_dropped(write_limits, files, size, is_tight):
    write_limits(files)
    assert is_tight is memory.is_tight(size)


@pytest.mark.parametrize(
    "files",
    [{}, {**NEWER, "memory.max": "max\n"}, {**NEWER, "memory.current": ""}, {"memory.max": "1000\n"}],
    ids=["no container", "without a limit", "unreadable", "incomplete"],
)
def test_without_a_readable_limit_nothing_is_tight(write_limits, files):
    write_limits(files)
    assert not memory.is_tight(10**12)
