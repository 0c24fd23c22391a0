"""Artifacts in a local folder."""

from __future__ import annotations

import errno
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from colab_save.errors import NoSpaceError, NotFoundError, ReadOnlyStoreError, StoreError, StoreUnavailableError
from colab_save.os_errors import refusal
from colab_save.stores.base import Access, UploadState, ignore_bytes
from colab_save.stores.local import LocalStore
from tests.stores.contract import NEW, OLD, StoreContract, os_error

KINDS = {
    errno.ENOSPC: NoSpaceError,
    errno.EDQUOT: NoSpaceError,
    errno.EFBIG: NoSpaceError,
    errno.EROFS: ReadOnlyStoreError,
    errno.EACCES: ReadOnlyStoreError,
    errno.EPERM: ReadOnlyStoreError,
    errno.ENAMETOOLONG: StoreError,
    errno.EIO: StoreUnavailableError,
    errno.ENOTCONN: StoreUnavailableError,
    errno.EXDEV: StoreError,
}


class TestLocalStore(StoreContract):
    @pytest.fixture
    def store(self, tmp_path):
        return LocalStore(tmp_path / "models")

    def test_preparing_makes_the_folder_and_leaves_it_empty(self, store):
        store.prepare(1)
        assert [] == list(store.root.iterdir())

    def test_looking_makes_no_folder(self, store):
        assert Access(exists=False, is_writable=True) == store.access()
        assert not store.root.exists()

    def test_a_refused_size_makes_no_folder(self, store):
        with pytest.raises(NoSpaceError):
            store.prepare(10**18)
        assert not store.root.exists()

    def test_a_file_where_the_folder_should_be_is_refused(self, store):
        store.root.write_text("a file", "utf-8")
        with pytest.raises(StoreError, match="models"):
            store.prepare(1)

    def test_a_file_above_the_folder_is_refused(self, tmp_path):
        (tmp_path / "file").write_text("a file", "utf-8")
        with pytest.raises(StoreError, match="Not a directory"):
            LocalStore(tmp_path / "file" / "models").prepare(1)

    def test_a_folder_that_cannot_be_made_is_refused(self):
        with pytest.raises(StoreError, match="/proc/colab_save"):
            LocalStore(Path("/proc/colab_save")).prepare(1)

    def test_a_folder_that_cannot_be_written_is_refused(self, store, monkeypatch):
        store.root.mkdir()

        def refused(path, flags, *arguments, **options):
            raise os_error(errno.EROFS)

        with monkeypatch.context() as patch:
            patch.setattr(os, "open", refused)
            with pytest.raises(ReadOnlyStoreError, match="EROFS"):
                store.prepare(1)

    def test_a_full_device_is_no_space(self):
        """The kernel's own answer: /dev/full takes no byte."""
        with pytest.raises(OSError, match="No space") as caught, Path("/dev/full").open("wb", buffering=0) as full:
            full.write(b"x")
        assert isinstance(refusal(caught.value, "write", "there"), NoSpaceError)

    @pytest.mark.parametrize("number", KINDS, ids=errno.errorcode.get)
    def test_each_errno_has_its_error_with_place_reason_and_hint(self, number):
        error = refusal(os_error(number), "write", "/models/cats")
        assert KINDS[number] is type(error)
        assert f"Cannot write /models/cats: {os.strerror(number)} ({errno.errorcode[number]})." == error.message
        assert error.hint

    def test_what_may_not_be_read_is_not_called_read_only(self):
        assert StoreUnavailableError is type(refusal(os_error(errno.EACCES), "read", "/models/cats"))

    def test_a_name_that_is_too_long_is_refused_and_leaves_nothing(self, store, put):
        with pytest.raises(StoreError, match="ENAMETOOLONG"):
            put("x" * 256)
        assert [] == list(store.root.iterdir())

    def test_a_read_that_fails_late_raises_one_of_our_errors(self, store):
        """Reading /proc/self/mem at 0 is an input/output error by the kernel itself."""
        store.root.mkdir()
        (store.root / "broken").symlink_to("/proc/self/mem")
        with pytest.raises(StoreUnavailableError, match="EIO"):
            store.digest("broken", ignore_bytes)
        with pytest.raises(StoreUnavailableError, match="EIO"):
            store.read("broken")

    @pytest.mark.parametrize("before", [None, OLD], ids=["fresh", "replacing"])
    def test_a_disk_that_dies_at_any_call_of_a_put_leaves_all_or_nothing(self, store, put, faults, before):
        for at, call in enumerate(self.calls_of_a_put(store, put, faults, before)):
            self.start_from(store, put, before)
            faults.arm(at, os_error(errno.EIO), for_ever=True)
            try:
                put("a/key", NEW)
                expected = NEW
            except StoreError:
                expected = before
            finally:
                faults.disarm()
            assert expected == self.found(store), f"{call} ({at}) failed"

    def test_a_failed_put_leaves_no_folder_and_no_hidden_file(self, store, put, faults):
        faults.arm(1, os_error(errno.ENOSPC))
        with pytest.raises(NoSpaceError):
            put("cats/v1/model")
        faults.disarm()
        assert [] == list(store.root.rglob("*"))

    def test_what_a_killed_process_left_half_written_is_no_key_and_goes_with_its_folder(self, store, put):
        put("cats/v1/model")
        (store.root / "cats/v1/.0123.partial").write_bytes(b"half")
        assert ["cats/v1/model"] == store.walk("")
        store.delete_folder("cats/v1")
        assert [] == list(store.root.iterdir())

    def test_writers_that_remove_each_others_empty_folders_fail_nowhere(self, store, tmp_path):
        source = tmp_path / "source"
        source.write_bytes(NEW)

        def write_and_delete(name):
            for _ in range(300):
                store.put(f"cats/v1/{name}", source, ignore_bytes)
                store.delete(f"cats/v1/{name}")

        with ThreadPoolExecutor(4) as writers:
            assert [None] * 4 == list(writers.map(write_and_delete, "abcd"))

    def test_deleting_a_folder_removes_links_and_not_what_they_point_to(self, store, put, tmp_path):
        put("cats/v1/model")
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine/file").write_bytes(OLD)
        (store.root / "cats/v1/link").symlink_to(tmp_path / "mine")
        store.delete_folder("cats/v1")
        assert OLD == (tmp_path / "mine/file").read_bytes()
        assert [] == store.keys("cats")

    def test_a_folder_is_not_moved_over_an_empty_one(self, store, put):
        put("a/x")
        (store.root / "b").mkdir()
        with pytest.raises(StoreError, match="EEXIST"):
            store.move("a", "b")
        assert ["a/x"] == store.walk("")

    def test_the_path_of_a_key_is_the_file_itself(self, store):
        assert store.root / "a" / "key" == store.path("a/key")

    def test_files_are_made_with_the_permissions_of_any_other_file(self, store, put, tmp_path):
        put("key")
        assert (tmp_path / "source").stat().st_mode == store.path("key").stat().st_mode

    def test_what_was_put_is_done(self, store, put):
        put("key")
        assert UploadState.DONE is store.upload_state(["key"])
        assert UploadState.DONE is store.flush()

    def test_bytes_reach_the_disk_before_they_get_their_name(self, put, faults):
        put("key")
        calls = faults.made
        assert calls.index("fsync") < calls.index("replace")

    def test_a_missing_key_is_named_with_its_place(self, store):
        with pytest.raises(NotFoundError, match=str(store.root / "cats")):
            store.get("cats")
