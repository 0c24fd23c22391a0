"""Artifacts on mounted Google Drive, against the fake service."""

from __future__ import annotations

import errno
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from colab_save.errors import NoSpaceError, ReadOnlyStoreError, StoreError, StoreUnavailableError, TargetError
from colab_save.stores.base import UploadState
from colab_save.stores.drive.drive import DriveStore
from colab_save.stores.drive.mount import check_mountpoint, mounts_of
from tests.stores.contract import NEW, OLD, StoreContract, os_error

ROOT = Path(__file__).parents[2]


@pytest.fixture
def store(colab):
    return DriveStore("MyDrive/models")


class TestDriveStore(StoreContract):
    @pytest.fixture
    def store(self, colab):
        return DriveStore("MyDrive/models")

    def test_what_was_put_is_on_the_drive(self, colab, put):
        put("cats/v1/model")
        assert NEW == (colab.cloud / "MyDrive/models/cats/v1/model").read_bytes()

    def test_files_are_fetched_and_not_read_in_place(self, store, put):
        put("key")
        assert store.path("key") is None

    def test_a_fresh_key_costs_one_file_and_one_rename(self, put, faults):
        put("cats/v1/model")
        assert ["open", "write", "close", "rename"] == [call for call in faults.made if call != "mkdir"]

    def test_nothing_is_ever_renamed_over_a_file(self, put, monkeypatch):
        """Renaming over sends the old one to the trash at its full size."""
        put("key", OLD)
        rename = os.rename

        def checked(source, target, *arguments, **options):
            assert not os.path.lexists(target)
            return rename(source, target, *arguments, **options)

        monkeypatch.setattr(os, "rename", checked)
        monkeypatch.delattr(os, "replace")
        put("key", NEW)
        assert NEW == (DriveStore("MyDrive/models").read("key"))

    def test_a_file_is_emptied_before_it_goes_to_the_trash(self, store, put, monkeypatch):
        sizes, unlink = [], os.unlink

        def weighed(path, *arguments, **options):
            sizes.append(Path(path).stat().st_size)
            return unlink(path, *arguments, **options)

        monkeypatch.setattr(os, "unlink", weighed)
        put("key", OLD)
        put("key", NEW)
        store.delete("key")
        put("folder/key", OLD)
        store.delete_folder("folder")
        assert [0, 0, 0] == sizes

    def test_what_a_shortcut_points_to_is_never_emptied(self, colab, store, put):
        put("key", OLD)
        shared = colab.cloud / "Shareddrives" / "theirs"
        shared.write_bytes(OLD)
        for name in ("deleted", "replaced"):
            (colab.cloud / "MyDrive/models" / name).symlink_to(shared)
        store.delete("deleted")
        put("replaced", NEW)
        assert OLD == shared.read_bytes()
        assert NEW == store.read("replaced")

    @pytest.mark.parametrize("before", [None, OLD], ids=["fresh", "replacing"])
    def test_a_mount_that_dies_at_any_call_of_a_put_loses_no_bytes(self, store, put, faults, before):
        for at, call in enumerate(self.calls_of_a_put(store, put, faults, before)):
            store.delete_folder("a")
            self.start_from(store, put, before)
            faults.arm(at, os_error(errno.ENOTCONN), for_ever=True)
            try:
                put("a/key", NEW)
                expected = NEW
            except StoreUnavailableError as error:
                expected, message = before, str(error)
            finally:
                faults.disarm()
            if expected is not None and self.found(store) != expected:
                [aside] = store.keys("a")
                assert aside in message, f"{call} ({at}) failed"
                assert expected == store.read(f"a/{aside}")

    def test_a_folder_is_not_replaced_by_a_file(self, store, put):
        put("cats/model")
        with pytest.raises(StoreError, match="EISDIR"):
            put("cats")
        assert ["cats/model"] == store.walk("")


