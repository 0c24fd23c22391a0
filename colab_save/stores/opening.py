"""How a user's words become a store, by the table of stores.

Saves, loads and lists open their store here: `open_store` for names, `open_folder_of` for a file at an exact place.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from colab_save.errors import StoreUnavailableError, TargetError
from colab_save.plugging import plugged
from colab_save.store_table import STORES, StoreRecord
from colab_save.target import without_secrets

if TYPE_CHECKING:
    from colab_save.stores.base import Store


def open_store(location: str | None = None) -> Store:
    """Find the store that a user's words mean; nothing is made, mounted or asked yet.

    Args:
        location: ``drive``, ``drive:FOLDER`` (below MyDrive), a folder, or a URL; a folder on a Drive mount is Drive.
            Default: Drive in Colab, ``./models`` elsewhere.

    Raises:
        TargetError: A URL without a bucket, or a folder that is in no drive.
        StoreUnavailableError: The working directory is gone.
    """
    location = _usual() if location is None else location
    record = _record_of(location)
    store: Store = plugged(record.open)(location)
    return store


def reopen(address: str, patience: float = 20.0) -> Store:
    """Find a store that uploads later again, by its `Store.address`; nothing is mounted or asked yet.

    Args:
        address: What `Store.address` said.
        patience: Seconds that it may take to answer.

    Raises:
        StoreUnavailableError: It is of no store in the table.
    """
    name, _, rest = address.partition(":")
    hook = STORES[name].reopen if name in STORES else ""
    if not hook:
        raise StoreUnavailableError(f"No store is known by {address!r}.", "It was kept by another release; save again.")
    store: Store = plugged(hook)(rest, patience)
    return store


def open_folder_of(path: str) -> tuple[Store, str]:
    """Find the store and the key of a file or folder at an exact place.

    Raises:
        TargetError: A path or URL without a last part, or one that is in no drive.
        StoreUnavailableError: The working directory is gone.
    """
    hook = _record_of(path).split
    folder, key = plugged(hook)(path) if hook else _split_url(path)
    if key in {"", ".."}:
        raise TargetError(f"{without_secrets(path)!r} names no file.", "End it with a file name such as cats.keras.")
    return open_store(folder), key


def key_folder() -> Path:
    """Give the folder that is the user's own and outlives a session, for the key that signs; nothing is mounted."""
    import platformdirs

    hooks = [record.key_folder for record in STORES.values() if record.key_folder]
    own: list[Path] = [folder for hook in hooks if (folder := plugged(hook)()) is not None]
    return own[0] if own else platformdirs.user_config_path("colab_save", appauthor=False)


def _usual() -> str:
    """Give the location of the default store: of the first one that is that here."""
    known = (record for record in STORES.values() if record.usual)
    return next(record.usual for record in known if not record.is_usual or plugged(record.is_usual)())


def _record_of(location: str) -> StoreRecord:
    """Find the store that a location is in: by its word or prefix, else the first that recognises it, else a folder."""
    records = STORES.values()
    named = (
        each
        for each in records
        if (location and location == each.word) or (each.prefix and location.startswith(each.prefix))
    )
    asked = (each for each in records if each.is_place and plugged(each.is_place)(location))
    return next(named, None) or next(asked, STORES["local"])


def _split_url(path: str) -> tuple[str, str]:
    """Split a URL into that of its folder and the name in it; what stands right behind ``://`` is a bucket."""
    url, question, query = path.partition("?")
    folder, _, key = url.rstrip("/").rpartition("/")
    return f"{folder}/{question}{query}", key if folder.partition("://")[2] else ""
