"""Errors of the operating system as errors of the tree, with a hint for each.

Every store that is a folder uses this, so that no bare `OSError` reaches a cell. One may come at any open, read, write,
close, rename or listing.
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
from typing import TYPE_CHECKING, TypeVar

from colab_save.errors import NoSpaceError, NotFoundError, ReadOnlyStoreError, StoreError, StoreUnavailableError
from colab_save.hints import action, literal, option

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_Result = TypeVar("_Result")

NO_HINTS: Mapping[int, str] = MappingProxyType({})
"""The hints of a store that has none of its own."""

_ELSEWHERE = f"or choose another place with {option('to')}."
_UNREACHABLE = "The disk or its connection failed. Reconnect it and try again, or choose another place."
_DENIED = f"You have no permission to write there. Have the permissions changed, {_ELSEWHERE}"

_REFUSALS: Mapping[int, tuple[type[StoreError], str]] = {
    errno.ENOSPC: (NoSpaceError, f"Free some space there, {_ELSEWHERE}"),
    errno.EDQUOT: (NoSpaceError, f"Your quota there is used up. Delete what you no longer need, {_ELSEWHERE}"),
    errno.EFBIG: (
        NoSpaceError,
        f"That place cannot hold a file of this size; choose another one with {option('to')}.",
    ),
    errno.EROFS: (ReadOnlyStoreError, f"That place is read-only; choose another one with {option('to')}."),
    errno.EACCES: (ReadOnlyStoreError, _DENIED),
    errno.EPERM: (ReadOnlyStoreError, _DENIED),
    errno.ENAMETOOLONG: (StoreError, "Choose a shorter name, or a folder with a shorter path."),
    errno.ENOENT: (
        StoreUnavailableError,
        "A folder has disappeared (moved, deleted or unmounted). Put it back and try again.",
    ),
    errno.ENOTDIR: (StoreError, "A part of that path is a file; choose a path whose parts are all folders."),
    errno.EEXIST: (StoreError, "Something is there already; remove it, or choose another name."),
    errno.EISDIR: (StoreError, "A folder is there already; remove it, or choose another name."),
    errno.EIO: (StoreUnavailableError, _UNREACHABLE),
    errno.ENOTCONN: (StoreUnavailableError, _UNREACHABLE),
    errno.ECONNABORTED: (StoreUnavailableError, _UNREACHABLE),
    errno.ESTALE: (StoreUnavailableError, _UNREACHABLE),
    errno.ETIMEDOUT: (StoreUnavailableError, _UNREACHABLE),
}

_MISSING = (NotFoundError, f"Check the spelling; {action('list')} lists all models.")
_UNREADABLE = (StoreUnavailableError, "You have no permission to read it. Have the permissions changed.")

_READING: Mapping[int, tuple[type[StoreError], str]] = {
    errno.ENOENT: _MISSING,
    errno.ENOTDIR: _MISSING,
    errno.EISDIR: _MISSING,
    errno.EACCES: _UNREADABLE,
    errno.EPERM: _UNREADABLE,
}

_READS = frozenset({"read", "list"})


def refusal(error: OSError, action: str, where: str, hints: Mapping[int, str] = NO_HINTS) -> StoreError:
    """Return the error of the tree for one of the operating system: what failed, where, why, and what to do next.

    Args:
        error: The error of the operating system.
        action: The verb: ``read``, ``list``, ``write``, ``delete``, ``move``.
        where: The path, as the user knows it.
        hints: Hints of one store, by errno, that replace the general ones.
    """
    number = error.errno or 0
    kind, hint = _REFUSALS.get(number, (StoreError, "Try again, or choose another place."))
    hint = hints.get(number, hint)
    if action in _READS:
        kind, hint = _READING.get(number, (kind, hint))
    why = literal(error.strerror or str(error) or type(error).__name__)
    name = errno.errorcode.get(number, "")
    return kind(f"Cannot {action} {literal(where)}: {why}{f' ({name})' if name else ''}.", hint)


def system_error(number: int) -> OSError:
    """Return the error that the operating system would raise, for a fault that it does not notice."""
    return OSError(number, os.strerror(number))


@contextmanager
def refusing(action: str, where: str, hints: Mapping[int, str] = NO_HINTS) -> Iterator[None]:
    """Turn every `OSError` of a block into an error of the tree; the arguments are those of `refusal`.

    Raises:
        StoreError: Or a subclass of it, by errno.
    """
    try:
        yield
    except OSError as error:
        raise refusal(error, action, where, hints) from error


class SafeFile(io.FileIO):
    """A file opened for reading that raises errors of the tree: a read may fail long after the file was opened.

    Attributes:
        where: The path, as errors show it.
        hints: Hints of its store, by errno.
    """

    def __init__(self, path: Path, where: str, hints: Mapping[int, str] = NO_HINTS) -> None:
        self.where, self.hints = where, hints
        self._asked(partial(super().__init__, path, "rb"))

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Read into a buffer."""
        return self._asked(partial(super().readinto, buffer))

    def readall(self) -> bytes:
        """Read to the end of the file."""
        return self._asked(super().readall)

    def close(self) -> None:
        """Close the file; a dead mount may fail even here."""
        self._asked(super().close)

    def _asked(self, call: Callable[[], _Result]) -> _Result:
        with refusing("read", self.where, self.hints):
            return call()