class TestMounting:
    def test_nothing_is_asked_before_the_store_is_used(self, colab, store):
        assert store.location == str(colab.mountpoint / "MyDrive/models")
        assert 0 == colab.prompts

    def test_drive_is_mounted_when_it_is_needed_and_the_user_asked_once(self, colab, store):
        store.prepare(1)
        assert [] == store.keys()
        assert (True, 1) == (colab.is_mounted, colab.prompts)

    def test_a_mounted_drive_is_used_without_asking(self, colab):
        DriveStore().prepare(1)
        DriveStore().prepare(1)
        assert 1 == colab.prompts

    def test_reading_mounts_too(self, colab, store):
        (colab.cloud / "MyDrive/models").mkdir()
        (colab.cloud / "MyDrive/models/key").write_bytes(OLD)
        assert OLD == store.read("key")

    def test_a_new_runtime_mounts_again_and_finds_what_was_written(self, colab, store, tmp_path):
        (tmp_path / "source").write_bytes(OLD)
        store.put("key", tmp_path / "source", lambda count: None)
        colab.new_runtime()
        assert OLD == store.read("key")

    def test_a_mount_elsewhere_is_used_as_it_is(self, colab, tmp_path):
        sys.modules["google.colab.drive"].mount(str(tmp_path / "gdrive"))
        store = DriveStore("MyDrive/models")
        store.prepare(1)
        assert tmp_path / "gdrive/MyDrive/models" == store.root
        assert 1 == colab.prompts

    @pytest.mark.parametrize(
        ("scenario", "words"),
        [
            ("denied", "not granted.*credential propagation"),
            ("timeout", "too long to list"),
            ("failed", "could not be mounted.*mount failed"),
            ("domain", "administrator"),
            ("enterprise", "Enterprise has no Drive"),
            ("not colab", "could not be mounted.*unsupported"),
            ("nothing", "nothing is mounted"),
        ],
    )
    def test_each_refusal_of_mount_is_an_error_with_a_hint(self, colab, store, scenario, words):
        colab.scenario = scenario
        with pytest.raises(StoreUnavailableError, match=words) as caught:
            store.prepare(1)
        assert "\n" not in caught.value.message
        assert caught.value.hint
        assert not colab.mountpoint.exists()

    def test_a_refused_mount_works_when_the_user_tries_again(self, colab, store):
        colab.scenario = "denied"
        with pytest.raises(StoreUnavailableError):
            store.prepare(1)
        colab.scenario = "granted"
        store.prepare(1)
        assert colab.is_mounted

    def test_a_plain_folder_with_files_where_the_mount_should_be_is_refused_unasked(self, colab, store):
        (colab.mountpoint / "MyDrive/models").mkdir(parents=True)
        with pytest.raises(StoreUnavailableError, match="plain folder with files: MyDrive") as caught:
            store.prepare(1)
        assert f"mv {colab.mountpoint} {colab.mountpoint}_old" in caught.value.hint
        assert 0 == colab.prompts

    @pytest.mark.parametrize("taken", [(), ("drive_old", "drive_old2")])
    def test_the_way_out_brings_what_was_written_there_to_drive(self, colab, store, taken):
        (colab.mountpoint / "MyDrive/models").mkdir(parents=True)
        (colab.mountpoint / "MyDrive/models/key").write_bytes(NEW)
        for name in taken:
            (colab.mountpoint.parent / name).mkdir()
        with pytest.raises(StoreUnavailableError) as caught:
            store.prepare(1)
        aside, copying = re.findall("`!(.+?)`", caught.value.hint)
        subprocess.run(aside, shell=True, check=True)
        store.prepare(1)
        subprocess.run(copying, shell=True, check=True)
        assert NEW == store.read("key")

    def test_another_mount_where_drives_should_be_is_refused(self):
        with pytest.raises(StoreUnavailableError, match="is a mount, but not Drive's") as caught:
            check_mountpoint(Path("/proc"))
        assert "umount /proc" in caught.value.hint

    def test_an_empty_folder_where_the_mount_should_be_is_mounted_over(self, colab, store):
        colab.mountpoint.mkdir()
        store.prepare(1)
        assert colab.is_mounted

    def test_a_link_where_the_mount_should_be_is_refused_unasked(self, colab, store, tmp_path):
        colab.mountpoint.symlink_to(tmp_path)
        with pytest.raises(StoreUnavailableError, match="is a link") as caught:
            store.prepare(1)
        assert f"rm {colab.mountpoint}" in caught.value.hint
        assert 0 == colab.prompts

    def test_a_file_where_the_mount_should_be_is_refused_unasked(self, colab, store):
        colab.mountpoint.write_text("a file", "utf-8")
        with pytest.raises(StoreUnavailableError, match="is a file"):
            store.prepare(1)
        assert 0 == colab.prompts

    def test_only_the_main_thread_mounts(self, colab, store):
        caught = in_another_thread(lambda: store.prepare(1))
        assert isinstance(caught, StoreUnavailableError)
        assert "drive.mount" in caught.hint
        assert 0 == colab.prompts

    def test_any_thread_uses_a_mounted_drive(self, store):
        store.prepare(1)
        assert in_another_thread(store.keys) is None

    def test_outside_colab_the_error_says_so(self, colab, store, monkeypatch):
        monkeypatch.delitem(sys.modules, "google.colab")
        with pytest.raises(StoreUnavailableError, match="not a Colab notebook") as caught:
            store.prepare(1)
        assert "to=FOLDER" in caught.value.hint

    def test_a_system_without_a_table_of_mounts_has_none(self, tmp_path):
        assert [] == mounts_of(tmp_path / "none")

    def test_only_drive_is_read_from_the_table_of_mounts(self, tmp_path):
        table = tmp_path / "mounts"
        lines = (
            "proc /proc proc rw 0 0",
            "drive /a fuse.drive ro,nosuid 0 0",
            "drive /b fuse.drive rw 0 0",
            "x /c fuse rw",
        )
        table.write_text("\n".join(lines), "utf-8")
        assert [(Path("/a"), True), (Path("/b"), False)] == mounts_of(table)


