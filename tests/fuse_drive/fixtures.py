"""The misbehaving Drive as fixtures; import them into a conftest.py or a test module."""

from __future__ import annotations

import ctypes
import os

import pytest

from tests.fuse_drive.drive import FuseDrive, reason_to_skip

CLONE_NEWNS, MS_REC, MS_PRIVATE = 0x20000, 0x4000, 0x40000  # linux/sched.h, linux/mount.h


@pytest.fixture(scope="session")
def fuse():
    """Skip where no FUSE file system can be mounted, with the reason.

    From then on this process and its children have a table of mounts of their own: other tests that run beside them,
    and people, would take what is mounted for their Drive.
    """
    if reason := reason_to_skip():
        pytest.skip(reason)
    libc = ctypes.CDLL(None, use_errno=True)
    for refused in (libc.unshare(CLONE_NEWNS), libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None)):
        assert not refused, os.strerror(ctypes.get_errno())


@pytest.fixture
def drive(fuse, tmp_path):
    """A Drive that is mounted nowhere yet; the mount is gone with the test."""
    (tmp_path / "drive").mkdir()
    drive = FuseDrive(tmp_path / "drive", tmp_path / "mounted")
    yield drive
    drive.unmount()
