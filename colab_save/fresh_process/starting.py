"""Start a Python process that runs a module of this package and has nothing of the notebook's folder on its path.

`own` starts the fresh process itself, `warm` the parent that forks it.
"""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO

COMMAND = (sys.executable, "-P", "-c")
"""Python without the current folder on its path: a reload must not work only because of the notebook's modules."""

PROGRAM = """
import importlib.machinery, importlib.util, sys
spec = importlib.machinery.PathFinder.find_spec("colab_save", [{folder!r}])
sys.modules["colab_save"] = package = importlib.util.module_from_spec(spec)
spec.loader.exec_module(package)
sys.path += {beside!r}
from {module} import main
main(*sys.argv[1:])
"""
"""The process runs the very package that starts it: another installed copy would prove nothing about this one."""

RELEASE_EARLY = {"MALLOC_MMAP_THRESHOLD_": str(2**20)}
"""Makes the GNU C library return each freed block of 1 MB or more at once (mallopt(3)). By default it learns to retain
blocks of up to 32 MB, and a process that loads layers of 4 MB takes half as much again as the model's size."""


def start(
    module: str,
    stdin: socket.socket,
    environment: Mapping[str, str],
    log: IO[bytes] | int,
    arguments: tuple[str, ...] = (),
) -> subprocess.Popen[bytes]:
    """Start the ``main`` of a module, in a session of its own, and away from the notebook's folder.

    Args:
        module: Its full name.
        stdin: The socket that becomes its standard input: a connection, or one that listens.
        environment: Its environment variables.
        log: Where its standard error and standard output go.
        arguments: What ``main`` takes, as texts.
    """
    package = Path(__file__).resolve().parents[1]
    # The folder around the package may also contain its requirements, so it comes last on the path, unless it is the
    # notebook's current folder.
    beside = [] if package.parent == Path.cwd() else [str(package.parent)]
    program = PROGRAM.format(folder=str(package.parent), beside=beside, module=module)
    return subprocess.Popen(
        [*COMMAND, program, *arguments],
        stdin=stdin.fileno(),
        stdout=log,
        stderr=log,
        cwd="/",
        env={**RELEASE_EARLY, **environment},
        start_new_session=True,
    )
