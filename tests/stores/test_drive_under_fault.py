"""Artifacts on a Drive that misbehaves: a real mount with real errors, `tests/fuse_drive`."""

from __future__ import annotations

import itertools
import sys
import threading
import time
from typing import ClassVar

import pytest

from colab_save.deadline import THREAD
from colab_save.errors import StoreError, StoreUnavailableError
from colab_save.stores.base import UploadState, ignore_bytes
from colab_save.stores.drive.drive import DriveStore
from tests.stores.contract import NEW, OLD, StoreContract

pytestmark = pytest.mark.outside

FOLDERS = itertools.count()


@pytest.fixture
def store(fuse_colab):
    """A folder of its own on the one mount of this module."""
    yield DriveStore(f"MyDrive/models-{next(FOLDERS)}")
    if fuse_colab.is_mounted:
        fuse_colab.drive.order("disarm")


class TestDriveStoreOnARealMount(StoreContract):
    """It meets the contract, as the plain folder of `test_drive` does."""


@pytest.fixture
def put(store, tmp_path):
    def put(key, content):
        (tmp_path / "source").write_bytes(content)
        store.put(key, tmp_path / "source", ignore_bytes)

    return put


class TestDying:
    WORKS: ClassVar = {
        "prepare": lambda store, source: store.prepare(1),
        "put": lambda store, source: store.put("b/key", source, ignore_bytes),
        "replace": lambda store, source: store.put("a/key", source, ignore_bytes),
        "read": lambda store, source: store.read("a/key"),
        "keys": lambda store, source: store.keys("a"),
        "has": lambda store, source: store.has("a/key"),
        "move": lambda store, source: store.move("a/key", "c/key"),
        "delete": lambda store, source: store.delete("a/key"),
        "delete_folder": lambda store, source: store.delete_folder("a"),
    }

    @pytest.fixture(autouse=True)
    def _dead(self, fuse_colab, store, put):
        put("a/key", OLD)
        fuse_colab.drive.die()
        yield
        fuse_colab.new_runtime()

    def test_every_call_says_that_the_mount_has_died_and_how_to_mount_again(self, store, tmp_path):
        for name, work in self.WORKS.items():
            with pytest.raises(StoreUnavailableError, match="ENOTCONN") as caught:
                work(store, tmp_path / "source")
            assert "force_remount=True" in caught.value.hint, name

    def test_what_is_uploaded_is_not_known(self, store):
        assert UploadState.UNKNOWN is store.upload_state(["a/key"])

    def test_flushing_says_that_it_failed(self, store):
        with pytest.raises(StoreError, match="flush_and_unmount failed"):
            store.flush()

    def test_after_mounting_again_it_takes_files(self, fuse_colab, store, put):
        sys.modules["google.colab.drive"].mount(str(fuse_colab.mountpoint), force_remount=True)
        put("a/key", NEW)
        assert NEW == store.read("a/key")


def test_a_mount_that_dies_while_a_file_is_read_says_so(fuse_colab, store, put):
    put("key", bytes(4 << 20))
    stream = store.get("key")
    stream.read(1)
    fuse_colab.drive.die()
    with pytest.raises(StoreUnavailableError, match="ENOTCONN"):
        stream.read()
    with pytest.raises(StoreUnavailableError, match="ENOTCONN"):
        stream.close()
    fuse_colab.new_runtime()


HANGING = ("readdir", "mkdir", "create", "open", "read", "write", "truncate", "flush", "unlink", "rename")


@pytest.mark.parametrize("call", HANGING)
def test_a_call_that_hangs_is_given_up_with_an_error_of_ours(fuse_colab, tmp_path, call):
    source = tmp_path / "source"
    source.write_bytes(OLD)
    hung = {}
    for name, work in TestDying.WORKS.items():
        store = DriveStore(f"MyDrive/models-{next(FOLDERS)}")
        store.put("a/key", source, ignore_bytes)
        store.patience = 0.1
        fuse_colab.drive.order("arm", [call], 0, "hang")
        start = time.monotonic()
        try:
            work(store, source)
        except StoreUnavailableError as error:
            hung[name] = "ETIMEDOUT" in error.message
        assert time.monotonic() - start < 5, name
        fuse_colab.drive.order("disarm")
    assert {True} == set(hung.values())


@pytest.mark.parametrize("call", ["create", "write", "flush"])
def test_what_was_given_up_writes_nothing_when_drive_answers_again(fuse_colab, store, put, call):
    put("a/key", OLD)
    store.patience = 0.1
    fuse_colab.drive.order("arm", [call], 0, "hang")
    with pytest.raises(StoreUnavailableError, match="ETIMEDOUT"):
        put("a/key", NEW)
    fuse_colab.drive.order("disarm")
    for thread in threading.enumerate():
        if thread.name == THREAD:
            thread.join(10)
    assert ["key"] == [place.name for place in (store.root / "a").iterdir()]
    assert OLD == store.read("a/key")
