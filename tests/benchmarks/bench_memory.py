"""What a save takes beside the model, where no more is free than the model weighs. Goal: 1.5 times the model, at most.

Run: python tests/benchmarks/bench_memory.py [machine|container UNITS LAYERS FORMAT…]

There may be more: what is told is that little, of the machine by the package that Keras asks, or of a container by
files as Linux has them. Linux only.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import threading
from pathlib import Path

UNITS, LAYERS = 4096, 30
"""2 GB in float32."""

LITTLE = {
    "machine": """
import psutil
told = psutil.virtual_memory
psutil.virtual_memory = lambda: told()._replace(available={size})
""",
    "container": """
from pathlib import Path
import colab_save.memory
colab_save.memory.CONTAINER = Path({folder!r})
""",
}
"""What tells both processes how little is free."""


def main() -> None:
    """Print, as JSON, what the runtime of the fresh process takes, what the save takes beside that, and its outcome."""
    what = sys.argv[1] if len(sys.argv) > 1 else "machine"
    units, layers = (int(word) for word in sys.argv[2:4]) if len(sys.argv) > 3 else (UNITS, LAYERS)
    formats = sys.argv[4:] or ["keras", "saved_model"]
    size = 4 * layers * units * units
    with tempfile.TemporaryDirectory() as folder:
        for name, told in (("max", f"{size}"), ("current", "0"), ("stat", "inactive_file 0")):
            Path(folder, f"memory.{name}").write_text(told)
        little = LITTLE[what].format(size=size, folder=folder)
        Path(folder, "sitecustomize.py").write_text(little)
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [folder, os.environ.get("PYTHONPATH", "")]))
        exec(little, {})
        runtime, _ = measure(units, 1, formats, folder)
        taken, outcome = measure(units, layers, formats, folder)
    print(json.dumps({"runtime": runtime, "taken": taken - runtime, "size": size, "outcome": outcome}))


def measure(units, layers, formats, folder):
    """The most bytes that saving a model of this many layers takes at once, in both processes, and the outcome."""
    import keras
    import numpy as np

    from colab_save.request.request import SaveRequest
    from colab_save.saving.pipeline import save

    dense = [keras.layers.Dense(units, use_bias=False) for _ in range(layers)]
    model = keras.Sequential([keras.Input((units,)), *dense])
    before, seen, is_over = taken_now(), [0], threading.Event()

    def watch():
        while not is_over.wait(0.01):
            seen.append(taken_now())

    watcher = threading.Thread(target=watch)
    watcher.start()
    sample = np.ones((2, units), "float32")
    report = save(SaveRequest(model, f"of {layers} layers", to=folder, formats=formats, sample=sample))
    is_over.set()
    watcher.join()
    return max(seen) - before, report.outcome


def taken_now():
    """Bytes of memory that this process and those that it started have; files mapped into memory are not counted."""
    started = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    total, own = 0, Path("/proc/self/cmdline").read_bytes()
    for pid in ("self", *started):
        try:
            # Between fork and exec a process has this one's memory, and still its command line.
            if pid == "self" or Path(f"/proc/{pid}/cmdline").read_bytes() != own:
                total += 1024 * int(Path(f"/proc/{pid}/status").read_text().partition("RssAnon:")[2].split()[0])
        except (OSError, IndexError):  # it has ended meanwhile
            continue
    return total


if __name__ == "__main__":
    main()
