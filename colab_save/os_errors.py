"""What the operating system refuses, in the words of the error tree.

Every store that is a folder translates here, so that no bare `OSError` reaches a cell: it may come at open, read,
write, close, rename or listing.
"""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from colab_save.errors import NoSpaceError, NotFoundError, ReadOnlyStoreError, StoreError, StoreUnavailableError
from colab_save.hints import action, option

_Answer = TypeVar("_Answer")

NO_HINTS: Mapping[int, str] = MappingProxyType({})
"""A store without words of its own."""

_ELSEWHERE = f"or choose another place with {option('to')}."
_UNREACHABLE = "The disk or the connection behind it fails; reconnect it and try again, or choose another place."

_REFUSALS: Mapping[int, tuple[type[StoreError], str]] = {
    errno.ENOSPC: (NoSpaceError, f"Free some room there, {_ELSEWHERE}"),
    errno.EDQUOT: (NoSpaceError, f"Your quota there is used up: delete what you no longer need, {_ELSEWHERE}"),
    errno.EFBIG: (NoSpaceError, f"That place takes no file as large as this; choose another one with {option('to')}."),
    errno.EROFS: (ReadOnlyStoreError, f"That place can only be read; choose another one with {option('to')}."),
    errno.EACCES: (ReadOnlyStoreError, f"You may not write there: have its permissions changed, {_ELSEWHERE}"),
    errno.EPERM: (ReadOnlyStoreError, f"You may not write there: have its permissions changed, {_ELSEWHERE}"),
    errno.ENAMETOOLONG: (StoreError, "Choose a shorter name or a folder with a shorter path."),
    errno.ENOENT: (
        StoreUnavailableError,
        "A folder has gone meanwhile (moved, deleted, unmounted); put it back and try again.",
    ),
    errno.ENOTDIR: (StoreError, "A part of that path is a file; choose a path that goes through folders only."),
    errno.EEXIST: (StoreError, "Something is there already; remove it or choose another name."),
    errno.EISDIR: (StoreError, "A folder is there already; remove it or choose another name."),
    errno.EIO: (StoreUnavailableError, _UNREACHABLE),
    errno.ENOTCONN: (StoreUnavailableError, _UNREACHABLE),
    errno.ECONNABORTED: (StoreUnavailableError, _UNREACHABLE),
    errno.ESTALE: (StoreUnavailableError, _UNREACHABLE),
    errno.ETIMEDOUT: (StoreUnavailableError, _UNREACHABLE),
}

_MISSING = (NotFoundError, f"Check the spelling; {action('list')} shows what there is.")
_UNREADABLE = (StoreUnavailableError, "You may not read it: have its permissions changed.")

_READING: Mapping[int, tuple[type[StoreError], str]] = {
    errno.ENOENT: _MISSING,
    errno.ENOTDIR: _MISSING,
    errno.EISDIR: _MISSING,
    errno.EACCES: _UNREADABLE,
    errno.EPERM: _UNREADABLE,
}

_READS = frozenset({"read", "list"})


def refusal(error: OSError, action: str, where: str, hints: Mapping[int, str] = NO_HINTS) -> StoreError:
    """Word one refusal: what could not be done, where, why, and what to do.

    Args:
        error: What the operating system said.
        action: The verb: ``read``, ``list``, ``write``, ``delete``, ``move``.
        where: The path, as the user knows it.
        hints: Better hints of one store, by errno.
    """
    number = error.errno or 0
    kind, hint = _REFUSALS.get(number, (StoreError, "Try again, or choose another place."))
    hint = hints.get(number, hint)
    if action in _READS:
        kind, hint = _READING.get(number, (kind, hint))
    why = error.strerror or str(error) or type(error).__name__
    name = errno.errorcode.get(number, "")
    return kind(f"Cannot {action} {where}: {why}{f' ({name})' if name else ''}.", hint)


def system_error(number: int) -> OSError:
    """Make the error that the operating system would raise, for what it would not notice."""
    return OSError(number, os.strerror(number))


@contextmanager
def refusing(action: str, where: str, hints: Mapping[int, str] = NO_HINTS) -> Iterator[None]:
    """Turn every `OSError` of a block into one of the tree; the arguments are those of `refusal`.

    Raises:
        StoreError: Of the kind that fits.
    """
    try:
        yield
    except OSError as error:
        raise refusal(error, action, where, hints) from error


class SafeFile(io.FileIO):
    """A file open for reading whose every error is one of the tree: reads fail long after it was opened.

    Attributes:
        where: What the errors call it.
        hints: Better hints of its store, by errno.
    """

    def __init__(self, path: Path, where: str, hints: Mapping[int, str] = NO_HINTS) -> None:
        self.where, self.hints = where, hints
        self._asked(partial(super().__init__, path, "rb"))

    def readinto(self, buffer: Any, /) -> int:
        """Read into a buffer."""
        return self._asked(partial(super().readinto, buffer))

    def readall(self) -> bytes:
        """Read to the end."""
        return self._asked(super().readall)

    def close(self) -> None:
        """Close; a mount that has died says so even here."""
        self._asked(super().close)

    def _asked(self, call: Callable[[], _Answer]) -> _Answer:
        with refusing("read", self.where, self.hints):
            return call()
