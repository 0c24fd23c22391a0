"""How long `%load_ext colab_save` takes once IPython is up. Goal: 50 ms, and no TensorFlow.

Run: python tests/benchmarks/bench_load_ext.py
"""

from __future__ import annotations

import statistics
import subprocess
import sys

SCRIPT = """
import sys, time
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
start = time.perf_counter()
shell.run_line_magic("load_ext", "colab_save")
print(1000 * (time.perf_counter() - start), "tensorflow" in sys.modules)
"""


def main() -> None:
    """Load the extension in fresh processes and print the median."""
    answers = [
        subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True).stdout.split()
        for _ in range(9)
    ]
    taken = [float(milliseconds) for milliseconds, _ in answers]
    with_tensorflow = any(loaded == "True" for _, loaded in answers)
    print(f"%load_ext colab_save: median {statistics.median(taken):.0f} ms, worst {max(taken):.0f} ms (goal: 50 ms)")
    print(f"TensorFlow imported: {with_tensorflow}")


if __name__ == "__main__":
    main()
