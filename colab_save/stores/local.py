"""Artifacts in a folder of this machine; the ground of every store that is a folder.

`publishing` puts, reads back and lists through it. A file is written as a sibling and renamed, so that a key holds
either all of its bytes or what it held before.
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
from colab_save.hints import action, option
from colab_save.os_errors import NO_HINTS, SafeFile, refusing, system_error
from colab_save.quantities import size_in_words
from colab_save.stores.base import OnBytes, Store, UploadState, check_key

FILE_URL = "file://"
"""What begins the URL of a folder of this machine."""


def folder_at(location: str) -> Path:
    """Give the absolute path that a user has typed, or the URL of a file; links are not followed.

    Raises:
        TargetError: It is in the home of somebody who has none.
        StoreUnavailableError: The working directory is gone.
    """
    text = location.removeprefix(FILE_URL)
    try:
        return Path(os.path.normpath(Path(text).expanduser().absolute()))
    except RuntimeError as error:
        raise TargetError(f"{text!r} names the home of nobody here.", "Give ~/FOLDER, or the whole path.") from error
    except OSError as error:  # the folder has been deleted, or it was on a Drive mount that has died
        raise StoreUnavailableError(
            f"The working directory is gone ({error.strerror}).",
            "Run `%cd /content` in Colab, or go to any folder that exists.",
        ) from error


class LocalStore(Store):
    """A folder of this machine.

    Attributes:
        root: The folder; `prepare` and `put` make it.
        hints: Better hints than those of `refusals`, by errno.
    """

    kind = "local"
    is_quick = True
    hints: ClassVar[Mapping[int, str]] = NO_HINTS

    def __init__(self, root: Path) -> None:
        self.root = root
        self.location = str(root)

    @classmethod
    def at(cls, location: str) -> Self:
        """Find the folder that a user has typed; it need not be there.

        Raises:
            TargetError: It is in the home of somebody who has none.
            StoreUnavailableError: The working directory is gone.
        """
        return cls(folder_at(location))

    @staticmethod
    def split(path: str) -> tuple[str, str]:
        """Split the path of a file into its folder and its name; what has none gets none."""
        place = folder_at(path)
        name = PurePath(path.removeprefix(FILE_URL)).name
        return str(place.parent), name if name in {"", ".."} else place.name

    def prepare(self, size: int) -> None:
        """Refuse a folder that cannot be made or written, or that has not enough room.

        Raises:
            StoreError: Not available, read-only, or not enough room.
        """
        with self._refusing("write"):
            base = self._base()
            self._check_room(next(folder for folder in (base, *base.parents) if folder.exists()), size)
            base.mkdir(parents=True, exist_ok=True)
            self._check_writing(base)

    def put(self, key: str, source: Path, on_bytes: OnBytes) -> None:
        """Write a sibling, make it durable, and rename it; on any failure the key holds what it held before.

        Raises:
            StoreError: The operating system refused, in its words and with a hint.
        """
        with io.BufferedReader(SafeFile(source, str(source)), CHUNK) as stream, self._refusing("write", key):
            place = self._place(key)
            partial = partial_of(place.parent)
            try:
                place.parent.mkdir(parents=True, exist_ok=True)
                with partial.open("xb") as copy:
                    while block := stream.read(CHUNK):
                        copy.write(block)
                        on_bytes(len(block))
                self._install(partial, place)
            except BaseException:
                with suppress(OSError):  # what failed is raised; a rest that cannot be removed is hidden
                    self._remove(partial)
                self._prune(place.parent)
                raise

    def get(self, key: str) -> BinaryIO:
        """Open a key for reading; errors that come later, while reading, are of the tree too.

        Raises:
            NotFoundError: There is no such key.
            StoreError: The operating system refused.
        """
        with self._refusing("read", key):
            place = self._place(key)
        return io.BufferedReader(SafeFile(place, str(place), self.hints), CHUNK)

    def keys(self, folder: str = "") -> list[str]:
        """List one level, sub-folders with a trailing slash, sorted; what is being written is no key.

        Raises:
            StoreError: The operating system refused.
        """
        with self._refusing("list", folder):
            place = self._place(folder) if folder else self._base()
            with suppress(FileNotFoundError, NotADirectoryError), os.scandir(place) as entries:
                return sorted(entry.name + "/" * entry.is_dir() for entry in entries if not is_partial(entry.name))
            return []

    def delete(self, key: str) -> None:
        """Remove a file, and the folders that it leaves empty.

        Raises:
            StoreError: The operating system refused.
        """
        with self._refusing("delete", key):
            place = self._place(key)
            with suppress(FileNotFoundError, NotADirectoryError):
                self._remove(place)
            self._prune(place.parent)

    def delete_folder(self, folder: str) -> None:
        """Remove a folder with everything in it, also what a killed process left half written.

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
        """Rename a file, replacing what was there, or a whole folder, to a name that is free.

        Raises:
            NotFoundError: There is no such key.
            StoreError: A folder or a file stands where the folder should go, or the operating system refused.
        """
        with self._refusing("move", key):
            old, new = self._place(key), self._place(to)
            if not exists(old):
                raise NotFoundError(f"There is no {old}.", f"Check the spelling; {action('list')} shows what there is.")
            new.parent.mkdir(parents=True, exist_ok=True)
            if not old.is_dir():
                self._install(old, new)
            elif exists(new):
                raise system_error(errno.EEXIST)
            else:
                old.rename(new)
            self._prune(old.parent)

    def flush(self) -> UploadState:
        """Say ``DONE``: each file was made durable when it was put."""
        return UploadState.DONE

    def path(self, key: str) -> Path | None:
        """Give the file or folder itself."""
        return self._place(key)

    def _refusing(self, action: str, key: str = "") -> AbstractContextManager[None]:
        return refusing(action, f"{self.location}/{key}" if key else self.location, self.hints)

    def _base(self) -> Path:
        """Give the root; a store that can be out of reach refuses here."""
        return self.root

    def _place(self, key: str) -> Path:
        path = check_key(key)
        try:
            os.fsencode(path)
        except UnicodeEncodeError as error:
            raise TargetError(f"{key!r} cannot be a file name.", "Choose a name that is valid text.") from error
        return self._base() / path

    def _check_room(self, folder: Path, size: int) -> None:
        free = shutil.disk_usage(folder).free
        if free < size:
            raise NoSpaceError(
                f"{self.location} has {size_in_words(free)} free, and the save needs {size_in_words(size)}.",
                self.hints.get(errno.EDQUOT, f"Free some room there, or choose another place with {option('to')}."),
            )

    def _check_writing(self, folder: Path) -> None:
        probe = partial_of(folder)
        probe.touch(exist_ok=False)
        probe.unlink()

    def _install(self, partial: Path, place: Path) -> None:
        """Give a complete file its name, after its bytes: a crash could otherwise leave the name without them."""
        _sync(partial, os.O_RDWR)
        partial.replace(place)
        with suppress(OSError):  # the bytes are safe under the new name; some file systems refuse to sync a folder
            _sync(place.parent, os.O_RDONLY)

    def _remove(self, path: Path) -> None:
        path.unlink(missing_ok=True)

    def _prune(self, folder: Path) -> None:
        """Remove empty folders, upwards, but never the root."""
        while folder != self.root and folder.is_relative_to(self.root):
            try:
                folder.rmdir()
            except FileNotFoundError:
                pass
            except OSError:  # not empty, or out of reach: an empty folder harms nobody
                return
            folder = folder.parent


def exists(path: Path) -> bool:
    """Say whether a name is taken, if only by a link to nowhere."""
    return path.is_symlink() or path.exists()


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _raise(error: OSError) -> None:
    raise error
