"""Send one file to a remote store, completely or not at all.

`remote` calls `send_object` for an object store, which shows an object when its upload is complete, and `send_file` for
a file system, where a sibling is written and renamed. A broken transfer is restarted, and each byte is reported once.
"""

from __future__ import annotations

import io
import posixpath
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from colab_save.disk import CHUNK, partial_name
from colab_save.os_errors import SafeFile, refusing
from colab_save.stores.base import OnBytes
from colab_save.stores.remote.calling import Caller
from colab_save.stores.remote.clients import FileSystem


class ReportFailed(BaseException):
    """An error of a progress report, so that neither retries nor the wording of clients' errors catch it.

    Attributes:
        error: What the report raised.
    """

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


def send_object(
    caller: Caller, source: Path, place: str, on_bytes: OnBytes, options_for: Callable[[int], Mapping[str, Any]]
) -> None:
    """Upload a file as one object, its parts side by side where the client can.

    Args:
        caller: Makes the calls.
        source: The local file.
        place: The client's path.
        on_bytes: Called with the bytes moved, always in this thread.
        options_for: Returns the options of ``put_file`` for a file of so many bytes.
    """
    from fsspec.callbacks import Callback

    with refusing("read", str(source)):
        size = source.stat().st_size
    report, options = _Report(on_bytes), options_for(size)

    def attempt() -> None:
        sent = Callback()
        caller.once(
            "put_file",
            str(source),
            place,
            size=size,
            on_tick=lambda: report.reach(min(sent.value, size)),
            callback=sent,
            **options,
        )

    try:
        caller.retry(attempt)
    except BaseException:
        if size > options.get("chunksize", size):
            _abandon(caller, place)
        raise
    report.reach(size)


def send_file(caller: Caller, source: Path, place: str, on_bytes: OnBytes, root: str) -> None:
    """Write a sibling and rename it; after any failure the place has its old bytes.

    Args:
        caller: Makes the calls.
        source: The local file.
        place: The path in the file system.
        on_bytes: Called with the bytes moved.
        root: The folder that stays even if it is empty.
    """
    filesystem, folder = caller.filesystem, posixpath.dirname(place)
    report = _Report(on_bytes)

    def attempt() -> None:
        partial = f"{folder}/{partial_name()}"
        with io.BufferedReader(SafeFile(source, str(source)), CHUNK) as stream:
            try:
                filesystem.makedirs(folder, exist_ok=True)
                with filesystem.open(partial, "wb") as copy:
                    while block := stream.read(CHUNK):
                        copy.write(block)
                        report.reach(stream.tell())
                _rename(filesystem, partial, place)
            except BaseException:
                with suppress(Exception):  # the first error is raised; a leftover that cannot be removed is hidden
                    filesystem.rm_file(partial)
                prune(filesystem, place, root)
                raise

    caller.retry(attempt)


def renames(filesystem: FileSystem) -> bool:
    """Return whether a file system has a rename of its own; fsspec's default copies."""
    from fsspec import AbstractFileSystem

    return type(filesystem).mv is not AbstractFileSystem.mv


def prune(filesystem: FileSystem, place: str, root: str) -> None:
    """Remove the empty folders above a place, but never the root."""
    folder = posixpath.dirname(place)
    while len(folder) > len(root):
        try:
            filesystem.rmdir(folder)
        except FileNotFoundError:
            pass
        except Exception:  # noqa: BLE001 - not empty, or out of reach; an empty folder does no harm
            return
        folder = posixpath.dirname(folder)


def _abandon(caller: Caller, place: str) -> None:
    """Have S3 drop the parts of an upload that was cut off: it stores them for ever, unseen, and charges for them.

    s3fs does so itself after an error, but not when it is cancelled, as by Ctrl-C.
    """
    filesystem = caller.filesystem
    if not hasattr(filesystem, "call_s3"):
        return
    with suppress(Exception):  # the first error is raised
        bucket, key, _ = filesystem.split_path(place)
        found = caller.once("call_s3", "list_multipart_uploads", Bucket=bucket, Prefix=key)
        for upload in found.get("Uploads", ()):
            if upload["Key"] == key:
                caller.once("call_s3", "abort_multipart_upload", Bucket=bucket, Key=key, UploadId=upload["UploadId"])


def _rename(filesystem: FileSystem, partial: str, place: str) -> None:
    """Rename a complete file; a file system without a rename copies, which the one in memory does at once."""
    if filesystem.isdir(place):
        raise IsADirectoryError(place)
    if renames(filesystem):
        filesystem.mv(partial, place)
        return
    filesystem.cp_file(partial, place)
    with suppress(Exception):  # the new file is in place; a leftover that cannot be removed is hidden
        filesystem.rm_file(partial)


class _Report:
    """Reports each byte of a transfer once, however often it is restarted."""

    def __init__(self, on_bytes: OnBytes) -> None:
        self._on_bytes = on_bytes
        self._reached = 0
        self._call(0)  # a report that fails should fail before anything is sent

    def reach(self, moved: int) -> None:
        if moved > self._reached:
            self._call(moved - self._reached)
            self._reached = moved

    def _call(self, count: int) -> None:
        try:
            self._on_bytes(count)
        except Exception as error:  # a listener may raise anything to stop; no client may handle it
            raise ReportFailed(error) from error
