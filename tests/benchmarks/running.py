"""Run a benchmark in a fresh process that shares nothing with what the user has, and return its values."""

from __future__ import annotations

import json
import os
import site
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]


class BenchmarkError(Exception):
    """A benchmark failed; the message is what it wrote."""


def run(name: str, *, is_small: bool) -> list[tuple[str, float]]:
    """Run a benchmark in a fresh process, and return its values by the full names of their measures.

    Raises:
        BenchmarkError: It failed.
    """
    with tempfile.TemporaryDirectory(prefix="colab_save_benchmark_", ignore_cleanup_errors=True) as own:
        home = Path(own)
        answer, log, work = home / "answer.json", home / "log", home / "work"
        work.mkdir()
        flags = ["--small"] if is_small else []
        command = [sys.executable, "-m", "tests.benchmarks.benchmarks", name, str(answer), *flags]
        # Into a file, not a pipe: a process that outlives it would hold the pipe open.
        with log.open("w") as output:
            done = subprocess.run(command, cwd=work, env=environment(home), stdout=output, stderr=output, check=False)
        if done.returncode:
            raise BenchmarkError(f"{name} ended with {done.returncode}:\n{log.read_text(errors='replace')}")
        return [(f"{name}.{measure}", value) for measure, value in json.loads(answer.read_text())]


def environment(home: Path) -> dict[str, str]:
    """Return the environment of a user who has never saved before, with the packages of this one."""
    folders = {"HOME": "", "TMPDIR": "tmp", "XDG_RUNTIME_DIR": "run"}
    folders |= {f"XDG_{kind}_HOME": kind.lower() for kind in ("CACHE", "CONFIG", "DATA", "STATE")}
    for folder in folders.values():
        (home / folder).mkdir(mode=0o700, exist_ok=True)
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("COLAB_SAVE_")},
        **{name: str(home / folder) for name, folder in folders.items()},
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
        "PYTHONUSERBASE": site.getuserbase(),  # packages that are installed for the user are below her real home
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
