"""What every remote store does beside the contract of all stores; its test class has a fixture `store`."""

from __future__ import annotations

import _thread
import contextlib
import errno
import functools
import hashlib
import threading
import time
from typing import ClassVar

import pytest

from colab_save.errors import ReadOnlyStoreError, StoreError, StoreUnavailableError
from colab_save.stores.base import UploadState
from colab_save.stores.remote.calling import Patience
from colab_save.stores.remote.clients import PART as PART_SIZE
from colab_save.stores.remote.remote import RemoteStore
from tests.faulty_stores import Faulty
from tests.making import V1, V2
from tests.stores.contract import NEW, OLD, StoreContract, random_bytes
from tests.stores.faults import FilesystemFaults
from tests.stores.faulty_proxy import Fault
from tests.versions.test_publishing import KINDS, REFUSED, check_lists_nothing_half, check_whole


class HastyStore(RemoteStore):
    """Waits no longer than a test may, and shares its client, which takes half a second to make."""

    patience = Patience(answer=2, attempts=4, retry_for=20, pause=0.01)
    clients: ClassVar[dict] = {}

    @functools.cached_property
    def _opened(self):
        bucket = "/".join(self._url.split("/")[:3])
        if bucket not in self.clients:
            self.clients[bucket] = super()._opened[0]
        return self.clients[bucket], self.clients[bucket]._strip_protocol(self._url)


class RemoteContract(StoreContract):
    """What every remote store does; a subclass has a fixture ``store``."""

    @pytest.fixture
    def faults(self, put, store, monkeypatch):
        put("warm", b"")
        store.delete("warm")
        return FilesystemFaults(monkeypatch, store._caller.filesystem)

    test_a_save_larger_than_the_free_space_is_refused_with_both_sizes = None  # the free space is unknown

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

    def test_a_call_is_retried_after_a_passing_error(self, put, store, faults):
        for number, error in enumerate((ConnectionResetError(104, "reset"), TimeoutError("late"))):
            faults.arm(0, error)
            put(f"a/{number}", NEW)
            assert NEW == store.read(f"a/{number}")

    def test_what_is_written_is_uploaded(self, store, put):
        put("a")
        assert UploadState.DONE is store.upload_state(["a"]) is store.flush()

    @pytest.fixture(autouse=True)
    def other_source(self, tmp_path):
        self.folder = tmp_path

    def source(self, store):
        file = self.folder / "other"
        file.write_bytes(NEW)
        return file


