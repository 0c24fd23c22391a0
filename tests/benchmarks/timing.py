"""Seconds of a call, and how often it is measured in one process."""

from __future__ import annotations

import time
from collections.abc import Callable

ROUNDS = 3
"""How often a benchmark measures in one process. What is compared takes turns: A B A B A B."""


def rounds(*, is_small: bool) -> range:
    """Return the rounds of a benchmark."""
    return range(1 if is_small else ROUNDS)


def seconds(function: Callable[..., object], *arguments: object) -> float:
    """Return how long a call takes."""
    began = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - began
