"""What the misbehaving Drive does, each a fact of Google Drive on Colab that our store is then tested against."""

from __future__ import annotations

import errno
import os
import shutil
import threading
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.outside

OLD, NEW = b"old bytes", b"new bytes, more of them"


@pytest.fixture
def mine(drive):
    """The user's MyDrive, mounted."""
    drive.mount()
    return drive.mountpoint / "MyDrive"


@pytest.fixture
def held(drive, mine):
    """The same, and nothing goes up."""
    drive.order("set", bandwidth=0)
    return mine


def attribute(path, name):
    return os.getxattr(path, f"user.drive.{name}").decode()


def cloud_of(drive):
    """Every file that Google has, by path."""
    return {str(file.relative_to(drive.cloud)): file.read_bytes() for file in drive.cloud.rglob("*") if file.is_file()}


def names(folder=Path()):
    return [place.name for place in folder.iterdir()]


def trash_of(drive):
    return {file.name.partition(" ")[2]: file.read_bytes() for file in drive.trash.iterdir() if file.is_file()}


def refused(number):
    return pytest.raises(OSError, match=rf"\[Errno {number}\]")


class TestMount:
    def test_it_is_in_the_table_of_mounts_as_colab_has_it(self, drive, mine):
        assert f"drive {drive.mountpoint} fuse.drive rw".split() == drive.line.partition(",")[0].split()

    def test_it_may_be_mounted_for_reading_only(self, drive):
        drive.mount(readonly=True)
        with refused(errno.EROFS):
            (drive.mountpoint / "MyDrive/x").write_bytes(NEW)

    def test_both_spellings_are_the_same_folder(self, drive, mine):
        (mine / "x").write_bytes(NEW)
        assert NEW == (drive.mountpoint / "My Drive/x").read_bytes()

    def test_shared_drives_may_be_read_only(self, drive, mine):
        place = drive.mountpoint / "Shareddrives/x"
        with refused(errno.EROFS):
            place.write_bytes(NEW)
        drive.order("set", is_shared_writable=True)
        place.write_bytes(NEW)
        assert NEW == place.read_bytes()


