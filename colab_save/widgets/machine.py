"""What the panel calls: the actions of the table, and by name what else it needs of the notebook and its machine.

Nothing is imported before it is first used, and a test stands in for any of it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from colab_save.frontends.action import Runner
from colab_save.frontends.actions import references
from colab_save.progress import OnStep
from colab_save.reports.viewed import Viewed, require

TICK = 0.5
"""Seconds between two looks at the clock while an action runs."""

BESIDE = {
    "samples_for": "colab_save.sampling.matching:samples_for",
    "write_logs": "colab_save.widgets.machine:write_logs",
    "show_logs": "colab_save.viewing.tensorboard:show_logs",
    "drive": "colab_save.stores.drive.drive_state:drive_state",
    "mount": "colab_save.widgets.machine:mount_drive",
    "is_on_drive": "colab_save.widgets.machine:is_on_drive",
    "start": "colab_save.widgets.machine:start_in_background",
}
"""What the panel calls beside the actions."""


def make_runner(stand_ins: Mapping[str, Callable[..., Any]] | None = None) -> Runner:
    """Make what calls the actions, and `BESIDE`, by name.

    Args:
        stand_ins: Functions to call in place of those.
    """
    return Runner({**references(), **BESIDE}, stand_ins)


def write_logs(target: str, source: str | None, on_step: OnStep) -> Viewed:
    """Write the logs of a version for TensorBoard, which must be there to show them.

    Raises:
        MissingPackageError: TensorBoard is not installed.
    """
    from colab_save.viewing import tensorboard

    require("tensorboard")
    return tensorboard.write_logs(target, source, on_step)


def mount_drive() -> None:
    """Mount Drive; in the main thread only."""
    from colab_save.stores.opening import open_store

    open_store("drive").prepare(0)


def is_on_drive(location: str | None) -> bool:
    """Say whether a store's location is on Drive."""
    from colab_save.stores.opening import open_store

    return open_store(location).kind == "drive"


def start_in_background(work: Callable[[], None], tick: Callable[[], None]) -> None:
    """Run something in a thread of its own, so that the kernel still takes the click on Cancel.

    Args:
        work: What to run.
        tick: Called twice a second meanwhile.
    """
    worker = threading.Thread(target=work, name="colab_save panel", daemon=True)
    worker.start()

    def watch() -> None:
        while worker.is_alive():
            worker.join(TICK)
            tick()

    threading.Thread(target=watch, name="colab_save panel's clock", daemon=True).start()
