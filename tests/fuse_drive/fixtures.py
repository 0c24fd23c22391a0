"""The misbehaving Drive as fixtures; import them into a conftest.py or a test module."""

from __future__ import annotations

import pytest

from tests.fuse_drive.drive import FuseDrive, reason_to_skip


@pytest.fixture(scope="session")
def fuse():
    """Skip where no FUSE file system can be mounted, with the reason."""
    if reason := reason_to_skip():
        pytest.skip(reason)


@pytest.fixture
def drive(fuse, tmp_path):
    """A Drive that is mounted nowhere yet; the mount is gone with the test."""
    (tmp_path / "drive").mkdir()
    drive = FuseDrive(tmp_path / "drive", tmp_path / "mounted")
    yield drive
    drive.unmount()
