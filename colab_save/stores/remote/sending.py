"""One file on its way to a remote store, whole or not at all.

`remote` sends here. An object store shows an object when its upload is complete; in a place of files a sibling is
written and renamed. What breaks is begun again, and each byte is reported once.
"""

from __future__ import annotations

import io
import posixpath
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from colab_save.disk import CHUNK
from colab_save.os_errors import SafeFile, refusing
from colab_save.stores.base import OnBytes
from colab_save.stores.remote.calling import Caller


class ReportFailed(BaseException):
    """What a progress report raised, on its way past retries and the wording of a client's errors.

    Attributes:
        error: What was raised.
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
        on_bytes: Told the bytes moved, always in this thread.
        options_for: Gives the options of ``put_file`` for a file of so many bytes.
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
        caller.again(attempt)
    except BaseException:
        if size > options.get("chunksize", size):
            _abandon(caller, place)
        raise
    report.reach(size)


def send_file(caller: Caller, source: Path, place: str, on_bytes: OnBytes, root: str) -> None:
    """Write a sibling and rename it; on any failure the place holds what it held before.

    Args:
        caller: Makes the calls.
        source: The local file.
        place: The path in the file system.
        on_bytes: Told the bytes moved.
        root: The folder that stays, also when it is empty.
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
                with suppress(Exception):  # what failed is raised; a rest that cannot be removed is hidden
                    filesystem.rm_file(partial)
                prune(filesystem, place, root)
                raise

    caller.again(attempt)


def renames(filesystem: Any) -> bool:
    """Say whether a file system has a rename of its own; fsspec's default copies."""
    from fsspec import AbstractFileSystem

    return type(filesystem).mv is not AbstractFileSystem.mv


def prune(filesystem: Any, place: str, root: str) -> None:
    """Remove the empty folders above a place, but never the root."""
    folder = posixpath.dirname(place)
    while len(folder) > len(root):
        try:
            filesystem.rmdir(folder)
        except FileNotFoundError:
            pass
        except Exception:  # noqa: BLE001 - not empty, or out of reach: an empty folder harms nobody
            return
        folder = posixpath.dirname(folder)


def partial_name() -> str:
    """Name a fresh sibling, which `local.is_partial` knows."""
    return f".{secrets.token_hex(8)}.partial"


def _abandon(caller: Caller, place: str) -> None:
    """Have S3 forget the parts of an upload that was cut off: it keeps them for ever, unseen, and charges for them.

    s3fs does that itself after an error, and not when it is cancelled, as by Ctrl-C.
    """
    filesystem = caller.filesystem
    if not hasattr(filesystem, "call_s3"):
        return
    with suppress(Exception):  # what failed is raised
        bucket, key, _ = filesystem.split_path(place)
        found = caller.once("call_s3", "list_multipart_uploads", Bucket=bucket, Prefix=key)
        for upload in found.get("Uploads", ()):
            if upload["Key"] == key:
                caller.once("call_s3", "abort_multipart_upload", Bucket=bucket, Key=key, UploadId=upload["UploadId"])


def _rename(filesystem: Any, partial: str, place: str) -> None:
    """Give a complete file its name; a file system without a rename copies, which the one in memory does at once."""
    if filesystem.isdir(place):
        raise IsADirectoryError(place)
    if renames(filesystem):
        filesystem.mv(partial, place)
        return
    filesystem.cp_file(partial, place)
    with suppress(Exception):  # the new one stands; a rest that cannot be removed is hidden
        filesystem.rm_file(partial)


class _Report:
    """Reports each byte of a transfer once, however often it was begun again."""

    def __init__(self, on_bytes: OnBytes) -> None:
        self._on_bytes = on_bytes
        self._reached = 0
        self._tell(0)  # a report that fails does so while nothing has been sent

    def reach(self, moved: int) -> None:
        if moved > self._reached:
            self._tell(moved - self._reached)
            self._reached = moved

    def _tell(self, count: int) -> None:
        try:
            self._on_bytes(count)
        except Exception as error:  # who listens may raise anything to stop; no client may take it for its own
            raise ReportFailed(error) from error
