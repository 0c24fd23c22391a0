"""The store behind a URL: ``s3://``, ``gs://``, ``az://``, ``hf://``, ``memory://``, and others that fsspec knows.

`stores.opening` makes it. An object store shows an object when its upload is complete; on a file system a sibling is
written and renamed. Each client finds credentials by itself; none is ever shown.
"""

from __future__ import annotations

import functools
import posixpath
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

from colab_save.disk import is_partial, partial_name
from colab_save.errors import ColabSaveError, NotFoundError, ReadOnlyStoreError, TargetError
from colab_save.hints import action, literal, option
from colab_save.stores.base import OnBytes, Store, UploadState, check_key
from colab_save.stores.remote.calling import Caller, Patience
from colab_save.stores.remote.clients import FileSystem, client_of, open_filesystem
from colab_save.stores.remote.errors import is_missing, is_without_bucket, refusal_of
from colab_save.stores.remote.sending import ReportFailed, prune, renames, send_file, send_object
from colab_save.stores.remote.streaming import open_object
from colab_save.target import is_url, without_secrets

_MISSING = f"Check the spelling; {action('list')} shows what there is."


def is_remote(location: str) -> bool:
    """Return whether a location is a URL of another machine; ``file://`` is not."""
    return is_url(location) and not location.startswith("file://")