class TestTrouble:
    @pytest.fixture(autouse=True)
    def _mounted(self, store):
        store.prepare(1)

    def test_a_mount_that_hangs_is_given_up(self, monkeypatch):
        released = threading.Event()
        monkeypatch.setattr(os, "scandir", lambda folder: released.wait(10))
        start = time.monotonic()
        with pytest.raises(StoreUnavailableError, match="ETIMEDOUT") as caught:
            DriveStore("MyDrive/models", patience=0.05).keys()
        released.set()
        assert time.monotonic() - start < 5
        assert "force_remount" in caught.value.hint

    def test_a_listing_that_fails_raises_one_of_our_errors(self, store, monkeypatch):
        monkeypatch.setattr(os, "scandir", failing(errno.EIO))
        with pytest.raises(StoreUnavailableError, match="EIO") as caught:
            store.keys()
        assert "#559" in caught.value.hint

    def test_a_read_only_mount_is_refused(self, colab, store):
        table = colab.state / "mounts"
        table.write_text(table.read_text("utf-8").replace("rw,nosuid", "ro,nosuid"), "utf-8")
        with pytest.raises(ReadOnlyStoreError, match="mounted read-only"):
            store.prepare(1)

    @pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES, errno.EPERM])
    def test_a_shared_drive_where_one_may_only_read_is_refused(self, number, monkeypatch):
        store = DriveStore("Shareddrives/team")
        monkeypatch.setattr(os, "open", failing(number))
        monkeypatch.setattr(Path, "touch", failing(number))
        with pytest.raises(ReadOnlyStoreError, match="Shareddrives/team") as caught:
            store.prepare(1)
        assert "shared drive" in caught.value.hint

    def test_a_full_drive_is_refused_with_the_trash_in_the_hint(self, store):
        with pytest.raises(NoSpaceError, match="free, and the save needs") as caught:
            store.prepare(10**18)
        assert "trash" in caught.value.hint

    def test_a_mount_that_reports_no_size_at_all_is_no_full_drive(self, store, monkeypatch):
        monkeypatch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(0, 0, 0))
        store.prepare(10**9)
        assert [] == store.keys()

    def test_a_probe_leaves_nothing_in_ones_own_drive_nor_in_its_trash(self, store, monkeypatch):
        monkeypatch.setattr(os, "unlink", failing(errno.EIO))
        store.prepare(1)
        assert [] == store.keys()


class TestTwins:
    @pytest.fixture(autouse=True)
    def _one(self, store, tmp_path):
        (tmp_path / "source").write_bytes(NEW)
        store.put("cats/key", tmp_path / "source", lambda count: None)

    def test_a_name_that_drive_has_twice_is_refused_with_a_way_out(self, colab, store):
        (colab.cloud / "MyDrive/models/cats (1)").mkdir()
        with pytest.raises(TargetError, match=r"two folders named 'cats'.*'cats \(1\)'") as caught:
            store.check_single("cats")
        [renaming] = re.findall("`!(.+?)`", caught.value.hint)
        subprocess.run(renaming, shell=True, check=True)
        store.check_single("cats")

    def test_a_name_with_a_number_alone_is_no_twin(self, colab, store):
        (colab.cloud / "MyDrive/models/dogs (1)").mkdir()
        for name in ("cats", "dogs", "new"):
            store.check_single(name)