class TestUploading:
    def test_a_write_lands_here_first(self, drive, held):
        (held / "x").write_bytes(NEW)
        assert NEW == (held / "x").read_bytes()
        assert {} == cloud_of(drive)

    def test_what_was_not_uploaded_dies_with_the_runtime(self, drive, mine):
        (mine / "x").write_bytes(OLD)
        assert drive.wait()
        drive.order("set", bandwidth=0)
        for name in ("x", "y"):
            (mine / name).write_bytes(NEW)
        drive.unmount()
        drive.mount()
        assert ["x"] == names(mine)
        assert OLD == (mine / "x").read_bytes()

    def test_reading_back_and_fsync_prove_nothing(self, drive, held):
        with (held / "x").open("wb") as file:
            file.write(NEW)
            file.flush()
            os.fsync(file.fileno())
        assert NEW == (held / "x").read_bytes()
        assert {} == cloud_of(drive)

    def test_a_file_is_uncommitted_until_it_is_uploaded(self, drive, held):
        (held / "x").write_bytes(NEW)
        assert "1" == attribute(held / "x", "uncommitted")
        drive.order("set", bandwidth=None)
        assert drive.wait()
        assert "0" == attribute(held / "x", "uncommitted")
        assert {"MyDrive/x": NEW} == cloud_of(drive)

    def test_the_id_is_local_until_it_exists_in_the_cloud(self, drive, held):
        (held / "x").write_bytes(NEW)
        assert attribute(held / "x", "id").startswith("local-")
        drive.order("set", bandwidth=None)
        assert drive.wait()
        assert not attribute(held / "x", "id").startswith("local-")

    def test_after_an_overwrite_only_uncommitted_tells(self, drive, mine):
        (mine / "x").write_bytes(OLD)
        assert drive.wait()
        drive.order("set", bandwidth=0)
        (mine / "x").write_bytes(NEW)
        assert "1" == attribute(mine / "x", "uncommitted")
        assert not attribute(mine / "x", "id").startswith("local-")

    def test_the_attribute_may_be_missing(self, drive, mine):
        drive.order("set", has_uncommitted=False)
        (mine / "x").write_bytes(NEW)
        with refused(errno.ENODATA):
            attribute(mine / "x", "uncommitted")
        assert attribute(mine / "x", "id")

    @pytest.mark.parametrize("half", ["zero", "part"])
    def test_a_file_on_its_way_up_is_there_half(self, drive, held, half):
        drive.order("set", half=half)
        (held / "x").write_bytes(bytes(10**6))
        drive.order("upload", 10_000)
        size = len(cloud_of(drive)["MyDrive/x"])
        assert (size == 0) if half == "zero" else (0 < size < 10**6)
        assert "1" == attribute(held / "x", "uncommitted")

    def test_a_new_revision_takes_the_old_ones_place_when_all_of_it_has_arrived(self, drive, mine):
        (mine / "x").write_bytes(OLD)
        assert drive.wait()
        drive.order("set", bandwidth=0)
        (mine / "x").write_bytes(bytes(10**6))
        drive.order("upload", 10_000)
        assert {"MyDrive/x": OLD} == cloud_of(drive)

    def test_a_small_file_arrives_before_a_large_one_that_was_written_first(self, drive, held):
        (held / "large").write_bytes(bytes(10**6))
        (held / "small").write_bytes(NEW)
        drive.order("upload", 10_000)
        assert {"MyDrive/large": b"", "MyDrive/small": NEW} == cloud_of(drive)

    def test_a_file_that_is_open_waits(self, drive, mine):
        with (mine / "x").open("wb") as file:
            file.write(NEW)
            file.flush()
            time.sleep(0.05)
            assert {} == cloud_of(drive)
        assert drive.wait()
        assert {"MyDrive/x": NEW} == cloud_of(drive)

    def test_a_moved_folder_moves_in_the_cloud(self, drive, mine):
        (mine / "a/b").mkdir(parents=True)
        (mine / "a/b/x").write_bytes(NEW)
        assert drive.wait()
        (mine / "a").rename(mine / "c")
        assert drive.wait()
        assert {"MyDrive/c/b/x": NEW} == cloud_of(drive)

    def test_what_moved_between_folders_before_it_was_uploaded_arrives_where_it_is(self, drive, mine):
        for name in ("a", "b"):
            (mine / name).mkdir()
            (mine / name / "x").write_bytes(name.encode())
        assert drive.wait()
        drive.order("set", bandwidth=0)
        (mine / "a").rename(mine / "c")
        (mine / "b").rename(mine / "a")
        (mine / "c").rename(mine / "b")
        (mine / "b/x").rename(mine / "x")
        (mine / "b").rmdir()
        (mine / "b").mkdir()
        (mine / "x").rename(mine / "b/y")
        drive.order("set", bandwidth=None)
        assert drive.wait()
        assert {"MyDrive/a/x": b"b", "MyDrive/b/y": b"a"} == cloud_of(drive)
        assert {} == trash_of(drive)

    def test_another_client_may_have_taken_the_name(self, drive, held):
        (held / "model.keras").write_bytes(NEW)
        (drive.cloud / "MyDrive/model.keras").write_bytes(OLD)
        drive.order("set", bandwidth=None)
        assert drive.wait()
        assert {"MyDrive/model.keras": OLD, "MyDrive/model (1).keras": NEW} == cloud_of(drive)
        assert (OLD, NEW) == ((held / "model.keras").read_bytes(), (held / "model (1).keras").read_bytes())


class TestTrash:
    @pytest.fixture(autouse=True)
    def _one(self, drive, mine):
        (mine / "x").write_bytes(OLD)
        assert drive.wait()

    def test_deleting_sends_to_the_trash(self, drive, mine):
        (mine / "x").unlink()
        assert drive.wait()
        assert {"x": OLD} == trash_of(drive)

    def test_renaming_over_sends_the_old_one_to_the_trash(self, drive, mine):
        (mine / "y").write_bytes(NEW)
        (mine / "y").replace(mine / "x")
        assert drive.wait()
        assert ({"MyDrive/x": NEW}, {"x": OLD}) == (cloud_of(drive), trash_of(drive))

    def test_what_was_emptied_before_it_was_deleted_takes_no_room_there(self, drive, mine):
        os.truncate(mine / "x", 0)
        (mine / "x").unlink()
        assert drive.wait()
        assert {"x": b""} == trash_of(drive)

    def test_overwriting_in_place_makes_a_revision(self, drive, mine):
        (mine / "x").write_bytes(NEW)
        assert drive.wait()
        assert ({"MyDrive/x": NEW}, {}) == (cloud_of(drive), trash_of(drive))

    def test_what_never_reached_the_cloud_goes_nowhere(self, drive, mine):
        drive.order("set", bandwidth=0)
        (mine / "y").write_bytes(NEW)
        (mine / "y").unlink()
        drive.order("set", bandwidth=None)
        assert drive.wait()
        assert ({"MyDrive/x": OLD}, {}) == (cloud_of(drive), trash_of(drive))


