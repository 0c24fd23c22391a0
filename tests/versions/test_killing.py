"""The kill matrix: SIGKILL before each call to the system that publishing and pruning make, in a folder and on Drive.

A real child process dies at the call of each number. Then no committed version that the rule keeps may be gone,
nothing half may be listed, and the next save must work. The table at the end of the run counts.
"""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from colab_save.stores.drive.drive import DriveStore
from colab_save.stores.local import LocalStore
from tests.fake_colab.fixtures import fuse_colab  # noqa: F401 - a fixture
from tests.fuse_drive.fixtures import fuse  # noqa: F401 - a fixture
from tests.killing import CASES, V1, V3, V4, V5, Killer, kill_everywhere, row
from tests.versions.test_pruning_on_drive import is_whole

pytestmark = pytest.mark.outside


@pytest.fixture(scope="module")
def kill():
    with Killer() as killer:
        yield killer


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_save_that_is_killed_at_any_call_costs_no_version(kill, case, tmp_path, record_property):
    before, root = tmp_path / "before", tmp_path / "store"
    case.prepare(LocalStore(before), tmp_path)

    def store_with_three(number):
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(before, root)
        return LocalStore(root), root

    kills, lost = kill_everywhere(case, kill, store_with_three, tmp_path)
    record_property("table", row(f"folder, {case.name}", kills, lost))
    assert {} == lost
    assert kills > 20


@pytest.fixture(scope="module")
def kill_on_drive(fuse_colab):  # noqa: F811
    with Killer("google.colab.drive", environment=fuse_colab.environment) as killer:
        yield killer


ON_DRIVE = replace(CASES[1], kept=(V1, V3, V4), kept_then=(V1, V3, V5))
"""Of the versions without a tag, the third is the newest whose upload is known."""


def test_a_save_that_is_killed_when_it_prunes_drive_costs_no_version(
    fuse_colab,  # noqa: F811
    kill_on_drive,
    tmp_path,
    record_property,
):
    drive, stores, case = fuse_colab.drive, [], ON_DRIVE
    DriveStore("MyDrive/mounted").prepare(0)

    def store_with_three(number):
        name = f"{case.name} {number}"
        stores.append(DriveStore(f"MyDrive/{name}"))
        drive.order("set", bandwidth=None)
        case.prepare(stores[-1], tmp_path)
        assert drive.wait()
        drive.order("set", bandwidth=0)
        return stores[-1], f"drive:{name}"

    kills, lost = kill_everywhere(case, kill_on_drive, store_with_three, tmp_path, stride=3)
    record_property("table", row(f"Drive, {case.name}", kills, lost))
    assert {} == lost
    assert kills > 8
    fuse_colab.new_runtime()
    assert all(is_whole(store, version) for store in stores for version in (V1, V3))
