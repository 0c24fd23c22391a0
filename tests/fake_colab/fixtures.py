"""The fake service as fixtures; import them into a conftest.py or a test module."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.fake_colab.service import PACKAGE, FakeColab

CONTENT = Path("/content")


@pytest.fixture
def colab(tmp_path):
    """This process is a Colab kernel; Drive is mounted nowhere yet and would be at ``tmp_path/content/drive``."""
    yield from entered(tmp_path)


@pytest.fixture(scope="module")
def fuse_colab(fuse, tmp_path_factory):
    """The same for all tests of a module, with the misbehaving Drive of ``tests/fuse_drive``, mounted as Linux does."""
    yield from entered(tmp_path_factory.mktemp("colab"), {"remembered": 1})


def entered(folder, settings=None):
    """Make this process a Colab kernel, and undo that."""
    from colab_save.stores.drive.drive import DriveStore

    (folder / "content").mkdir()
    (folder / "service").mkdir()
    service = FakeColab(folder / "service", folder / "content" / "drive", settings)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FAKE_COLAB", str(service.state))
        patch.setattr(sys, "path", [str(PACKAGE), *sys.path])
        for name in ("MOUNTS", "MOUNTPOINT"):  # the fake sets them when it is imported; this puts them back afterwards
            patch.setattr(DriveStore, name, getattr(DriveStore, name))
        service.enter()
        yield service
        service.drive.unmount()
    for name in [name for name in sys.modules if name.startswith("google.colab")]:
        del sys.modules[name]


@pytest.fixture(scope="module")
def colab_at_content(tmp_path_factory):
    """The service for kernels of a module's own, with the real ``/content/drive``."""
    if (CONTENT / "drive").exists():
        pytest.skip("/content/drive exists already, and may be somebody's Drive")
    if not os.access(CONTENT if CONTENT.exists() else CONTENT.parent, os.W_OK):
        pytest.skip("/content may not be made here; it takes root")
    was_there = CONTENT.exists()
    CONTENT.mkdir(exist_ok=True)
    service = FakeColab(tmp_path_factory.mktemp("service"), CONTENT / "drive")
    yield service
    service.new_runtime()
    if not was_there:
        CONTENT.rmdir()
