"""Start the warm process as soon as a notebook has imported TensorFlow, so that its first save need not wait.

`register` has IPython look after each cell; the start itself runs in a thread, so the next cell is not slower.
"""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

SIGNS = ("tensorflow", "keras", "tf_keras")
"""Modules that a notebook has imported if it will have a model."""


class EarlyStart:
    """Looks after each cell until a sign is there, and starts the warm process then.

    Args:
        shell: IPython's shell.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._starting: threading.Thread | None = None

    def look(self, *_: object) -> None:
        """Look for a sign; IPython calls this after each cell."""
        if any(name in sys.modules for name in SIGNS):
            self._look_no_more()
            self._starting = threading.Thread(target=_start, name="colab_save early start", daemon=True)
            self._starting.start()

    def stop(self) -> None:
        """Look no more, and wait for a start that has begun, which takes tenths of a second."""
        self._look_no_more()
        if self._starting is not None:
            self._starting.join()

    def _look_no_more(self) -> None:
        if self.look in self._shell.events.callbacks["post_run_cell"]:
            self._shell.events.unregister("post_run_cell", self.look)


def _start() -> None:
    from colab_save.fresh_process.warm import warm_parent

    warm_parent.start_early()


_looking: dict[InteractiveShell, EarlyStart] = {}


def register(shell: InteractiveShell) -> None:
    """Look after each cell of a notebook from now on."""
    _stop(shell)
    start = _looking[shell] = EarlyStart(shell)
    shell.events.register("post_run_cell", start.look)


def unregister(shell: InteractiveShell) -> None:
    """Look no more, and leave the warm process."""
    _stop(shell)
    if "colab_save.fresh_process.warm" in sys.modules:
        from colab_save.fresh_process.process import leave

        leave()


def _stop(shell: InteractiveShell) -> None:
    if start := _looking.pop(shell, None):
        start.stop()
