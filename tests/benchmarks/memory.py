"""The most memory that a call takes at once, and what a save takes of it beside its fresh process. Linux only."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.benchmarks.models import dense, weight_of

BEAT = 0.005
"""Seconds between two looks at what is taken."""


def save_models(*, is_small: bool) -> Iterator[tuple[str, float]]:
    """Yield how much a save takes in this process beyond the model itself, and how much Keras's own takes."""
    from tests.benchmarks.session import save

    save(dense(64, 1), "first")  # what a first save imports is no part of it
    model = dense(64 if is_small else 4096, 16)
    yield "save", peak_of(save, model, "model") / weight_of(model)
    yield "keras", peak_of(model.save, "own.keras") / weight_of(model)


def peak_of(call: Callable[..., object], *arguments: object, others: Callable[[], int] = int) -> int:
    """Return the most bytes that are taken at once during a call, beyond those that this process has before.

    Args:
        call: What is measured.
        *arguments: Its arguments.
        others: Returns the bytes that other processes take now, if they count.
    """
    import psutil

    own, is_over = psutil.Process(), threading.Event()
    before = memory_of(own)

    def watch() -> int:
        most = 0
        while not is_over.wait(BEAT):
            most = max(most, memory_of(own) + others() - before)
        return most

    with ThreadPoolExecutor(1) as pool:
        watching = pool.submit(watch)
        try:
            call(*arguments)
        finally:
            is_over.set()
        return watching.result()


def memory_of(process: Any) -> int:
    """Return the bytes of a process's memory; files and what is shared through them are not counted."""
    taken = process.memory_info()
    return int(taken.rss - taken.shared)


def memory_of_started() -> int:
    """Return the bytes of all processes that this one has started, and those have started."""
    import psutil

    own, total = psutil.Process(), 0
    command = own.cmdline()
    for process in own.children(recursive=True):
        try:
            # Between fork and exec a process has this one's memory, and still its command line.
            total += memory_of(process) if process.cmdline() != command else 0
        except psutil.NoSuchProcess:
            continue
    return total
