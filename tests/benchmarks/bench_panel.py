"""How long the panel takes to appear with 30 models, and to list 500 versions. Goals: 300 ms, and a second when warm.

Run: python tests/benchmarks/bench_panel.py
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
sys.path.insert(0, str(Path(__file__).parents[1]))

from making import manifest

VERSIONS = 500


def time_of(action):
    began = time.perf_counter()
    action()
    return 1000 * (time.perf_counter() - began)


def show_models(shell):
    """Fill a notebook with 30 compiled models, and make panels."""
    import keras

    import colab_save

    for number in range(30):
        layers = [keras.layers.Dense(8) for _ in range(10)]
        shell.user_ns[f"model_{number}"] = keras.Sequential([keras.Input((8,)), *layers])
    first = time_of(colab_save.panel)
    print(f"panel() with 30 models: first {first:.0f} ms", end=", ")
    print(f"again {statistics.median(time_of(colab_save.panel) for _ in range(5)):.0f} ms (goal: 300 ms)")


def list_versions(shell):
    """Fill a store with 500 versions, and open the tab that lists them."""
    from colab_save.widgets.board import Panel
    from colab_save.widgets.machine import make_runner

    for number in range(VERSIONS):
        made = manifest(
            name=f"n{number % 50:02}", version=f"2026{number % 12 + 1:02}01T10153{number % 10}Z-{number:04x}"
        )
        folder = Path("models", made.name, made.version)
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_text(made.to_json(), "utf-8")
    panel = Panel(shell, make_runner({"start": lambda work, tick: work()}))
    first = time_of(lambda: setattr(panel.tabs, "selected_index", 1))
    assert len(panel.models.listing.manifests) == VERSIONS
    print(f"{VERSIONS} versions listed: first {first:.0f} ms", end=", ")
    print(f"again {statistics.median(time_of(panel.models.refresh) for _ in range(5)):.0f} ms (goal: 1000 ms)")


def main() -> None:
    """Measure both in one process."""
    import ipywidgets  # noqa: F401 - the front end's, and there before the panel
    from IPython.core.interactiveshell import InteractiveShell

    os.chdir(tempfile.mkdtemp())
    shell = InteractiveShell.instance()
    show_models(shell)
    list_versions(shell)


if __name__ == "__main__":
    main()
