"""The memory of the fresh process: how much of it may be taken, and who ends when there is none left.

`reloading` asks for it. What this process holds is only a copy; what the notebook holds may be hours of training.
"""

from __future__ import annotations

import contextlib
import re
from pathlib import Path


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
