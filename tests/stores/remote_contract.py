"""What every remote store does beside the contract of all stores; its test class gives it a `store`."""

from __future__ import annotations

import errno
import functools
from typing import ClassVar

import pytest

from colab_save.stores.calling import Patience
from colab_save.stores.remote import RemoteStore
from tests.stores.contract import NEW, OLD, StoreContract
from tests.stores.faults import FilesystemFaults


class HastyStore(RemoteStore):
    """Waits no longer than a test may, and shares its client, which takes half a second to make."""

    patience = Patience(answer=5, attempts=4, again=20, pause=0.01)
    clients: ClassVar[dict] = {}

    @functools.cached_property
    def _opened(self):
        bucket = self._url.split("/")[2]
        if bucket not in self.clients:
            self.clients[bucket] = super()._opened[0]
        return self.clients[bucket], self.clients[bucket]._strip_protocol(self._url)


class RemoteContract(StoreContract):
    """Give a fixture ``store``."""

    @pytest.fixture
    def faults(self, put, store, monkeypatch):
        put("warm", b"")
        store.delete("warm")
        return FilesystemFaults(monkeypatch, store._caller.filesystem)

    test_more_than_there_is_room_for_is_refused_with_both_sizes = None  # nobody says how much room there is

    def test_what_another_notebook_writes_is_seen_at_once(self, store, put):
        put("a/1")
        assert ["1"] == store.keys("a")
        RemoteStore(store.location).put("a/2", self.source(store), lambda count: None)
        assert ["1", "2"] == store.keys("a")
        assert store.has("a/2")

    def test_what_another_notebook_deletes_is_gone_at_once(self, store, put):
        put("a/1")
        assert ["1"] == store.keys("a")
        RemoteStore(store.location).delete("a/1")
        assert [] == store.keys("a")
        assert not store.has("a/1")

    def test_a_passing_error_is_asked_again(self, put, store, faults):
        for number, error in enumerate((ConnectionResetError(104, "reset"), TimeoutError("late"))):
            faults.arm(0, error)
            put(f"a/{number}", NEW)
            assert NEW == store.read(f"a/{number}")

    def test_it_is_kept_when_it_is_written(self, store, put):
        put("a")
        assert "DONE" == store.durability(["a"]) == store.flush()

    @pytest.fixture(autouse=True)
    def other_source(self, tmp_path):
        self.folder = tmp_path

    def source(self, store):
        file = self.folder / "other"
        file.write_bytes(NEW)
        return file


class ObjectContract(RemoteContract):
    """Give a fixture ``store`` in a bucket of a real server."""

    CALLS_OF_A_PUT = frozenset({"_put_file"})

    test_any_key_keeps_its_bytes_inside_the_store_or_is_refused = None  # XML and JSON hold fewer characters

    @pytest.mark.parametrize("before", [None, OLD], ids=["fresh", "replacing"])
    def test_a_put_that_fails_at_any_call_is_whole_or_not_at_all(self, store, put, faults, before):
        super().test_a_put_that_fails_at_any_call_is_whole_or_not_at_all(store, put, faults, before, errno.EIO)
