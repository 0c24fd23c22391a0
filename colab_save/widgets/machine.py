"""The functions that the panel calls by name: those of the actions, and others of the notebook and its machine.

Nothing is imported before it is first called, and tests replace any of them.
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
"""Seconds between two updates of the clock while an action runs."""

BESIDE = {
    "samples_for": "colab_save.sampling.matching:samples_for",
    "write_logs": "colab_save.widgets.machine:write_logs",
    "show_logs": "colab_save.viewing.tensorboard:show_logs",
    "drive": "colab_save.stores.drive.drive_state:drive_state",
    "mount": "colab_save.widgets.machine:mount_drive",
    "is_on_drive": "colab_save.widgets.machine:is_on_drive",
    "default_folder": "colab_save.widgets.machine:default_folder",
    "start": "colab_save.widgets.machine:start_in_background",
}
"""The functions that the panel calls besides the actions."""


def make_runner(stand_ins: Mapping[str, Callable[..., Any]] | None = None) -> Runner:
    """Return a runner that calls the actions and the functions of `BESIDE` by name.

    Args:
        stand_ins: Functions to call instead, by name.
    """
    return Runner({**references(), **BESIDE}, stand_ins)


def write_logs(target: str, source: str | None, on_step: OnStep) -> Viewed:
    """Write the logs of a version for TensorBoard, if it is installed.

    Raises:
        MissingPackageError: TensorBoard is not installed.
    """
    from colab_save.viewing import tensorboard

    require("tensorboard")
    return tensorboard.write_logs(target, source, on_step)


def mount_drive() -> None:
    """Mount Drive; works only in the main thread."""
    from colab_save.stores.opening import open_store

    open_store("drive").prepare(0)


def is_on_drive(location: str | None) -> bool:
    """Return whether a store's location is on Drive."""
    from colab_save.stores.opening import open_store

    return open_store(location).kind == "drive"


def default_folder() -> str:
    """Return the location of the default store where that is not Drive, without the secrets of a URL.

    Raises:
        RequestError: The setting ``to`` has a bad value.
    """
    from colab_save.settings import setting
    from colab_save.stores.opening import usual_location
    from colab_save.target import without_secrets

    return without_secrets(setting("to") or usual_location())


def start_in_background(work: Callable[[], None], tick: Callable[[], None]) -> None:
    """Run a function in a thread, so that the kernel can handle a click on Cancel.

    Args:
        work: The function.
        tick: Called twice a second until it has ended.
    """
    worker = threading.Thread(target=work, name="colab_save panel", daemon=True)
    worker.start()

    def watch() -> None:
        while worker.is_alive():
            worker.join(TICK)
            tick()

    threading.Thread(target=watch, name="colab_save panel's clock", daemon=True).start()
