"""Memory: how much of it may be taken, and who ends when there is none left.

`reloading` limits the fresh process, which holds only a copy; what the notebook holds may be hours of training.
`formats.keras` asks what a container leaves.
"""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

CONTAINER = Path("/sys/fs/cgroup")
"""What Linux tells a process of the limits of its container (cgroups(7))."""

_TOLD = (
    ("memory.max", "memory.current", "memory.stat", "inactive_file"),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "memory/memory.stat", "total_inactive_file"),
)
"""Files of both versions of cgroups: the limit, what is used, and which of that are copies of files, that can go."""


def is_tight(size: int) -> bool:
    """Say whether twice so many bytes are more than the container of this process still leaves.

    psutil, which Keras asks, tells what the machine has; a container that takes more than its own limit is ended, and
    the notebook with it.
    """
    for limit, used, statistics, cached in _TOLD:
        try:
            most, taken = (int((CONTAINER / name).read_text("ascii")) for name in (limit, used))
            found = re.search(rf"^{cached} (\d+)$", (CONTAINER / statistics).read_text("ascii"), re.MULTILINE)
        except (OSError, ValueError):  # no such container, or one without a limit: "max"
            continue
        return 2 * size > most - taken + int(found[1] if found else 0)
    return False


def end_first() -> None:
    """Have Linux end this process, and not the notebook, when memory runs out (``oom_score_adj`` in proc(5))."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", "ascii")


def limit_memory(room: int) -> None:
    """Let this process take only so many bytes more, where the system can say what it has.

    ``RLIMIT_DATA`` counts private writable memory (Linux from 4.7 on); ``RLIMIT_AS`` would count TensorFlow's libraries
    and address space that nothing is in. TensorFlow 2.20 and 2.21 answer it with ``ResourceExhaustedError``.
    """
    status = Path("/proc/self/status")
    found = re.search(r"^VmData:\s*(\d+) kB", status.read_text("ascii"), re.MULTILINE) if status.exists() else None
    if found is not None:
        import resource

        limit = int(found[1]) * 1024 + room
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def is_out_of_memory(error: BaseException | None) -> bool:
    """Say whether an error, or one that it came of, is that there was no memory left."""
    while error is not None:
        if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
            return True
        error = error.__cause__ or error.__context__
    return False
