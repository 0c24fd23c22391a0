"""The table of stores: how to recognise a location of each, how to open it, and the words for its upload states.

Requests, reports and `stores.opening` look records up when they need one, so a new record counts everywhere. What a
store *does* is in its class, a subclass of `stores.base.Store`. A new store is one file, one record here and one test
class.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreRecord:
    """One kind of store. A hook is a function named as ``module:function``, see `plugging`.

    Attributes:
        name: Its name in manifests and reports; the `Store.kind` of its class.
        open: Hook ``(location) -> Store``, from the location that the user typed; the class itself if it takes one.
        typed: How users type a location in it, for the help.
        title: Its name in sentences.
        word: The word that alone means its default location; empty for none.
        prefix: The text that begins each location in it, such as ``drive:``; empty for none.
        is_place: Hook ``(location) -> bool`` for locations without the prefix; the stores are asked in table order.
        split: Hook ``(path) -> (location, key)`` for a file at an exact path; default: split a URL at its last slash.
        usual: The location to use if this is the default store.
        is_usual: Hook ``() -> bool``: whether it is the default store here; the first store that is, or that has a
            default location and no hook, is used.
        key_folder: Hook ``() -> Path | None``: a folder of the user that outlives a session, for the signing key; must
            not mount anything.
        reopen: Hook ``(address, patience) -> Store`` for a store that uploads later; ``address`` is what follows its
            name in `Store.address`.
        states: The words for each `UploadState`; they claim no more than the store knows.
        silent: The sentence for a store that cannot show whether a file is uploaded, so that waiting is useless.
        flushed: The sentence on the side effects of flushing.
    """

    name: str
    open: str
    typed: str
    title: str
    word: str = ""
    prefix: str = ""
    is_place: str = ""
    split: str = ""
    usual: str = ""
    is_usual: str = ""
    key_folder: str = ""
    reopen: str = ""
    states: Mapping[str, str] = field(default_factory=dict)
    silent: str = "The store does not show whether it is uploaded, so waiting does not help."
    flushed: str = ""


_DRIVE = StoreRecord(
    name="drive",
    open="colab_save.stores.drive.drive:DriveStore.at",
    typed="drive",
    title="Drive",
    word="drive",
    prefix="drive:",
    is_place="colab_save.stores.drive.drive:DriveStore.is_place",
    split="colab_save.stores.drive.drive:DriveStore.split",
    usual="drive",
    is_usual="colab_save.stores.drive.drive:DriveStore.is_default",
    key_folder="colab_save.stores.drive.drive:DriveStore.own_folder",
    reopen="colab_save.stores.drive.drive:DriveStore.at_address",
    states={
        "written": "written to the Drive mount; not uploaded yet",
        "uploaded": "uploaded to Drive",
        "flushed": "flushed: uploaded to Drive, which is now unmounted",
        "unknown": "written to the Drive mount; upload not confirmed",
        "missing": "written to the Drive mount, but missing or changed there now",
    },
    silent="Drive does not show whether it is uploaded, so waiting does not help; look at drive.google.com.",
    flushed="Flushing unmounted Drive, so its folder is gone. The next save or load mounts it again, and so does "
    "`from google.colab import drive; drive.mount('/content/drive')`. If that fails (#4773), restart the session.",
)
_LOCAL = StoreRecord(
    name="local",
    open="colab_save.stores.local:LocalStore.at",
    typed="a folder",
    title="the disk",
    split="colab_save.stores.local:LocalStore.split",
    usual="models",
    states={"done": "on this machine's disk"},
)
_REMOTE = StoreRecord(
    name="remote",
    open="colab_save.stores.remote.remote:RemoteStore",
    typed="a URL such as s3://bucket/models",
    title="the store",
    is_place="colab_save.stores.remote.remote:is_remote",
    states={"done": "uploaded; every file was read back"},
)

STORES = {record.name: record for record in (_DRIVE, _LOCAL, _REMOTE)}
"""The stores by name; a location that no other store recognises is a folder of this machine, ``local``."""
