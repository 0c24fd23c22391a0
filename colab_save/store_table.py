"""The table of stores: how a place is recognised as one of theirs, and what is to be said of it.

Requests and reports read it, and so does `stores.opening`, which makes stores by it; a record added later counts
everywhere. What a store *does* is its class, see `stores.base.Store`. Adding one is its file, one record here and one
test class.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreRecord:
    """One kind of store. What is called a hook is a ``module:function``, see `plugging`.

    Attributes:
        name: What manifests and reports call it; its class has it as `Store.kind`.
        open: Hook ``(location) -> Store``, from what the user typed; the class itself, where it takes that.
        typed: How a place in it is typed, for the help.
        title: Its name in sentences.
        word: The word that alone means its usual place; empty for none.
        prefix: What every place in it begins with, such as ``drive:``; empty for none.
        is_place: Hook ``(location) -> bool`` for places that do not begin so; the stores are asked in their order.
        split: Hook ``(path) -> (location, key)`` for a file at an exact place; default: at the last slash of a URL.
        usual: The location of the default store, where this one is that.
        is_usual: Hook ``() -> bool``: whether it is the default here; the first one that is, or that has no hook, is.
        key_folder: Hook ``() -> Path | None``: a folder of the user's own that outlives a session, for the key that
            signs; nothing is mounted.
        reopen: Hook ``(address, patience) -> Store``, of a store that uploads later: from what follows its name in
            `Store.address`.
        states: What it says of each `UploadState`, in words that say no more than it knows.
        silent: What it says where it does not tell whether anything is uploaded, so that waiting is for nothing.
        flushed: What it says of what flushing did besides.
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
    silent: str = "The store does not say whether it is uploaded, so waiting is for nothing."
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
        "flushed": "flushed: uploaded to Drive, which is unmounted now",
        "unknown": "written to the Drive mount; upload not confirmed",
        "missing": "written to the Drive mount, and not there as it was",
    },
    silent="Drive does not say whether it is uploaded, so waiting is for nothing; drive.google.com shows it.",
    flushed="Flushing has unmounted Drive, and its folder is gone. The next save or load mounts it again, and so does "
    "`from google.colab import drive; drive.mount('/content/drive')`; where that fails (#4773), restart the session.",
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
"""The stores by name; what no other one recognises is a folder of this machine, ``local``."""
