"""What a container leaves is heard, since psutil, which Keras asks, tells what the machine has."""

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
def told(tmp_path, monkeypatch):
    """Says what Linux tells, by file."""
    monkeypatch.setattr(memory, "CONTAINER", tmp_path)

    def told(files):
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(text, "ascii")

    return told


@pytest.mark.parametrize("files", [NEWER, OLDER], ids=["cgroup 2", "cgroup 1"])
@pytest.mark.parametrize(("size", "is_tight"), [(75, False), (76, True)])
def test_twice_the_bytes_must_be_left_and_copies_of_files_can_go(told, files, size, is_tight):
    told(files)
    assert is_tight is memory.is_tight(size)


@pytest.mark.parametrize(
    "files",
    [{}, {**NEWER, "memory.max": "max\n"}, {**NEWER, "memory.current": ""}, {"memory.max": "1000\n"}],
    ids=["no container", "without a limit", "unreadable", "incomplete"],
)
def test_what_says_no_limit_sets_none(told, files):
    told(files)
    assert not memory.is_tight(10**12)
