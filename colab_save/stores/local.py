"""The store for a folder on this machine, and the base of every store that is a folder.

`stores.opening` makes it from a path. A file is written under another name beside its place and then renamed, so that
a key always has either its new bytes or its old ones.
"""

from __future__ import annotations

import errno
import io
import os
import shutil
from collections.abc import Mapping
from contextlib import AbstractContextManager, suppress
from pathlib import Path, PurePath
from typing import BinaryIO, ClassVar, Self

from colab_save.disk import CHUNK, is_partial, partial_of
from colab_save.errors import NoSpaceError, NotFoundError, StoreUnavailableError, TargetError
from colab_save.hints import action, literal, option
from colab_save.os_errors import NO_HINTS, SafeFile, refusing, system_error
from colab_save.quantities import size_in_words
from colab_save.stores.base import Access, OnBytes, Store, UploadState, check_key

FILE_URL = "file://"
"""The prefix of a URL for a folder on this machine."""


def folder_at(location: str) -> Path:
    """Return the absolute path for a path or ``file://`` URL that a user typed; links are not followed.

    Raises:
        TargetError: ``~bob``, and there is no user bob.
        StoreUnavailableError: The working directory no longer exists.
    """
    text = location.removeprefix(FILE_URL)
    try:
        return Path(os.path.normpath(Path(text).expanduser().absolute()))
    except RuntimeError as error:
        user = text.partition("/")[0].removeprefix("~")
        message = (
            f"There is no user {literal(repr(user))} on this machine." if user else "This user has no home folder."
        )
        raise TargetError(message, "Write ~/FOLDER or the whole path.") from error
    except OSError as error:  # the folder has been deleted, or it was on a Drive mount that has died
        raise StoreUnavailableError(
            f"The working directory no longer exists ({error.strerror}).",
            "Change to a folder that exists; in Colab run `%cd /content`.",
        ) from error


