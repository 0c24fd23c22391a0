"""Wait for several file descriptors at once, each with a function to call when something has happened to it."""

from __future__ import annotations

import select
from collections.abc import Callable, Iterator


class Poller:
    """The descriptors that a process waits for, with their handlers.

    `selectors` cannot say that a socket is watched only for the end of the other side (``POLLRDHUP``, poll(2)).
    """

    def __init__(self) -> None:
        self._polled = select.poll()
        self._handlers: dict[int, Callable[[], None]] = {}

    def watch(self, descriptor: int, handler: Callable[[], None], *, is_read: bool = True) -> None:
        """Call a handler when there is something to read, or, if it is not read, when the other side writes no more."""
        self._polled.register(descriptor, select.POLLIN if is_read else select.POLLRDHUP)
        self._handlers[descriptor] = handler

    def forget(self, descriptor: int) -> None:
        """Stop watching a descriptor; do nothing if it is not watched."""
        if self._handlers.pop(descriptor, None) is not None:
            self._polled.unregister(descriptor)

    def wait(self, seconds: float) -> bool:
        """Wait until something has happened, or so many seconds, and call the handlers; return whether it has."""
        happened = self._polled.poll(seconds * 1000)
        for descriptor, _ in happened:
            if handler := self._handlers.get(descriptor):  # an earlier one may have removed it
                handler()
        return bool(happened)

    def __iter__(self) -> Iterator[int]:
        """Return the descriptors that are watched."""
        return iter(self._handlers)
