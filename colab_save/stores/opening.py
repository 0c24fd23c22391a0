"""Make the store for what a user typed, by the table of stores.

Saves, loads and lists call `open_store` for a name, `open_folder_of` for a file at an exact path. `versions.pending`
finds a store again with `reopen`; `custom_code.signing` asks for the `key_folder`, `viewing.netron` for `is_usual`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from colab_save.errors import StoreUnavailableError, TargetError
from colab_save.hints import literal
from colab_save.plugging import plugged
from colab_save.settings import SETTINGS, in_force
from colab_save.store_table import STORES, StoreRecord
from colab_save.target import without_secrets

if TYPE_CHECKING:
    from colab_save.stores.base import Store


def open_store(location: str | None = None) -> Store:
    """Return the store at a location; nothing is created, mounted or connected yet.

    Args:
        location: ``drive``, ``drive:FOLDER`` (below MyDrive), a folder, or a URL. A folder on a Drive mount is Drive.
            Default: the store in the settings, else Drive in Colab, ``./models`` elsewhere.

    Raises:
        TargetError: A URL without a bucket, or a folder on Drive outside MyDrive and Shareddrives.
        StoreUnavailableError: The working directory no longer exists.
        RequestError: The setting ``to`` has a bad value.
    """
    if location is not None:
        return _opened(location)
    default = in_force(SETTINGS["to"])
    if (place := default.checked()) is None:
        return _opened(usual_location())
    try:
        return _opened(place)
    except (TargetError, StoreUnavailableError) as error:
        message, hint = error.references
        raise type(error)(message, f"{hint} The store is set by {default.where}.") from error


def _opened(location: str) -> Store:
    store: Store = plugged(_record_of(location).open)(location)
    return store


def is_known(address: str) -> bool:
    """Return whether a store in the table has such addresses, and can be opened again by them."""
    record = STORES.get(address.partition(":")[0])
    return record is not None and bool(record.reopen)


def reopen(address: str, patience: float = 20.0) -> Store:
    """Return a store that uploads later by its address; nothing is mounted or connected yet.

    Args:
        address: The store's `Store.address`.
        patience: Seconds it may take to answer.

    Raises:
        StoreUnavailableError: No store in the table has such addresses.
    """
    name, _, rest = address.partition(":")
    if not is_known(address):
        raise StoreUnavailableError(
            f"No store has the address {literal(repr(address))}.", "Another release made it; save again."
        )
    store: Store = plugged(STORES[name].reopen)(rest, patience)
    return store


def open_folder_of(path: str) -> tuple[Store, str]:
    """Return the store and the key of a file or folder at an exact path or URL.

    Raises:
        TargetError: A path or URL without a last part, or on Drive outside MyDrive and Shareddrives.
        StoreUnavailableError: The working directory no longer exists.
    """
    hook = _record_of(path).split
    folder, key = plugged(hook)(path) if hook else _split_url(path)
    if key in {"", ".."}:
        shown = literal(repr(without_secrets(path)))
        raise TargetError(f"{shown} does not end in a file name.", "Add one, such as cats.keras.")
    return open_store(folder), key


def key_folder() -> Path:
    """Return the user's own folder for the signing key, one that outlives the session; nothing is mounted."""
    return key_folders()[0]


def key_folders() -> list[Path]:
    """Return every folder that may have a signing key, the one in use first; nothing is mounted."""
    import platformdirs

    hooks = [record.key_folder for record in STORES.values() if record.key_folder]
    own: list[Path] = [folder for hook in hooks if (folder := plugged(hook)()) is not None]
    return [*own, platformdirs.user_config_path("colab_save", appauthor=False)]


def is_usual(name: str) -> bool:
    """Return whether a store is at home on this machine, as Drive is in Colab, even if another is the default."""
    record = STORES.get(name)
    return record is not None and (not record.is_usual or bool(plugged(record.is_usual)()))


def usual_location() -> str:
    """Return the location of the default store where no setting says another: of the first that is a default here."""
    return next(record.usual for record in STORES.values() if record.usual and is_usual(record.name))


def _record_of(location: str) -> StoreRecord:
    """Find the store of a location.

    By its word or prefix, else the first that recognises the location, else ``local``.
    """
    records = STORES.values()
    by_name = (
        each
        for each in records
        if (location and location == each.word) or (each.prefix and location.startswith(each.prefix))
    )
    by_place = (each for each in records if each.is_place and plugged(each.is_place)(location))
    return next(by_name, None) or next(by_place, STORES["local"])


def _split_url(path: str) -> tuple[str, str]:
    """Split a URL into its folder and the last name; what follows ``://`` directly is a bucket."""
    url, question, query = path.partition("?")
    folder, _, key = url.rstrip("/").rpartition("/")
    return f"{folder}/{question}{query}", key if folder.partition("://")[2] else ""