class TestQuota:
    def test_the_trash_counts(self, drive):
        drive.mount(quota=1 << 20)
        mine = drive.mountpoint / "MyDrive"
        (mine / "x").write_bytes(bytes(512 << 10))
        assert drive.wait()
        assert 512 << 10 == shutil.disk_usage(mine).free
        (mine / "x").unlink()
        assert drive.wait()
        assert (1 << 20, 512 << 10) == (shutil.disk_usage(mine).total, shutil.disk_usage(mine).free)

    def test_a_drive_that_is_full_takes_writes_and_never_uploads_them(self, drive):
        drive.mount(quota=1000)
        mine = drive.mountpoint / "MyDrive"
        (mine / "x").write_bytes(bytes(1001))
        assert not drive.wait(0.05)
        assert "1" == attribute(mine / "x", "uncommitted")
        assert {"MyDrive/x": b""} == cloud_of(drive)


class TestWhatDriveCannot:
    @pytest.mark.parametrize("make", [os.symlink, os.link])
    def test_there_are_no_links(self, mine, make):
        (mine / "x").write_bytes(NEW)
        with refused(errno.EOPNOTSUPP):
            make(mine / "x", mine / "link")

    def test_modes_do_not_last(self, mine):
        (mine / "x").write_bytes(NEW)
        before = (mine / "x").stat().st_mode
        (mine / "x").chmod(0o444)
        assert before == (mine / "x").stat().st_mode


FAILING = {
    "create": lambda place: (place / "new").open("xb"),
    "open": lambda place: (place / "x").open("rb"),
    "read": lambda place: (place / "x").read_bytes(),
    "write": lambda place: (place / "y").write_bytes(NEW),
    "flush": lambda place: (place / "z").write_bytes(NEW),
    "rename": lambda place: (place / "x").rename(place / "y"),
    "readdir": names,
    "getattr": lambda place: (place / "x").stat(),
    "mkdir": lambda place: (place / "folder").mkdir(),
    "unlink": lambda place: (place / "x").unlink(),
    "truncate": lambda place: os.truncate(place / "x", 0),
    "getxattr": lambda place: attribute(place / "x", "id"),
    "statfs": os.statvfs,
}


class TestFaults:
    @pytest.fixture(autouse=True)
    def _one(self, mine):
        (mine / "x").write_bytes(OLD)

    def test_every_call_fails_with_any_error_and_works_again(self, drive, mine):
        for name, call in FAILING.items():
            for number in (errno.EIO, errno.ENOTCONN, errno.ENOSPC, errno.EROFS):
                # For ever: the kernel reads again by itself when reading ahead has failed.
                drive.order("arm", [name], 0, errno.errorcode[number], for_ever=True)
                with refused(number):
                    call(mine)
                drive.order("disarm")
        assert OLD == (mine / "x").read_bytes()

    def test_the_calls_that_were_made_are_told(self, drive, mine):
        drive.order("arm", ["create", "flush"])
        (mine / "y").write_bytes(NEW)
        assert ["create /MyDrive/y", "flush /MyDrive/y"] == drive.order("disarm")

    def test_the_call_of_a_number_fails(self, drive, mine):
        drive.order("arm", ["readdir"], 1, "EIO")
        names(mine)
        with refused(errno.EIO):
            names(mine)
        assert ["x"] == names(mine)

    def test_the_call_of_a_number_and_all_that_follow_fail(self, drive, mine):
        drive.order("arm", ["readdir"], 1, "EIO", for_ever=True)
        names(mine)
        for _ in range(2):
            with refused(errno.EIO):
                names(mine)

    def test_a_late_error_comes_when_the_work_is_done(self, drive, mine):
        drive.order("arm", ["rename"], 0, "EIO", is_late=True)
        with refused(errno.EIO):
            (mine / "x").rename(mine / "y")
        assert OLD == (mine / "y").read_bytes()

    def test_a_call_hangs_until_it_is_let_go_and_the_others_pass(self, drive, mine):
        drive.order("arm", ["read"], 0, "hang")
        reading = threading.Thread(target=(mine / "x").read_bytes)
        reading.start()
        reading.join(0.05)
        assert reading.is_alive()
        assert ["x"] == names(mine)
        drive.order("disarm")
        reading.join(5)
        assert not reading.is_alive()

    def test_a_daemon_that_has_died_is_107_from_every_call_and_from_close(self, drive, mine):
        file = (mine / "x").open("ab", buffering=0)
        drive.die()
        with refused(errno.ENOTCONN):
            file.close()
        for name, call in FAILING.items():
            with refused(errno.ENOTCONN):
                call(mine)
            assert drive.is_mounted, name

    def test_a_daemon_may_die_in_the_middle_of_a_call(self, drive, mine):
        drive.order("arm", ["write"], 0, "die")
        with refused(errno.ENOTCONN):
            (mine / "x").write_bytes(NEW)

    def test_the_working_folder_is_gone_with_the_daemon(self, drive, mine, monkeypatch):
        monkeypatch.chdir(mine)
        drive.die()
        with refused(errno.ENOTCONN):
            names()
