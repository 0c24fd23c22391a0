"""The interface of a store: files under keys, with digests and an upload state.

`versions` reads and writes artifacts through it and never sees a path; each kind of store implements it. A key is a
relative POSIX path (``cats/20260822T101530Z-3fa2/model.keras``). `Store.put` writes a whole file or nothing, which is
what makes writing the manifest a commit.
"""

from __future__ import annotations

import enum
import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, ClassVar, TypeVar

from colab_save.disk import CHUNK
from colab_save.errors import DigestError, NotFoundError, TargetError
from colab_save.hints import action, literal

OnBytes = Callable[[int], None]
"""Called with the number of bytes that have just been moved."""


class UploadState(enum.StrEnum):
    """How far a store is with files that were written to it; for several files, the state of the worst.

    A store that writes at once is ``DONE``. One that uploads later, as Drive does, goes from ``WRITTEN`` (known not to
    be uploaded) to ``UPLOADED`` and ``FLUSHED``. ``UNKNOWN`` never counts as uploaded. ``MISSING`` files are gone or
    shorter than they were.
    """

    DONE = "done"
    WRITTEN = "written"
    UPLOADED = "uploaded"
    FLUSHED = "flushed"
    UNKNOWN = "unknown"
    MISSING = "missing"

    @property
    def is_done(self) -> bool:
        """Return whether the files are known to outlive this machine."""
        return self in {UploadState.DONE, UploadState.UPLOADED, UploadState.FLUSHED}


@dataclass(frozen=True, slots=True)
class Access:
    """What is known of a store without writing to it; ``None`` where nothing is known.

    Attributes:
        exists: Whether it exists; a save makes a folder that does not.
        is_writable: Whether it, or the folder that it would be made in, can be written.
    """

    exists: bool | None = None
    is_writable: bool | None = None


_Name = TypeVar("_Name")


class Store(ABC):
    """A place for artifacts.

    Attributes:
        kind: Its name in the table of stores (``local``, ``drive``, ``remote``).
        packs_folders: Whether folders are written there as one file, because each file is expensive.
        location: Where it is, as reports show it.
        is_quick: Whether listing is cheap enough to look for names similar to one that was not found.
        address: For a store that uploads later: its kind, a colon, and what its `reopen` hook takes, so that
            `opening.reopen` finds it again. Empty for other stores.
    """

    kind: ClassVar[str]
    packs_folders: ClassVar[bool] = False
    is_quick: ClassVar[bool] = False
    location: str
    address: str = ""

    def prepare(self, size: int) -> None:
        """Fail now rather than after staging; create nothing but the store's own folder.

        Args:
            size: Bytes that are about to be written, as far as is known.

        Raises:
            StoreError: Not available, read-only, or not enough space.
        """

    def access(self) -> Access:
        """Return what is known of the store without writing to it; nothing is mounted. By default it is listed once.

        Raises:
            StoreError: Not available, or no permission.
        """
        self.keys()
        return Access(exists=True)

    def check_single(self, name: str) -> None:
        """Refuse a folder that exists twice under one name, as far as the store can see.

        Raises:
            TargetError: There are two; the hint says how to tell them apart.
        """

    @abstractmethod
    def put(self, key: str, source: Path, on_bytes: OnBytes) -> None:
        """Write a file under a key, completely or not at all, replacing what was there."""

    @abstractmethod
    def get(self, key: str) -> BinaryIO:
        """Open the file under a key for reading.

        Raises:
            NotFoundError: There is no such key.
        """

    @abstractmethod
    def keys(self, folder: str = "") -> list[str]:
        """List one level like ``ls``: the sorted names in a folder, subfolders with a trailing slash.

        A folder that does not exist is empty.
        """

    @abstractmethod
    def delete(self, key: str) -> None:
        """Remove a key and the folders that this leaves empty; a key that does not exist is no error."""

    @abstractmethod
    def flush(self) -> UploadState:
        """Upload everything that is not uploaded yet, however long it takes; each store documents its side effects."""

    def upload_state(self, keys: Collection[str]) -> UploadState:
        """Return how far the store is with some keys, without waiting.

        Args:
            keys: The keys. As a mapping from key to bytes, a file with fewer bytes is ``MISSING``.
        """
        return self.upload_states({"": keys})[""]

    def upload_states(self, groups: Mapping[_Name, Collection[str]]) -> dict[_Name, UploadState]:
        """Return the upload state of several groups of keys, by the groups' names."""
        return dict.fromkeys(groups, UploadState.DONE)

    def path(self, key: str) -> Path | None:
        """Return the local path of a key if its bytes are cheap to read there, else ``None``."""
        return None

    def move(self, key: str, to: str) -> None:
        """Rename a file or a whole folder. By default everything is copied, then deleted, which is not atomic.

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
        """Read a small file completely."""
        with self.get(key) as stream:
            return stream.read()

    def digest(self, key: str, on_bytes: OnBytes) -> tuple[int, str]:
        """Read a file back and return its size in bytes and its SHA-256 in hex."""
        sha, size = hashlib.sha256(), 0
        with self.get(key) as stream:
            while block := stream.read(CHUNK):
                sha.update(block)
                size += len(block)
                on_bytes(len(block))
        return size, sha.hexdigest()

    def check(self, key: str, size: int, sha256: str) -> None:
        """Read a file back and compare its size and digest.

        Raises:
            DigestError: It has another size or digest.
            NotFoundError: It is not there.
        """
        expect(f"{self.location}/{key}", *self.digest(key, ignore_bytes), size, sha256)

    def has(self, key: str) -> bool:
        """Return whether there is such a file or folder, without listing what is around it."""
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
    """Ignore the number of bytes moved."""


def expect(where: str, size: int, sha256: str, expected_size: int, expected_sha256: str) -> None:
    """Raise an error unless size and digest are the expected ones.

    Raises:
        DigestError: They differ; the message has both.
    """
    if (size, sha256) == (expected_size, expected_sha256):
        return
    what = f"{size} bytes, expected {expected_size}"
    if size == expected_size:
        what = f"digest {sha256[:12]}, expected {expected_sha256[:12]}"
    raise DigestError(
        f"{literal(where)} is not what was saved: {what}.",
        f"The copy is damaged. Load another version ({action('list')} shows them), or save again.",
    )


def check_key(key: str) -> PurePosixPath:
    """Refuse a key that would lead out of its store; a manifest from elsewhere may contain one.

    Raises:
        TargetError: Absolute, empty, or with ``..`` in it.
    """
    path = PurePosixPath(key)
    if not path.parts or path.is_absolute() or ".." in path.parts or "\\" in key or "\0" in key:
        raise TargetError(f"{literal(repr(key))} is not a valid key of a store.", "Use a relative path without '..'.")
    return path
