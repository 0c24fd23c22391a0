"""A folder on a mount that may hang: every call of `LocalStore`, given up after a while without a sign of life.

`stores/drive.py` stands on it. The mount itself is made by `_base`, in the thread that asks.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import BinaryIO, TypeVar

from colab_save.disk import CHUNK
from colab_save.stores.base import OnBytes
from colab_save.stores.drive.deadline import PatientFile, alive, within
from colab_save.stores.local import LocalStore

_Answer = TypeVar("_Answer")


class MountedStore(LocalStore):
    """A folder whose file system may stop answering; what it is asked raises `StoreError` then.

    Attributes:
        patience: Seconds that it may take to show any progress.
    """

    is_quick = False
    patience: float

    def prepare(self, size: int) -> None:
        """Refuse what `LocalStore` refuses, or a mount that does not answer."""
        self._patiently("write", "", partial(super().prepare, size))

    def put(self, key: str, source: Path, on_bytes: OnBytes) -> None:
        """Write as `LocalStore` does; every chunk is a sign of life."""
        told: OnBytes = lambda count: alive(partial(on_bytes, count))  # noqa: E731 - a name for its type
        self._patiently("write", key, partial(super().put, key, source, told))

    def get(self, key: str) -> BinaryIO:
        """Open a key for reading; every read may take that long."""
        place = self._patiently("read", key, partial(self._place, key))
        return io.BufferedReader(PatientFile(place, str(place), self.hints, self.patience), CHUNK)

    def keys(self, folder: str = "") -> list[str]:
        """List as `LocalStore` does."""
        return self._patiently("list", folder, partial(super().keys, folder))

    def delete(self, key: str) -> None:
        """Remove as `LocalStore` does."""
        self._patiently("delete", key, partial(super().delete, key))

    def delete_folder(self, folder: str) -> None:
        """Remove as `LocalStore` does; every file is a sign of life."""
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
