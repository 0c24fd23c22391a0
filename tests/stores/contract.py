"""What every store does; a store's test class subclasses `StoreContract` and has a fixture `store`."""

from __future__ import annotations

import errno
import hashlib
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from colab_save.disk import CHUNK
from colab_save.errors import ColabSaveError, NotFoundError, StoreError, TargetError
from colab_save.stores.base import UploadState, check_key, ignore_bytes
from tests.stores.faults import Faults

OLD, NEW = b"old bytes", b"new bytes, more of them"

SHARED = [HealthCheck.function_scoped_fixture, HealthCheck.differing_executors]
"""Every example leaves its store empty."""


def os_error(number):
    return OSError(number, os.strerror(number))


def random_bytes(size):
    """Make bytes; the emulator of Google's storage loses a carriage return at the end of a file."""
    return os.urandom(size - 1) + b"."


class StoreContract:
    """What every store does. A subclass has a fixture ``store``: an empty store whose folder need not exist yet.

    Attributes:
        CALLS_OF_A_PUT: Calls that each put makes, by the names that `faults` uses.
        ERRNOS: What its calls fail with, in turn.
    """

    CALLS_OF_A_PUT = frozenset({"open", "write", "close"})
    ERRNOS = (errno.ENOSPC, errno.EIO, errno.ENOTCONN, errno.EROFS, errno.EACCES, errno.EDQUOT, errno.ENAMETOOLONG)

    @pytest.fixture
    def put(self, store, tmp_path):
        """Put bytes under a key."""

        def put(key, content=NEW, on_bytes=ignore_bytes):
            source = tmp_path / "source"
            source.write_bytes(content)
            store.put(key, source, on_bytes)

        return put

    @pytest.fixture
    def faults(self, put, store, monkeypatch):
        """Counts and fails calls; made after the store has been used once, so that only the tested work is counted."""
        put("warm", b"")
        store.delete("warm")
        return Faults(monkeypatch)

    @pytest.mark.parametrize("key", ["m", "cats/v1/model.keras", "a/b/c/d/e", "a b/ü/模型.keras", ".hidden", "x" * 200])
    def test_a_file_that_was_put_can_be_read(self, store, put, key):
        put(key)
        assert NEW == store.read(key)

    def test_what_has_a_key_exists_and_looking_at_that_adds_none(self, store, put):
        put("a/key")
        assert store.access().exists
        assert ["a/key"] == store.walk("")

    @settings(suppress_health_check=SHARED)
    @given(key=st.text(st.characters(codec="utf-8"), min_size=1, max_size=30), content=st.binary(max_size=200))
    def test_any_key_is_stored_inside_the_store_or_is_refused(self, store, put, key, content):
        try:
            check_key(key)
        except TargetError:
            with pytest.raises(TargetError):
                put(key, content)
            return
        put(key, content)
        assert content == store.read(key)
        assert [str(check_key(key))] == store.walk("")
        store.delete(key)

    def test_an_empty_file_can_be_read(self, store, put):
        put("empty", b"")
        assert b"" == store.read("empty")

    def test_a_file_larger_than_a_chunk_can_be_read(self, store, put):
        content = random_bytes(3 * CHUNK + 17)
        put("large", content)
        assert content == store.read("large")

    @pytest.mark.parametrize("size", [0, 1, CHUNK, 2 * CHUNK + 1])
    def test_the_bytes_reported_by_put_sum_to_the_size(self, put, size):
        reported = []
        put("key", bytes(size), reported.append)
        assert size == sum(reported)

    def test_a_digest_is_size_and_sha256_and_reports_every_byte(self, store, put):
        content, reported = random_bytes(CHUNK + 5), []
        put("key", content)
        assert (len(content), hashlib.sha256(content).hexdigest()) == store.digest("key", reported.append)
        assert len(content) == sum(reported)

    def test_putting_again_replaces(self, store, put):
        put("a/key", OLD)
        put("a/key", NEW)
        assert NEW == store.read("a/key")
        assert ["key"] == store.keys("a")

    @pytest.mark.parametrize("key", ["missing", "a/missing", "a/key/below"])
    def test_reading_a_missing_key_says_so(self, store, put, key):
        put("a/key")
        with pytest.raises(NotFoundError):
            store.get(key)

    def test_a_folder_cannot_be_read(self, store, put):
        put("a/key")
        with pytest.raises(NotFoundError):
            store.get("a")

    def test_keys_are_one_level_sorted_with_folders_marked(self, store, put):
        for key in ("b/2/x", "b/1", "a", "ü/y"):
            put(key)
        assert ["a", "b/", "ü/"] == store.keys()
        assert ["1", "2/"] == store.keys("b")

    @pytest.mark.parametrize("folder", ["", "nothing", "nothing/below"])
    def test_a_folder_that_does_not_exist_is_empty(self, store, folder):
        assert [] == store.keys(folder)

    def test_a_key_has_no_keys_below_it(self, store, put):
        put("file")
        assert [] == store.keys("file")

    def test_walk_finds_every_key_at_any_depth(self, store, put):
        for key in ("v/model/a/1", "v/model/b", "v/manifest.json", "w"):
            put(key)
        assert ["v/manifest.json", "v/model/a/1", "v/model/b"] == store.walk("v")

    def test_a_deleted_key_is_gone_with_the_folders_it_leaves_empty(self, store, put):
        put("cats/v1/model/x")
        put("cats/v2")
        store.delete("cats/v1/model/x")
        assert ["v2"] == store.keys("cats")

    @pytest.mark.parametrize("key", ["missing", "a/missing", "key/below"])
    def test_deleting_a_missing_key_changes_nothing(self, store, put, key):
        put("key")
        store.delete(key)
        assert ["key"] == store.walk("")

    def test_a_deleted_folder_is_gone_with_everything_in_it(self, store, put):
        for key in ("cats/v1/model/x", "cats/v1/manifest.json", "cats/v2/model"):
            put(key)
        store.delete_folder("cats/v1")
        store.delete_folder("dogs")
        assert ["cats/v2/model"] == store.walk("")
        assert ["v2/"] == store.keys("cats")

    def test_a_moved_file_has_its_new_name_only(self, store, put):
        put("a/b")
        store.move("a/b", "c/d")
        assert ["c/d"] == store.walk("")
        assert NEW == store.read("c/d")

    def test_a_moved_file_replaces_what_was_there(self, store, put):
        put("new", NEW)
        put("old", OLD)
        store.move("new", "old")
        assert NEW == store.read("old")
        assert ["old"] == store.walk("")

    def test_a_moved_folder_takes_everything_along(self, store, put):
        put("a/1/x", OLD)
        put("a/1/y/z", NEW)
        store.move("a/1", "b/2")
        assert ["b/2/x", "b/2/y/z"] == store.walk("")
        assert NEW == store.read("b/2/y/z")

    def test_a_folder_is_not_moved_over_another(self, store, put):
        put("a/x", OLD)
        put("b/x", NEW)
        with pytest.raises(StoreError):
            store.move("a", "b")
        assert (OLD, NEW) == (store.read("a/x"), store.read("b/x"))

    def test_moving_a_missing_key_says_so(self, store):
        with pytest.raises(NotFoundError):
            store.move("missing", "to")

    @pytest.mark.parametrize("key", ["", ".", "/etc/x", "../x", "a/../../x", "a\\b", "a\0b", "\ud800"])
    def test_no_call_leaves_the_store(self, store, put, key):
        put("inside")
        calls = (
            lambda: put(key),
            lambda: store.get(key),
            lambda: store.delete(key),
            lambda: store.delete_folder(key),
            lambda: store.move(key, "to"),
            lambda: store.move("inside", key),
        )
        for call in calls:
            with pytest.raises(TargetError):
                call()
        assert ["inside"] == store.walk("")

    def test_a_source_that_is_gone_names_the_source(self, store, tmp_path):
        with pytest.raises(NotFoundError, match="nowhere"):
            store.put("key", tmp_path / "nowhere", ignore_bytes)
        assert [] == store.keys()

    @pytest.mark.parametrize(("before", "first"), [(None, 0), (OLD, 3)], ids=["fresh", "replacing"])
    def test_a_put_that_fails_at_any_call_is_whole_or_not_at_all(self, store, put, faults, before, first):
        calls = self.calls_of_a_put(store, put, faults, before)
        assert set(calls) >= self.CALLS_OF_A_PUT
        for at, call in enumerate(calls):
            self.start_from(store, put, before)
            faults.arm(at, os_error(self.ERRNOS[(first + at) % len(self.ERRNOS)]))
            try:
                put("a/key", NEW)
                expected = NEW
            except StoreError:
                expected = before
            finally:
                faults.disarm()
            assert expected == self.found(store), f"{call} ({at}) failed"

    @pytest.mark.parametrize("before", [None, OLD], ids=["fresh", "replacing"])
    def test_an_interrupt_at_any_call_of_a_put_leaves_all_or_nothing_and_passes_through(
        self, store, put, faults, before
    ):
        for at, call in enumerate(self.calls_of_a_put(store, put, faults, before)):
            self.start_from(store, put, before)
            faults.arm(at, KeyboardInterrupt)
            with pytest.raises(KeyboardInterrupt):
                put("a/key", NEW)
            faults.disarm()
            assert self.found(store) in {before, NEW}, f"{call} ({at}) interrupted"

    def test_a_put_whose_progress_report_fails_leaves_nothing(self, store, put):
        with pytest.raises(ZeroDivisionError):
            put("a/key", NEW, lambda count: count // 0)
        assert [] == store.keys()

    def test_a_store_that_is_prepared_takes_files(self, store, put):
        store.prepare(1)
        put("key")
        assert ["key"] == store.keys()

    def test_preparing_leaves_no_key_behind(self, store):
        store.prepare(1)
        assert [] == store.keys()

    def test_a_save_larger_than_the_free_space_is_refused_with_both_sizes(self, store):
        with pytest.raises(StoreError, match=r"free, and the save needs") as caught:
            store.prepare(10**18)
        assert caught.value.hint

    def test_missing_keys_have_an_upload_state(self, store):
        assert store.upload_state(["missing"]) in set(UploadState)

    def test_a_local_path_has_the_bytes_of_its_key(self, store, put):
        put("a/key")
        path = store.path("a/key")
        assert path is None or path.read_bytes() == NEW

    def test_every_error_of_a_store_is_one_of_ours(self, store, put, faults):
        put("a/key", OLD)
        for call in (lambda: store.delete("a/key"), lambda: store.move("a/key", "b/key")):
            faults.arm(0, os_error(errno.EIO), for_ever=True)
            with pytest.raises(ColabSaveError, match="EIO") as caught:
                call()
            faults.disarm()
            assert caught.value.hint
            assert OLD == store.read("a/key")

    def calls_of_a_put(self, store, put, faults, before):
        self.start_from(store, put, before)
        faults.disarm()
        put("a/key", NEW)
        return list(faults.made)

    def start_from(self, store, put, before):
        store.delete("a/key")
        if before is not None:
            put("a/key", before)

    def found(self, store):
        return store.read("a/key") if "a/key" in store.walk("") else None
