"""How long `%load_ext colab_save` takes in a new process once IPython is up."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

from tests.benchmarks.timing import rounds

SCRIPT = """
import sys, time
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
began = time.perf_counter()
shell.run_line_magic("load_ext", "colab_save")
print(1000 * (time.perf_counter() - began))
assert "tensorflow" not in sys.modules
"""


def load_extension(*, is_small: bool) -> Iterator[tuple[str, float]]:
    """Yield milliseconds as ``load``."""
    for _ in rounds(is_small=is_small):
        command = [sys.executable, "-c", SCRIPT]
        yield "load", float(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)
