"""Memory: how much is left, how much a process may take, and which process Linux ends first when it runs out.

`fresh_process.child` limits the fresh process, which holds only a copy of the model; the notebook may hold hours of
training. `formats.keras` asks how much a container has left, `fresh_process.parent` whether it may stay.
"""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

CONTAINER = Path("/sys/fs/cgroup")
"""Where Linux shows a process the limits of its container (cgroups(7))."""

SHORT = 1_000_000_000
"""Bytes: with less available, memory is short."""

ROOM = 2_000_000_000
"""Bytes that must be available to start a process before it is needed; one that has imported Keras takes 0.5 GB."""

_LIMIT_FILES = (
    ("memory.max", "memory.current", "memory.stat", "inactive_file"),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "memory/memory.stat", "total_inactive_file"),
)
"""For both versions of cgroups: the files with the limit, the usage and its statistics, and the statistic of the file
cache that Linux can drop."""


def is_tight(size: int) -> bool:
    """Return whether twice this many bytes exceed what the container of this process has left.

    Keras asks psutil, which reports the memory of the machine. Linux ends a container that exceeds its own limit, and
    the notebook with it.
    """
    left = left_in_container()
    return left is not None and 2 * size > left


def available_memory() -> int:
    """Return how many bytes are available, in the machine and in the container of this process."""
    import psutil

    free: int = psutil.virtual_memory().available
    left = left_in_container()
    return free if left is None else min(free, left)


def resident_memory() -> int:
    """Return how many bytes of memory this process takes."""
    import psutil

    taken: int = psutil.Process().memory_info().rss
    return taken


def left_in_container() -> int | None:
    """Return the bytes that the container has left, its file cache included; ``None`` if it has no limit."""
    for limit, used, statistics, cached in _LIMIT_FILES:
        try:
            most, taken = (int((CONTAINER / name).read_text("ascii")) for name in (limit, used))
            found = re.search(rf"^{cached} (\d+)$", (CONTAINER / statistics).read_text("ascii"), re.MULTILINE)
        except (OSError, ValueError):  # not in a container, or in one without a limit ("max")
            continue
        return most - taken + int(found[1] if found else 0)
    return None


def end_first() -> None:
    """Make Linux end this process rather than the notebook when memory runs out (``oom_score_adj`` in proc(5))."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", "ascii")


def limit_memory(room: int) -> None:
    """Limit this process to this many bytes beyond what it uses now; do nothing where the system does not show that.

    ``RLIMIT_DATA`` counts private writable memory (Linux 4.7 and later); ``RLIMIT_AS`` would also count TensorFlow's
    libraries and unused address space. At the limit TensorFlow 2.20 and 2.21 raise ``ResourceExhaustedError``.
    """
    status = Path("/proc/self/status")
    found = re.search(r"^VmData:\s*(\d+) kB", status.read_text("ascii"), re.MULTILINE) if status.exists() else None
    if found is not None:
        import resource

        limit = int(found[1]) * 1024 + room
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def is_out_of_memory(error: BaseException | None) -> bool:
    """Return whether an error, or one that caused it, says that memory ran out."""
    while error is not None:
        if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
            return True
        error = error.__cause__ or error.__context__
    return False
