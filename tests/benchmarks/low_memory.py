"""What a save takes in both processes where no more memory is free than the model weighs. Linux only.

There may be more: what says that there is little is the package that Keras asks about the machine, or the files in
which Linux shows the limits of a container.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.memory import memory_of_started, peak_of
from tests.benchmarks.models import dense

LOW = {
    "machine": """
import psutil
whole = psutil.virtual_memory
psutil.virtual_memory = lambda: whole()._replace(available={size})
""",
    "container": """
from pathlib import Path
import colab_save.memory
colab_save.memory.CONTAINER = Path({folder!r})
""",
}
"""What says in both processes that little is free."""

FORMATS = {"machine": ("keras", "saved_model"), "container": ("keras",)}


def save_with_low_memory(where: str, *, is_small: bool) -> Iterator[tuple[str, float]]:
    """Yield how much a save takes, beyond what it takes, with all processes, for a model of one layer.

    Args:
        where: Where little is free: ``machine`` or ``container``.
        is_small: Whether the model is of 24 layers of 4 MB; else it is of 30 of 64 MB. Each is small beside the whole.
    """
    units, layers = (1024, 24) if is_small else (4096, 30)
    size = 4 * layers * units * units
    reduce_memory(where, size)
    peak_of_save(where, units, 1)  # what a first save imports is no part of it
    runtime = peak_of_save(where, units, 1)
    yield "save", (peak_of_save(where, units, layers) - runtime) / size


def reduce_memory(where: str, size: int) -> None:
    """Have this process, and those that it starts, see no more free memory than this."""
    folder = Path("low").absolute()
    folder.mkdir()
    for name, content in (("max", f"{size}"), ("current", "0"), ("stat", "inactive_file 0")):
        (folder / f"memory.{name}").write_text(content)
    low = LOW[where].format(size=size, folder=str(folder))
    (folder / "sitecustomize.py").write_text(low)
    os.environ["PYTHONPATH"] = os.pathsep.join([str(folder), os.environ["PYTHONPATH"]])
    exec(low, {})


def peak_of_save(where: str, units: int, layers: int) -> int:
    """Return the most bytes that saving a model of this many layers takes at once, beside the model."""
    import numpy as np

    from colab_save import save_model

    model = dense(units, layers, use_bias=False)
    sample = np.ones((2, units), "float32")

    def save() -> None:
        report = save_model(model, f"of {layers} layers", formats=FORMATS[where], sample=sample)
        assert report.outcome == "PASSED", report

    return peak_of(save, others=memory_of_started)
