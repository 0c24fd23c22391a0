"""Retention on a Drive that misbehaves: errors at each call of the file system, uploads that wait, and the trash."""

from __future__ import annotations

import itertools

import pytest

from colab_save.artifact.layout import Place
from colab_save.progress import ignore_steps
from colab_save.stores.drive.drive import DriveStore
from colab_save.versions.finding import contents_of
from colab_save.versions.local_copies import local_copies
from colab_save.versions.pending import publish_with_local_copy
from colab_save.versions.pruning import Retention, prune
from tests.fake_colab.fixtures import fuse_colab  # noqa: F401 - a fixture
from tests.fuse_drive.fixtures import fuse  # noqa: F401 - a fixture
from tests.making import V1, V2, V3, save_version, stage
from tests.versions.test_publishing_on_drive import CHANGING, ERRNOS, is_whole

pytestmark = pytest.mark.outside

FOLDERS = itertools.count()


def store_with_three(drive, work, payload=b"model"):
    store = DriveStore(f"MyDrive/pruned {next(FOLDERS)}")
    for version in (V1, V2, V3):
        save_version(store, work, version, {"model.keras": payload, "sample.npz": b"sample"}, tags=())
    assert drive.wait()
    return store


@pytest.mark.parametrize(
    ("is_late", "for_ever", "stride"),
    [(False, False, 3), (True, False, 3), (False, True, 4)],
    ids=["once", "late", "dead"],
)
def test_an_error_at_any_call_costs_no_version_that_is_kept(fuse_colab, tmp_path, is_late, for_ever, stride):  # noqa: F811
    drive, number, noted = fuse_colab.drive, 0, 0
    while True:
        store = store_with_three(drive, tmp_path)
        newest = contents_of(store).manifests[0]
        name = ERRNOS[number % len(ERRNOS)]
        drive.order("arm", CHANGING, number, name, is_late=is_late, for_ever=for_ever)
        noted += bool(prune(store, newest, Retention(1)).notes)
        made = len(drive.order("made"))
        drive.order("disarm")
        found, damaged, _ = contents_of(store)
        assert (V3, ()) == (found[0].version, damaged)
        assert all(is_whole(store, item.version) for item in found)
        if number >= made:
            break
        number += stride
    assert number > 15
    assert noted


def test_until_the_newest_is_uploaded_the_one_before_stays(fuse_colab, tmp_path):  # noqa: F811
    drive = fuse_colab.drive
    store = store_with_three(drive, tmp_path)
    drive.order("set", bandwidth=0)
    fourth = save_version(store, tmp_path, "20260825T101530Z-0004", tags=())
    assert (V1, V2) == prune(store, fourth, Retention(1)).versions
    fuse_colab.new_runtime()
    found = [item.version for item in contents_of(store).manifests]
    assert V3 == found[0]
    assert all(is_whole(store, version) for version in found)


def test_pruning_forgets_the_local_copy_too(fuse_colab, tmp_path):  # noqa: F811
    store = DriveStore(f"MyDrive/pruned {next(FOLDERS)}")
    store.prepare(0)
    fuse_colab.drive.order("set", bandwidth=0)
    for version in (V1, V2, V3):
        staged, described = stage(tmp_path / version, {"model.keras": b"model"}, version=version, tags=())
        publish_with_local_copy(store, Place.of_version("cats", version), staged, described, ignore_steps)
    assert (V1,) == prune(store, described, Retention(1)).versions
    assert {V2, V3} == {copy.manifest.version for copy in local_copies()}
    fuse_colab.new_runtime()


def test_pruning_leaves_no_bytes_in_the_trash(fuse_colab, tmp_path):  # noqa: F811
    drive = fuse_colab.drive
    fuse_colab.new_runtime()
    store = store_with_three(drive, tmp_path, payload=b"x" * 100_000)
    before = trash_size(drive)
    assert (V1, V2) == prune(store, contents_of(store).manifests[0], Retention(1)).versions
    assert drive.wait()
    assert before == trash_size(drive)


def trash_size(drive):
    return sum(file.stat().st_size for file in drive.trash.rglob("*") if file.is_file())