class LocalStore(Store):
    """A folder on this machine.

    Attributes:
        root: The folder; `prepare` and `put` create it.
        hints: By errno, better hints than those of `os_errors`.
    """

    kind = "local"
    is_quick = True
    hints: ClassVar[Mapping[int, str]] = NO_HINTS

    def __init__(self, root: Path) -> None:
        self.root = root
        self.location = str(root)

    @classmethod
    def at(cls, location: str) -> Self:
        """Return the store for a folder that a user typed; it need not exist.

        Raises:
            TargetError: ``~bob``, and there is no user bob.
            StoreUnavailableError: The working directory no longer exists.
        """
        return cls(folder_at(location))

    @staticmethod
    def split(path: str) -> tuple[str, str]:
        """Split the path of a file into folder and name; the name is empty where the path has none."""
        place = folder_at(path)
        name = PurePath(path.removeprefix(FILE_URL)).name
        return str(place.parent), name if name in {"", ".."} else place.name

    def prepare(self, size: int) -> None:
        """Refuse a folder that cannot be created or written, or a disk without enough space.

        Raises:
            StoreError: Not available, read-only, or not enough space.
        """
        with self._refusing("write"):
            base = self._base()
            self._check_room(next(folder for folder in (base, *base.parents) if folder.exists()), size)
            base.mkdir(parents=True, exist_ok=True)
            self._check_writing(base)

    def access(self) -> Access:
        """Return whether the folder exists, and whether it or the nearest folder above can be written."""
        nearest = next(folder for folder in (self.root, *self.root.parents) if folder.exists())
        return Access(nearest == self.root, nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK))

    def put(self, key: str, source: Path, on_bytes: OnBytes) -> None:
        """Write a sibling, sync it to the disk and rename it; after any failure the key has its old bytes.

        Raises:
            StoreError: The operating system refused, in its words and with a hint.
        """
        with io.BufferedReader(SafeFile(source, str(source)), CHUNK) as stream, self._refusing("write", key):
            place = self._place(key)
            partial = partial_of(place.parent)
            try:
                with _create(partial) as copy:
                    while block := stream.read(CHUNK):
                        copy.write(block)
                        on_bytes(len(block))
                self._install(partial, place)
            except BaseException:
                with suppress(OSError):  # the first error is raised; a leftover that cannot be removed is hidden
                    self._remove(partial)
                self._prune(place.parent)
                raise

    def get(self, key: str) -> BinaryIO:
        """Open a file for reading; later errors, while reading, are `StoreError` too.

        Raises:
            NotFoundError: There is no such key.
            StoreError: The operating system refused.
        """
        with self._refusing("read", key):
            place = self._place(key)
        return io.BufferedReader(SafeFile(place, str(place), self.hints), CHUNK)

    def keys(self, folder: str = "") -> list[str]:
        """List one level, subfolders with a trailing slash, sorted; half-written files are left out.

        Raises:
            StoreError: The operating system refused.
        """
        with self._refusing("list", folder):
            place = self._place(folder) if folder else self._base()
            with suppress(FileNotFoundError, NotADirectoryError), os.scandir(place) as entries:
                return sorted(entry.name + "/" * entry.is_dir() for entry in entries if not is_partial(entry.name))
            return []

    def delete(self, key: str) -> None:
        """Remove a file and the folders that this leaves empty.

        Raises:
            StoreError: The operating system refused.
        """
        with self._refusing("delete", key):
            place = self._place(key)
            with suppress(FileNotFoundError, NotADirectoryError):
                self._remove(place)
            self._prune(place.parent)

    def delete_folder(self, folder: str) -> None:
        """Remove a folder with everything in it, also half-written files of a killed process.

        Raises:
            StoreError: The operating system refused.
        """
        with self._refusing("delete", folder):
            place = self._place(folder)
            if place.is_symlink() or not place.is_dir():
                return
            for parent, folders, files in os.walk(place, topdown=False, onerror=_raise):
                links = [name for name in folders if Path(parent, name).is_symlink()]
                for name in files + links:
                    self._remove(Path(parent, name))
                Path(parent).rmdir()
            self._prune(place.parent)

    def move(self, key: str, to: str) -> None:
        """Rename a file, replacing what was there, or a whole folder to a name that is free.

        Raises:
            NotFoundError: There is no such key.
            StoreError: There already is something where the folder should go, or the operating system refused.
        """
        with self._refusing("move", key):
            old, new = self._place(key), self._place(to)
            if not exists(old):
                raise NotFoundError(
                    f"There is no {literal(str(old))}.", f"Check the spelling; {action('list')} shows what there is."
                )
            new.parent.mkdir(parents=True, exist_ok=True)
            if not old.is_dir():
                self._install(old, new)
            elif exists(new):
                raise system_error(errno.EEXIST)
            else:
                old.rename(new)
            self._prune(old.parent)

    def flush(self) -> UploadState:
        """Return ``DONE``: `put` syncs each file to the disk."""
        return UploadState.DONE

    def path(self, key: str) -> Path | None:
        """Return the path of the file or folder itself."""
        return self._place(key)

    def _refusing(self, action: str, key: str = "") -> AbstractContextManager[None]:
        return refusing(action, f"{self.location}/{key}" if key else self.location, self.hints)

    def _base(self) -> Path:
        """Return the root; a store that can be unreachable raises its error here."""
        return self.root

    def _place(self, key: str) -> Path:
        path = check_key(key)
        try:
            os.fsencode(path)
        except UnicodeEncodeError as error:
            raise TargetError(
                f"{literal(repr(key))} cannot be encoded as a file name.", "Choose another name."
            ) from error
        return self._base() / path

    def _check_room(self, folder: Path, size: int) -> None:
        free = shutil.disk_usage(folder).free
        if free < size:
            raise NoSpaceError(
                f"{self.location} has {size_in_words(free)} free, and the save needs {size_in_words(size)}.",
                self.hints.get(errno.EDQUOT, f"Free some space there, or choose another place with {option('to')}."),
            )

    def _check_writing(self, folder: Path) -> None:
        probe = partial_of(folder)
        probe.touch(exist_ok=False)
        probe.unlink()

    def _install(self, partial: Path, place: Path) -> None:
        """Sync a complete file and rename it; in the other order a crash could leave the name without bytes."""
        _sync(partial, os.O_RDWR)
        partial.replace(place)
        with suppress(OSError):  # the bytes are safe under the new name; some file systems refuse to sync a folder
            _sync(place.parent, os.O_RDONLY)

    def _remove(self, path: Path) -> None:
        path.unlink(missing_ok=True)

    def _prune(self, folder: Path) -> None:
        """Remove empty folders upwards, but never the root."""
        while folder != self.root and folder.is_relative_to(self.root):
            try:
                folder.rmdir()
            except FileNotFoundError:
                pass
            except OSError:  # not empty, or out of reach; an empty folder does no harm
                return
            folder = folder.parent


def _create(path: Path, attempts: int = 8) -> BinaryIO:
    """Create a file and its folders, which another writer's pruning may remove while they are empty."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("xb")
    except (FileExistsError, FileNotFoundError):
        if attempts == 1:
            raise
        return _create(path, attempts - 1)


def exists(path: Path) -> bool:
    """Return whether a name is taken, even by a broken link."""
    return path.is_symlink() or path.exists()


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _raise(error: OSError) -> None:
    raise error
