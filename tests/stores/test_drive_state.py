"""The state of Drive, without mounting it."""

from __future__ import annotations

import shutil
from types import SimpleNamespace

import pytest

from colab_save.stores.drive.drive import DriveStore
from colab_save.stores.drive.drive_state import DriveState, Mounted, drive_state
from colab_save.stores.opening import open_store
from tests.fake_colab.fixtures import colab  # noqa: F401


def test_outside_colab_there_is_no_drive(tmp_path, monkeypatch):
    monkeypatch.setattr(DriveStore, "MOUNTS", tmp_path / "none")
    assert DriveState(Mounted.ABSENT) == drive_state()


def test_a_drive_that_is_not_mounted_can_be_and_nobody_is_asked(colab):  # noqa: F811
    assert drive_state().can_mount
    assert 0 == colab.prompts


def test_preparing_the_store_mounts_it(colab):  # noqa: F811
    open_store("drive").prepare(0)
    assert Mounted.YES is drive_state().mounted
    assert " free" in str(drive_state())


def test_a_read_only_mount_says_so(colab):  # noqa: F811
    colab.enter().mount(str(colab.mountpoint), readonly=True)
    assert Mounted.READ_ONLY is drive_state().mounted


@pytest.mark.parametrize(
    ("total", "free", "mounted"),
    [(100, 10, Mounted.FULL), (10**9, 10**8, Mounted.YES), (0, 0, Mounted.YES)],
)
def test_a_drive_without_space_is_full_unless_it_reports_no_size(colab, monkeypatch, total, free, mounted):  # noqa: F811
    open_store("drive").prepare(0)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(total=total, free=free))
    assert mounted is drive_state().mounted


def test_a_mount_that_does_not_answer_says_so(colab):  # noqa: F811
    open_store("drive").prepare(0)
    (colab.mountpoint / "MyDrive").unlink()
    assert DriveState(Mounted.SILENT) == drive_state()
