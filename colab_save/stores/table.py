"""The stores by name, and how a user's words become one; adding a store is its file, one line here and one test class.

Both lines open their store here: `open_store` for names, `open_folder_of` for a file at an exact place.
"""

from __future__ import annotations

import importlib
import os
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from colab_save.errors import StoreUnavailableError, TargetError
from colab_save.target import is_url, without_secrets

if TYPE_CHECKING:
    from colab_save.stores.base import Store

STORES = {
    "local": "colab_save.stores.local:LocalStore",
    "drive": "colab_save.stores.drive.drive:DriveStore",
    "remote": "colab_save.stores.remote.remote:RemoteStore",
}

DEFAULT_FOLDER = "models"
"""Outside Colab, artifacts live in this folder of the working directory."""

_DRIVE = "drive:"
_FILE = "file://"


def open_store(location: str | None = None) -> Store:
    """Find the store that a user's words mean; nothing is made, mounted or asked yet.

    Args:
        location: ``drive``, ``drive:FOLDER`` (below MyDrive), a folder, or a URL; a folder on a Drive mount is Drive.
            Default: Drive in Colab, ``./models`` elsewhere.

    Raises:
        TargetError: A URL without a bucket, or a folder that is in no drive.
        StoreUnavailableError: The working directory is gone.
    """
    if location is None:
        location = "drive" if _class_of("drive").is_default() else DEFAULT_FOLDER
    if location == "drive":
        return _made("drive")
    if location.startswith(_DRIVE):
        return _made("drive", f"MyDrive/{location.removeprefix(_DRIVE)}")
    if is_url(location) and not location.startswith(_FILE):
        return _made("remote", location)
    return _open_folder(_absolute(location.removeprefix(_FILE)))


def reopen(address: str, patience: float = 20.0) -> Store:
    """Find a store that uploads later again, by its `Store.address`; nothing is mounted or asked yet.

    Args:
        address: What `Store.address` said.
        patience: Seconds that it may take to answer.
    """
    return _made("drive", address, patience=patience)


def open_folder_of(path: str) -> tuple[Store, str]:
    """Find the store and the key of a file or folder at an exact place.

    Raises:
        TargetError: A path or URL without a last part, or one that is in no drive.
        StoreUnavailableError: The working directory is gone.
    """
    if path.startswith(_DRIVE):
        folder, _, key = path.removeprefix(_DRIVE).strip("/").rpartition("/")
        return open_store(f"{_DRIVE}{folder}"), _checked(key, path)
    path = path.removeprefix(_FILE)
    if is_url(path):
        url, question, query = path.partition("?")
        folder, _, key = url.rstrip("/").rpartition("/")
        key = _checked(key if folder.partition("://")[2] else "", path)  # s3://cats.keras is a bucket
        return open_store(f"{folder}/{question}{query}"), key
    _checked(PurePath(path).name, path)
    place = _absolute(path)
    return _open_folder(place.parent), place.name


def key_folder() -> Path:
    """Give the folder that is the user's own and outlives a session, for the key that signs; nothing is mounted."""
    import platformdirs

    own: Path | None = _class_of("drive").own_folder()
    return own if own is not None else platformdirs.user_config_path("colab_save", appauthor=False)


def _class_of(kind: str) -> Any:
    module, _, attribute = STORES[kind].partition(":")
    return getattr(importlib.import_module(module), attribute)


def _made(kind: str, *arguments: Any, **options: Any) -> Store:
    store: Store = _class_of(kind)(*arguments, **options)
    return store


def _open_folder(folder: Path) -> Store:
    below_drive = _class_of("drive").folder_of(folder)
    return _made("local", folder) if below_drive is None else _made("drive", below_drive)


def _absolute(text: str) -> Path:
    try:
        return Path(os.path.normpath(Path(text).expanduser().absolute()))
    except RuntimeError as error:
        raise TargetError(f"{text!r} names the home of nobody here.", "Give ~/FOLDER, or the whole path.") from error
    except OSError as error:  # the folder has been deleted, or it was on a Drive mount that has died
        raise StoreUnavailableError(
            f"The working directory is gone ({error.strerror}).",
            "Run `%cd /content` in Colab, or go to any folder that exists.",
        ) from error


def _checked(key: str, path: str) -> str:
    if not key or key == "..":
        raise TargetError(f"{without_secrets(path)!r} names no file.", "End it with a file name such as cats.keras.")
    return key
