"""A store of its own: folders of this machine behind ``toy://``.

Its record is added to the table by the tests; nothing else of colab_save knows it.
"""

from __future__ import annotations

from pathlib import Path

from colab_save.store_table import StoreRecord
from colab_save.stores.local import LocalStore

RECORD = StoreRecord(
    name="toy",
    open=f"{__name__}:ToyStore",
    typed="a toy such as toy://shelf",
    title="the shelf",
    prefix="toy://",
    states={"done": "on the shelf"},
)


class ToyStore(LocalStore):
    """A shelf."""

    kind = "toy"

    def __init__(self, location):
        super().__init__(Path("shelves", location.removeprefix("toy://")).absolute())
        self.location = location.rstrip("/")
