"""Probes of this session: how fresh processes are made for the proof. Each returns a `Finding` for `doctor`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from colab_save.quantities import size_in_words
from colab_save.reports.diagnosis import Finding

if TYPE_CHECKING:
    from colab_save.fresh_process.warm import WarmStatus


def fresh_process() -> Finding:
    """Return whether fresh processes are forked from a warm one, and why not; none is started."""
    from colab_save.fresh_process.warm import CAN_FORK, warm_parent  # Windows cannot import it

    status = warm_parent.status()
    fields = {name: value for name, value in asdict(status).items() if name != "pid"}
    return Finding(_in_words(status), {**fields, "can_fork": CAN_FORK})


def _in_words(status: WarmStatus) -> str:
    if status.reason:
        return f"started anew for each use: {status.reason}"
    if not status.is_running:
        return "no warm process runs; a save starts one, and forks from it"
    if not status.is_ready:
        return "a warm process is importing Keras"
    about = ", ".join(_facts(status))
    return f"forked from a warm process{f' ({about})' if about else ''}"


def _facts(status: WarmStatus) -> Iterator[str]:
    if status.memory is not None:
        yield size_in_words(status.memory)
    if status.idle is not None:
        yield f"idle for {status.idle:.0f} s"
