"""A folder on a mount that may hang: each call of `LocalStore`, given up after a while without a sign of life.

`drive` builds on it, and mounts in the thread that calls before each call goes to another one.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import BinaryIO, TypeVar

from colab_save.deadline import PatientFile, alive, within
from colab_save.disk import CHUNK
from colab_save.stores.base import Access, OnBytes
from colab_save.stores.local import LocalStore

_Answer = TypeVar("_Answer")


class MountedStore(LocalStore):
    """A folder on a file system that may stop answering; a call then raises `StoreError`.

    Attributes:
        patience: Seconds without progress after which a call is given up.
    """

    is_quick = False
    patience: float

    def prepare(self, size: int) -> None:
        """Refuse what `LocalStore` refuses, and a mount that does not answer."""
        self._patiently("write", "", partial(super().prepare, size))

    def access(self) -> Access:
        """Look as `LocalStore` does."""
        return self._patiently("read", "", super().access)

    def put(self, key: str, source: Path, on_bytes: OnBytes) -> None:
        """Write as `LocalStore` does; each chunk is a sign of life."""
        report: OnBytes = lambda count: alive(partial(on_bytes, count))  # noqa: E731 - mypy needs its type
        self._patiently("write", key, partial(super().put, key, source, report))

    def get(self, key: str) -> BinaryIO:
        """Open a file for reading; each read has the same limit."""
        place = self._patiently("read", key, partial(self._place, key))
        return io.BufferedReader(PatientFile(place, str(place), self.hints, self.patience), CHUNK)

    def keys(self, folder: str = "") -> list[str]:
        """List as `LocalStore` does."""
        return self._patiently("list", folder, partial(super().keys, folder))

    def delete(self, key: str) -> None:
        """Remove as `LocalStore` does."""
        self._patiently("delete", key, partial(super().delete, key))

    def delete_folder(self, folder: str) -> None:
        """Remove as `LocalStore` does; each file is a sign of life."""
        self._patiently("delete", folder, partial(super().delete_folder, folder))

    def move(self, key: str, to: str) -> None:
        """Rename as `LocalStore` does."""
        self._patiently("move", key, partial(super().move, key, to))

    def _patiently(self, action: str, key: str, work: Callable[[], _Answer]) -> _Answer:
        with self._refusing(action, key):
            self._base()
            return within(self.patience, work)

    def _prune(self, folder: Path) -> None:
        alive()
        super()._prune(folder)