class ObjectContract(RemoteContract):
    """What every object store does. A subclass has a ``store`` in a bucket of a real server, and a ``proxy`` before it.

    Attributes:
        URL: The URL of the bucket.
        PUT: The method of the request that uploads a small file.
        PART: A text in the path of each request that uploads a part.
        LARGE: Bytes of a file that travels in parts.
    """

    URL = ""
    PUT = "PUT"
    PART = "partNumber="
    LARGE = 5 * PART_SIZE // 2

    CALLS_OF_A_PUT = frozenset({"_put_file"})
    ERRNOS = (errno.EIO,)

    test_any_key_is_stored_inside_the_store_or_is_refused = None  # XML and JSON allow fewer characters

    @pytest.mark.parametrize("kind", ["reset", "lost", "hang", "truncated"])
    def test_an_upload_that_breaks_once_is_sent_again(self, store, put, proxy, kind):
        put("key", OLD)
        proxy.clear(Fault(kind, self.PUT))
        reported = []
        put("key", NEW, reported.append)
        assert (NEW, len(NEW)) == (store.read("key"), sum(reported))

    @pytest.mark.parametrize("status", [429, 500, 503])
    def test_a_call_to_a_busy_server_is_retried(self, store, put, proxy, status):
        put("key", NEW)
        proxy.clear(Fault("status", "", status))
        assert NEW == store.read("key")
        assert [] == proxy.faults

    @pytest.mark.parametrize("kind", ["reset", "truncated", "slow"])
    def test_a_download_that_breaks_once_is_complete(self, store, put, proxy, kind):
        content = random_bytes(100_000)
        put("key", content)
        proxy.clear(Fault(kind, "GET"))
        assert content == store.read("key")

    def test_a_server_that_stays_broken_is_given_up_and_still_has_the_old_bytes(self, store, put, proxy, monkeypatch):
        put("key", OLD)
        monkeypatch.setattr(store._caller, "patience", Patience(answer=0.5, attempts=2, pause=0.01))
        proxy.clear(*[Fault("status")] * 1000)
        began = time.monotonic()
        with pytest.raises(StoreUnavailableError, match="does not answer as it should") as caught:
            put("key", NEW)
        assert time.monotonic() - began < 10
        proxy.clear()
        assert OLD == store.read("key")
        assert store.location in caught.value.message
        assert caught.value.hint

    def test_what_is_forbidden_is_refused_at_once_with_the_way_to_log_in(self, store, put, proxy):
        put("key", OLD)
        proxy.clear(Fault("status", "", 403), Fault("reset"))
        with pytest.raises(ReadOnlyStoreError, match="not permitted") as caught:
            put("key", NEW)
        assert 1 == len(proxy.seen)
        assert store._client.login == caught.value.hint

    def test_a_bucket_that_does_not_exist_is_refused_before_anything_is_staged(self):
        for call in (lambda store: store.prepare(1), lambda store: store.keys(), lambda store: store.keys("cats")):
            with pytest.raises(StoreError, match="no such bucket") as caught:
                call(HastyStore(f"{self.URL}-that-is-not-there/models"))
            assert caught.value.hint

    def test_a_large_file_travels_in_parts_with_progress_and_side_by_side(self, store, put, proxy):
        content, reported = random_bytes(self.LARGE), []
        proxy.clear(*[Fault("slow", "GET")] * 9)
        put("large", content, reported.append)
        assert len(content) == sum(reported)
        digest = store.digest("large", lambda count: None)
        assert (len(content), hashlib.sha256(content).hexdigest()) == digest
        assert proxy.busy["GET"] > 1

    def test_a_part_that_breaks_does_not_spoil_a_large_file(self, store, put, proxy):
        content = random_bytes(self.LARGE)
        forgotten = Fault("status", "DELETE", 499)  # so GCS answers to an upload that is given up; the emulator cannot
        proxy.clear(Fault("lost", path=self.PART), Fault("reset", "GET"), Fault("truncated", "GET"), forgotten)
        put("large", content)
        assert content == store.read("large")
        assert {"DELETE"} >= {fault.method for fault in proxy.faults}

    def test_a_large_upload_that_is_interrupted_never_appears(self, store, put, proxy):
        proxy.clear(*[Fault("hang", path=self.PART)] * 99)

        def interrupt():
            while not any(self.PART in path for _, path in proxy.seen):
                time.sleep(0.01)
            _thread.interrupt_main()

        threading.Thread(target=interrupt, daemon=True).start()
        with pytest.raises(KeyboardInterrupt):
            put("large", bytes(self.LARGE))
        proxy.clear()
        assert not store.has("large")
        self.check_no_parts_are_left(store)

    def test_a_publish_that_fails_at_any_call_leaves_the_last_version_whole(self, store, tmp_path):
        """As in test_publishing, at every third call: each is many requests."""
        kind, work = KINDS[0], tmp_path / "work"
        work.mkdir()
        for number in range(0, 40, 3):
            faulty = FaultyRemoteStore(f"{store.location}/{number}")
            kind.save(faulty, work, V1)
            faulty.arm(number, REFUSED, for_ever=bool(number % 2))
            with contextlib.suppress(StoreError):
                kind.save(faulty, work, V2)
            made = len(faulty.calls)
            faulty.disarm()
            assert check_whole(kind, faulty) in {V1, V2}
            check_lists_nothing_half(faulty)
            if number >= made:
                break
        assert number > 6

    def check_no_parts_are_left(self, store):
        """Check that a server has no parts of an upload that was cut off; most remove them by themselves."""


class FaultyRemoteStore(Faulty, HastyStore):
    pass