class RemoteStore(Store):
    """A bucket or folder behind a URL that fsspec understands; it is connected when it is first used.

    Attributes:
        patience: How long calls may take, and how often they are tried.
    """

    kind = "remote"
    patience: ClassVar[Patience] = Patience()

    def __init__(self, url: str) -> None:
        self._url, question, query = url.partition("?")
        self.location = without_secrets(_bare(self._url))
        self._query = question + query
        self._protocol, _, path = self._url.partition("://")
        self._client = client_of(self._protocol)
        if ".." in path.split("/") or (self._client.is_whole and not path.strip("/")):
            raise TargetError(
                f"{literal(repr(self.location))} has no bucket, or '..' in it.", "Write it as in s3://bucket/models."
            )
        if query and not self._client.is_read_only:
            raise TargetError(f"{literal(repr(self.location))} has a '?', which only http URLs may have.", "Remove it.")

    def prepare(self, size: int) -> None:
        """Refuse what cannot be reached or written; a byte is written as a test where that leaves no traces.

        Raises:
            StoreError: No such bucket, not permitted, or no answer.
            MissingPackageError: The client of this protocol is not installed.
        """
        if self._client.is_read_only:
            raise ReadOnlyStoreError(f"{self.location} is read-only.", f"Choose another place with {option('to')}.")
        if not self._client.is_probed:
            self.keys("")
            return
        with self._refusing("write"):
            probe = f"{self._root}/{partial_name()}"
            if self._client.is_whole:
                self._caller.call("pipe_file", probe, b"?")
            else:
                self._caller.filesystem.makedirs(self._root, exist_ok=True)
                self._caller.filesystem.pipe_file(probe, b"?")
            with suppress(PermissionError):  # write access is enough for a save; the byte is never listed
                self._caller.call("rm_file", probe)

    def put(self, key: str, source: Path, on_bytes: OnBytes) -> None:
        """Upload a file, its parts side by side where the client can; it appears when it is complete.

        Raises:
            StoreError: The store refused, or did not answer after several attempts.
        """
        place = self._place(key)
        try:
            with self._refusing("write", key):
                if self._client.is_whole:
                    send_object(self._caller, source, place, on_bytes, self._client.put_options)
                else:
                    send_file(self._caller, source, place, on_bytes, self._root)
        except ReportFailed as failed:
            raise failed.error from None

    def get(self, key: str) -> BinaryIO:
        """Open a file for reading; from an object store its parts are read side by side.

        Raises:
            NotFoundError: There is no such key.
            StoreError: The store refused.
        """
        place = self._place(key)
        with self._refusing("read", key):
            facts = self._info(place)
            if facts["type"] != "file":
                raise IsADirectoryError(place)
            return open_object(
                self._caller, place, facts["size"], lambda: self._refusing("read", key), is_parted=self._client.is_whole
            )

    def keys(self, folder: str = "") -> list[str]:
        """List one level as it is now, subfolders with a trailing slash, sorted; half-written files are left out.

        Raises:
            StoreError: The store refused, or there is no such bucket.
        """
        return [name for name in self._names(folder) if not is_partial(name)]

    def delete(self, key: str) -> None:
        """Remove a key and the folders that this leaves empty.

        Raises:
            StoreError: The store refused.
        """
        place = self._place(key)
        with self._refusing("delete", key):
            try:
                self._caller.call("rm_file", place)
            except Exception as error:  # each client has its own error for a missing key
                if not is_missing(error):
                    raise
            self._prune(place)

    def delete_folder(self, folder: str) -> None:
        """Remove everything below a folder, also half-written files of a killed process.

        Raises:
            StoreError: The store refused.
        """
        self._place(folder)
        for name in self._names(folder):
            key = f"{folder}/{name.rstrip('/')}"
            if name.endswith("/"):
                self.delete_folder(key)
            else:
                self.delete(key)

    def move(self, key: str, to: str) -> None:
        """Rename a file, or a whole folder to a name that is free.

        An object store copies each object and deletes it afterwards, all by itself; that is not atomic for a folder.

        Raises:
            NotFoundError: There is no such key.
            StoreError: There is a folder already, or the store refused.
        """
        old, new = self._place(key), self._place(to)
        names = self.walk(key)
        if not names and not self.has(key):
            raise NotFoundError(f"There is no {literal(f'{self.location}/{key}')}.", _MISSING)
        with self._refusing("move", key):
            if self._names(to) or (names and self.has(to)):
                raise FileExistsError(new)
            if not self._client.is_whole and renames(self._caller.filesystem):
                self._caller.filesystem.makedirs(posixpath.dirname(new), exist_ok=True)
                self._caller.filesystem.mv(old, new)
                self._prune(old)
                return
            for name in names or [key]:
                self._caller.call("cp_file", self._place(name), new + self._place(name).removeprefix(old))
        for name in names or [key]:
            self.delete(name)

    def has(self, key: str) -> bool:
        """Return whether there is such a file or folder, without listing what is around it."""
        with self._refusing("read", key):
            try:
                self._info(self._place(key))
            except Exception as error:  # each client has its own error for a missing key
                if is_missing(error) and not is_without_bucket(error):
                    return False
                raise
        return True

    def flush(self) -> UploadState:
        """Return ``DONE``: a store behind a URL answers when a write is complete."""
        return UploadState.DONE

    @functools.cached_property
    def _opened(self) -> tuple[FileSystem, str]:
        filesystem, path = open_filesystem(self._url, self._protocol)
        return filesystem, path.rstrip("/")

    @functools.cached_property
    def _caller(self) -> Caller:
        return Caller(self._opened[0], self.patience)

    @property
    def _root(self) -> str:
        return self._opened[1]

    def _place(self, key: str) -> str:
        """Return the client's path of a key."""
        path = check_key(key)
        try:
            str(path).encode()
        except UnicodeEncodeError as error:
            raise TargetError(f"{literal(repr(key))} cannot be encoded as a key.", "Choose another name.") from error
        with self._refusing("reach"):
            return f"{self._root}/{path}{self._query}"

    @contextmanager
    def _refusing(self, action: str, key: str = "") -> Iterator[None]:
        """Raise every error of a client as one of ours, without its cause where that could show a secret.

        Raises:
            StoreError: Of the kind that fits.
        """
        try:
            yield
        except ColabSaveError:
            raise
        except Exception as error:  # noqa: BLE001 - clients have error classes of their own, and none may reach a cell
            where = f"{self.location}/{key}" if key else self.location
            refused = refusal_of(error, action, where, self._client.login)
            raise refused from (None if self._query or self.location != _bare(self._url) else error)

    def _prune(self, place: str) -> None:
        if not self._client.is_whole:
            prune(self._caller.filesystem, place, self._root)

    def _info(self, place: str) -> Any:
        self._caller.filesystem.invalidate_cache()
        return self._caller.call("info", place)

    def _names(self, folder: str) -> list[str]:
        with self._refusing("list", folder):
            place = self._place(folder) if folder else self._root
            self._caller.filesystem.invalidate_cache()  # Hugging Face's client always caches listings
            try:
                entries = self._caller.call("ls", place, detail=True)
            except Exception as error:  # each client has its own error for a missing key
                if is_missing(error) and not is_without_bucket(error):
                    return []
                raise
            below = f"{place}/"
            found = [(str(entry["name"]).rstrip("/"), entry["type"] == "directory") for entry in entries]
            return sorted(name[len(below) :] + "/" * is_folder for name, is_folder in found if name.startswith(below))


def _bare(url: str) -> str:
    """Return a URL without slashes at its end, except those of its protocol."""
    return url.rstrip("/") if url.partition("://")[2].strip("/") else url
