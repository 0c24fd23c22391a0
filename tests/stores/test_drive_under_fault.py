"""Artifacts on a Drive that misbehaves: a real mount with real errors, `tests/fuse_drive`."""

from __future__ import annotations

import itertools

import pytest

from colab_save.stores.drive import DriveStore
from tests.stores.contract import StoreContract

FOLDERS = itertools.count()


@pytest.fixture
def store(fuse_colab):
    """A folder of its own on the one mount of this module."""
    yield DriveStore(f"MyDrive/models-{next(FOLDERS)}")
    if fuse_colab.is_mounted:
        fuse_colab.drive.order("disarm")


class TestDriveStoreOnARealMount(StoreContract):
    """Holds the contract that the plain folder of `test_drive` holds."""