class TestUploadState:
    @pytest.fixture(autouse=True)
    def _put(self, store, tmp_path):
        (tmp_path / "source").write_bytes(NEW)
        for key in ("a", "b"):
            store.put(key, tmp_path / "source", lambda count: None)

    @pytest.mark.parametrize(
        ("values", "expected"),
        [
            ({"a": b"0", "b": b"0"}, UploadState.UPLOADED),
            ({"a": b"0", "b": b"1"}, UploadState.WRITTEN),
            ({"a": b"0", "b": b""}, UploadState.UNKNOWN),
            ({"a": b"0"}, UploadState.UNKNOWN),
            ({}, UploadState.UNKNOWN),
        ],
    )
    def test_it_is_uploaded_only_when_every_key_says_that_it_is_uploaded(self, store, monkeypatch, values, expected):
        def attribute(path, name):
            assert name == "user.drive.uncommitted"
            if path.name not in values:
                raise os_error(errno.ENODATA)
            return values[path.name]

        monkeypatch.setattr(os, "getxattr", attribute)
        assert expected is store.upload_state(["a", "b"])

    def test_a_file_that_waits_counts_before_one_that_says_nothing(self, store, monkeypatch):
        monkeypatch.setattr(os, "getxattr", lambda path, name: b"1" if path.name == "a" else b"?")
        assert UploadState.WRITTEN is store.upload_state(["b", "a"])

    def test_a_file_that_is_gone_is_missing(self, store):
        store.delete("a")
        assert UploadState.MISSING is store.upload_state(["a", "b"])

    def test_a_file_that_is_shorter_than_it_was_is_missing(self, store, monkeypatch):
        monkeypatch.setattr(os, "getxattr", lambda path, name: b"0")
        whole = {"a": len(NEW), "b": 0}
        assert UploadState.UPLOADED is store.upload_state(whole)
        assert UploadState.MISSING is store.upload_state({**whole, "a": len(NEW) + 1})

    def test_each_group_has_its_own_state(self, store, monkeypatch):
        monkeypatch.setattr(os, "getxattr", lambda path, name: b"1" if path.name == "a" else b"0")
        known = {"x": UploadState.WRITTEN, "y": UploadState.UPLOADED}
        assert known == store.upload_states({"x": ["a", "b"], "y": ["b"]})

    @pytest.mark.parametrize("number", [errno.EIO, errno.ENOTCONN, errno.ENOTSUP])
    def test_after_an_error_the_state_is_unknown(self, store, monkeypatch, number):
        monkeypatch.setattr(os, "getxattr", failing(number))
        assert UploadState.UNKNOWN is store.upload_state(["a"])

    def test_without_an_answer_in_time_the_state_is_unknown(self, store, monkeypatch):
        released = threading.Event()
        monkeypatch.setattr(os, "getxattr", lambda path, name: released.wait(10) and b"0")
        store.patience = 0.05
        assert UploadState.UNKNOWN is store.upload_state(["a"])
        released.set()

    def test_when_the_mount_is_gone_the_state_is_unknown(self, colab, store):
        colab.new_runtime()
        assert UploadState.UNKNOWN is store.upload_state(["a"])
        assert 1 == colab.prompts

    def test_flushing_uploads_and_unmounts(self, colab, store):
        assert UploadState.FLUSHED is store.flush()
        assert not colab.is_mounted
        assert NEW == (colab.cloud / "MyDrive/models/a").read_bytes()

    def test_a_flush_that_fails_says_so(self, colab, store):
        colab.scenario = "flush failed"
        with pytest.raises(StoreError, match="could not upload everything") as caught:
            store.flush()
        assert caught.value.hint

    def test_flushing_what_is_not_mounted_claims_nothing(self, colab, store):
        colab.new_runtime()
        assert UploadState.UNKNOWN is store.flush()

    def test_only_the_main_thread_flushes(self, colab, store):
        assert isinstance(in_another_thread(store.flush), StoreUnavailableError)
        assert colab.is_mounted


class TestFolders:
    @pytest.mark.parametrize(
        ("folder", "expected"),
        [
            ("MyDrive/a/b", "MyDrive/a/b"),
            ("My Drive/a", "MyDrive/a"),
            ("MyDrive", "MyDrive"),
            ("Shared drives/team", "Shareddrives/team"),
        ],
    )
    def test_both_spellings_are_one_folder(self, colab, folder, expected):
        assert expected == DriveStore(folder).folder

    @pytest.mark.parametrize("folder", ["", ".", "models", "MyDrives/a", "MyDrive/../x", "/MyDrive"])
    def test_a_folder_outside_mydrive_and_shared_drives_is_refused(self, colab, folder):
        with pytest.raises(TargetError, match="neither in MyDrive nor in Shareddrives"):
            DriveStore(folder)


def test_a_real_process_sees_the_fake_at_content_drive(colab_at_content):
    """The kernel tests rely on this: the service in a process of its own, at the real place."""
    script = """
import google.colab
from pathlib import Path
from colab_save.stores.opening import open_store
store = open_store()
Path("source").write_bytes(b"bytes")
store.put("cats/model", Path("source"), lambda count: None)
print(store.location, Path("/content/drive/My Drive/colab_save/cats/model").read_bytes())
"""
    environment = {**os.environ, **colab_at_content.environment}
    environment["PYTHONPATH"] += os.pathsep + str(ROOT)
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert "" == done.stderr
    assert "/content/drive/MyDrive/colab_save b'bytes'" == done.stdout.splitlines()[-1]
    assert b"bytes" == (colab_at_content.cloud / "MyDrive/colab_save/cats/model").read_bytes()


def failing(number):
    def fail(*arguments, **options):
        raise os_error(number)

    return fail


def in_another_thread(call):
    """Run a call in a thread and return what it raised."""
    raised = []

    def run():
        try:
            call()
        except StoreError as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return raised[0] if raised else None
