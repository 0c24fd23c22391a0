"""The Store plug: where artifacts live, as keys with bytes.

`publishing` puts, reads back and lists through this; it never sees a path. Keys are relative POSIX paths
(``cats/20260822T101530Z-3fa2/model.keras``). `put` is whole or not at all, which is what makes a manifest a commit.
"""

from __future__ import annotations

import enum
import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from pathlib import Path, PurePosixPath
from typing import BinaryIO, ClassVar, TypeVar

from colab_save.disk import CHUNK
from colab_save.errors import DigestError, NotFoundError, TargetError
from colab_save.hints import action

OnBytes = Callable[[int], None]
"""Called with the number of bytes that have just been moved."""


class UploadState(enum.StrEnum):
    """How far a store has really kept what it was given; of several files, what is known of the worst.

    A store that keeps what it is given at once is ``DONE``. One that uploads later, as Drive does, climbs a ladder:
    ``WRITTEN`` (known not to be uploaded yet), ``UPLOADED``, ``FLUSHED``. ``UNKNOWN`` is never taken for kept, and
    ``MISSING`` is not there, or not all of it.
    """

    DONE = "done"
    WRITTEN = "written"
    UPLOADED = "uploaded"
    FLUSHED = "flushed"
    UNKNOWN = "unknown"
    MISSING = "missing"

    @property
    def is_done(self) -> bool:
        """Say whether it is known to outlive this machine, or that there is nothing more to wait for."""
        return self in {UploadState.DONE, UploadState.UPLOADED, UploadState.FLUSHED}


_Name = TypeVar("_Name")


class Store(ABC):
    """One place that keeps artifacts.

    Attributes:
        kind: Its name in the table of stores (``local``, ``drive``, ``remote``).
        packs_folders: A folder goes there as one file, since each file costs much.
        location: Where it is, as a report shows it.
        is_quick: Whether listing it costs nothing, so that near misses of a name are looked up.
        address: Of a store that uploads later, what `opening.reopen` finds it by: its kind, a colon, and what its own
            hook takes; of any other empty.
    """

    kind: ClassVar[str]
    packs_folders: ClassVar[bool] = False
    is_quick: ClassVar[bool] = False
    location: str
    address: str = ""

    def prepare(self, size: int) -> None:
        """Refuse now, before anything is staged, what would fail later; creates nothing but the store's own folder.

        Args:
            size: Bytes that are about to be written, as far as is known.

        Raises:
            StoreError: Not available, read-only, or not enough room.
        """

    def check_single(self, name: str) -> None:
        """Refuse a folder that the store has twice, as far as it can tell; what a name means is open then.

        Raises:
            TargetError: With what to do.
        """

    @abstractmethod
    def put(self, key: str, source: Path, on_bytes: OnBytes) -> None:
        """Write a file under a key, whole or not at all, replacing what was there."""

    @abstractmethod
    def get(self, key: str) -> BinaryIO:
        """Open what is under a key for reading.

        Raises:
            NotFoundError: There is no such key.
        """

    @abstractmethod
    def keys(self, folder: str = "") -> list[str]:
        """List one level, as ``ls`` does: names below a folder, sub-folders with a trailing slash; sorted.

        A folder that does not exist is empty.
        """

    @abstractmethod
    def delete(self, key: str) -> None:
        """Remove a key; one that does not exist is no error. A folder is gone when its last key is."""

    @abstractmethod
    def flush(self) -> UploadState:
        """Ask the store to make everything durable; may take long, and what it does is the store's business."""

    def upload_state(self, keys: Collection[str]) -> UploadState:
        """Tell how far the store has really kept these keys, without waiting; never more than it knows.

        Args:
            keys: The keys; where they come with their bytes, as a mapping, one that has fewer there is ``MISSING``.
        """
        return self.upload_states({"": keys})[""]

    def upload_states(self, groups: Mapping[_Name, Collection[str]]) -> dict[_Name, UploadState]:
        """Tell the same of several groups of keys, by their names."""
        return dict.fromkeys(groups, UploadState.DONE)

    def path(self, key: str) -> Path | None:
        """Give a local path whose bytes are those of the key and are cheap to read, where there is one."""
        return None

    def move(self, key: str, to: str) -> None:
        """Rename a file or a whole folder; the default copies all of it before it deletes any, which is not atomic.

        Raises:
            NotFoundError: There is no such key.
        """
        import tempfile

        names = self.walk(key) or [key]
        with tempfile.TemporaryDirectory() as folder:
            for name in names:
                file = Path(folder, "moved")
                with self.get(name) as stream, file.open("wb") as copy:
                    while block := stream.read(CHUNK):
                        copy.write(block)
                self.put(to + name.removeprefix(key), file, ignore_bytes)
        for name in names:
            self.delete(name)

    def read(self, key: str) -> bytes:
        """Read all of a small file."""
        with self.get(key) as stream:
            return stream.read()

    def digest(self, key: str, on_bytes: OnBytes) -> tuple[int, str]:
        """Read a key back: its size in bytes and its SHA-256 in hex."""
        sha, size = hashlib.sha256(), 0
        with self.get(key) as stream:
            while block := stream.read(CHUNK):
                sha.update(block)
                size += len(block)
                on_bytes(len(block))
        return size, sha.hexdigest()

    def check(self, key: str, size: int, sha256: str) -> None:
        """Read a key back and match it.

        Raises:
            DigestError: It has another size or digest.
            NotFoundError: It is not there.
        """
        expect(f"{self.location}/{key}", *self.digest(key, ignore_bytes), size, sha256)

    def has(self, key: str) -> bool:
        """Say whether there is such a file or folder, without listing what is around it."""
        if self.keys(key):
            return True
        try:
            self.get(key).close()
        except NotFoundError:
            return False
        return True

    def walk(self, folder: str) -> list[str]:
        """List every key below a folder, at any depth."""
        found = []
        for name in self.keys(folder):
            key = f"{folder.rstrip('/')}/{name}" if folder else name
            found += self.walk(key.rstrip("/")) if name.endswith("/") else [key]
        return found

    def delete_folder(self, folder: str) -> None:
        """Remove everything below a folder."""
        for key in self.walk(folder):
            self.delete(key)


def ignore_bytes(count: int) -> None:
    """Do nothing with the number of bytes moved."""


def expect(where: str, size: int, sha256: str, expected_size: int, expected_sha256: str) -> None:
    """Refuse bytes that are not those which were saved.

    Raises:
        DigestError: With both sizes or digests.
    """
    if (size, sha256) == (expected_size, expected_sha256):
        return
    what = f"{size} bytes, expected {expected_size}"
    if size == expected_size:
        what = f"digest {sha256[:12]}, expected {expected_sha256[:12]}"
    raise DigestError(
        f"{where} is not what was saved: {what}.",
        f"The copy is damaged. Load another version ({action('list')} shows them), or save again.",
    )


def check_key(key: str) -> PurePosixPath:
    """Refuse a key that would leave its store; a manifest from elsewhere may hold one.

    Raises:
        TargetError: Absolute, empty, or with ``..`` in it.
    """
    path = PurePosixPath(key)
    if not path.parts or path.is_absolute() or ".." in path.parts or "\\" in key or "\0" in key:
        raise TargetError(f"{key!r} is not a place inside a store.", "Keys are relative paths without '..'.")
    return path
