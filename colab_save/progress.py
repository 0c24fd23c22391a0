"""The only progress channel: steps with bytes, and the one bar that shows them.

The lines report each `Step` to whatever ``on_step`` the door gave them; doors give a `ProgressBar`.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass


class Stage(enum.StrEnum):
    """Where a line is."""

    RESOLVE = "resolve"
    STAGE = "stage"
    VERIFY = "verify"
    PUBLISH = "publish"
    FETCH = "fetch"
    LOAD = "load"


@dataclass(frozen=True, slots=True)
class Step:
    """One report of progress.

    Attributes:
        stage: Where the line is.
        done: Bytes done in this stage.
        total: Bytes to do in this stage; 0 where that is not known.
        detail: What is being worked on, such as a format's name.
    """

    stage: Stage
    done: int = 0
    total: int = 0
    detail: str = ""


OnStep = Callable[[Step], None]


def ignore_steps(step: Step) -> None:
    """Do nothing with a step."""
