"""The clients behind URLs: what pip installs, how a user logs in, how they upload.

`remote` opens its file system here. fsspec decides which protocols exist; the table has what colab_save must know about
those it is made for.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from colab_save.errors import MissingPackageError, UnknownNameError
from colab_save.hints import option, pip
from colab_save.wording import did_you_mean

FileSystem: TypeAlias = Any
"""A file system of fsspec, which has no types that a checker could read."""

PART = 8 << 20
"""Bytes of one part of an upload or download; S3 wants at least 5 MiB, GCS multiples of 256 KiB."""

MOST_PARTS = 9_000
"""Most parts of one upload; S3 allows 10,000."""

SIDE_BY_SIDE = 8
"""Parts that are sent at the same time, which limits memory too."""

_OTHER_LOGIN = f"Log in the way that store expects, or choose another place with {option('to')}."


@dataclass(frozen=True, slots=True)
class Client:
    """A client that fsspec finds by the protocol of a URL.

    Attributes:
        package: What pip installs, where that is known.
        login: The hint for a call that is not permitted: where its users keep credentials.
        is_whole: Whether an upload appears only when it is complete; otherwise we write a sibling and rename it.
        is_probed: Whether writing and deleting a byte leaves no traces.
        is_read_only: Whether nothing can be written there.
        opening: Options of the file system; listings must never be cached.
        parts: The names of ``put_file``'s options for the bytes of a part and for how many are sent at once.
        uploading: More options of ``put_file``.
        put_file: Replaces the client's ``put_file``; called with the file system, the local path and the remote one.
    """

    package: str = ""
    login: str = _OTHER_LOGIN
    is_whole: bool = False
    is_probed: bool = True
    is_read_only: bool = False
    opening: Mapping[str, Any] = field(default_factory=dict)
    parts: tuple[str, ...] = ()
    uploading: Mapping[str, Any] = field(default_factory=dict)
    put_file: Callable[..., None] | None = None

    def put_options(self, size: int) -> dict[str, Any]:
        """Return the options of ``put_file`` for a file of so many bytes."""
        part = PART * -(-max(size, 1) // (PART * MOST_PARTS))
        return {**self.uploading, **dict(zip(self.parts, (part, SIDE_BY_SIDE), strict=False))}


def commit_file(filesystem: FileSystem, source: str, place: str, **_: Any) -> None:
    """Commit a file to the Hugging Face Hub, completely or not at all.

    The client's own ``put_file`` (fsspec's) copies into an open file, and commits what it has when it is interrupted
    (huggingface_hub 1.27 and 2.4).
    """
    from huggingface_hub import HfApi

    api, found = HfApi(endpoint=filesystem.endpoint, token=filesystem.token), filesystem.resolve_path(place)
    if hasattr(found, "bucket_id"):  # a bucket (hf://buckets/…, huggingface_hub 2) has no commits
        api.batch_bucket_files(found.bucket_id, add=[(source, found.path)])
        return
    api.upload_file(
        path_or_fileobj=source,
        path_in_repo=found.path_in_repo,
        repo_id=found.repo_id,
        repo_type=found.repo_type,
        revision=found.revision,
    )


_FRESH = {"use_listings_cache": False}

_S3 = Client(
    "s3fs",
    "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run `aws configure`; they must allow reading, writing, "
    "listing and deleting there.",
    is_whole=True,
    opening=_FRESH,
    parts=("chunksize", "max_concurrency"),
)
_GS = Client(
    "gcsfs",
    "In Colab run `from google.colab import auth; auth.authenticate_user()`, elsewhere "
    "`gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS; the account needs the role "
    "Storage Object User.",
    is_whole=True,
    opening=_FRESH,
    parts=("chunksize",),
)
_AZ = Client(
    "adlfs",
    "Set AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY, or AZURE_STORAGE_CONNECTION_STRING.",
    is_whole=True,
    opening=_FRESH,
    uploading={"overwrite": True, "max_concurrency": SIDE_BY_SIDE},  # of 4 MiB each; a blob up to 64 MiB is one request
)
_HF = Client(
    "huggingface_hub",
    "Set HF_TOKEN to a token that may write, or run `hf auth login`.",
    is_whole=True,
    is_probed=False,  # a byte would leave two commits
    put_file=commit_file,
)
_WEB = Client("aiohttp", "Download the file in a browser and load it from its path.", is_read_only=True)

CLIENTS: Mapping[str, Client] = {
    **dict.fromkeys(("s3", "s3a"), _S3),
    **dict.fromkeys(("gs", "gcs"), _GS),
    **dict.fromkeys(("az", "abfs", "abfss"), _AZ),
    "hf": _HF,
    **dict.fromkeys(("http", "https"), _WEB),
}
"""By protocol; fsspec's other protocols are file systems."""

_OF_ONE_RELEASE = {"s3fs", "gcsfs"}
"""Packages whose releases each need the fsspec of the same number."""


def client_of(protocol: str) -> Client:
    """Return what is known about the client of a protocol; for one that is not in the table, the defaults."""
    return CLIENTS.get(protocol, Client())


def open_filesystem(url: str, protocol: str) -> tuple[FileSystem, str]:
    """Open fsspec's file system for a URL, not a cached one and without cached listings.

    Returns:
        The file system, and the URL's path in it.

    Raises:
        UnknownNameError: fsspec does not know the protocol.
        MissingPackageError: Its package is not installed.
    """
    from fsspec import available_protocols, get_filesystem_class
    from fsspec.core import url_to_fs

    client = client_of(protocol)
    try:
        get_filesystem_class(protocol)
    except ValueError as error:
        raise UnknownNameError(
            f"There is no store for {protocol}:// URLs.", did_you_mean(protocol, available_protocols())
        ) from error
    except ImportError as error:
        raise _missing(protocol, client.package, str(error)) from error
    filesystem, path = url_to_fs(url, skip_instance_cache=True, **client.opening)
    if client.put_file is not None:
        filesystem.put_file = functools.partial(client.put_file, filesystem)
    return filesystem, str(path)


def _missing(protocol: str, package: str, reason: str) -> MissingPackageError:
    """Return the error with the pip command; s3fs and gcsfs only fit the fsspec of their own release."""
    import fsspec

    if not package:
        return MissingPackageError(f"{protocol}:// needs a package that is not installed.", reason)
    version = f"=={fsspec.__version__}" if package in _OF_ONE_RELEASE else ""
    return MissingPackageError(f"{protocol}:// needs {package}, which is not installed.", pip(f"{package}{version}"))
