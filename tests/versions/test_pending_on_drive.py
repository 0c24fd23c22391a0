"""Local copies on a Drive that dies, hangs and uploads later, as a user would see it."""

from __future__ import annotations

import itertools
import sys

import pytest

from colab_save.artifact.layout import Place
from colab_save.errors import StoreUnavailableError
from colab_save.progress import Clock, ignore_steps
from colab_save.stores.base import UploadState
from colab_save.stores.drive.drive import DriveStore
from colab_save.target import Target
from colab_save.versions import uploading
from colab_save.versions.finding import find
from colab_save.versions.listing import list_models
from colab_save.versions.pending import pending, publish_local_copies, publish_with_local_copy
from colab_save.versions.uploading import see_through
from tests.fake_colab.fixtures import fuse_colab  # noqa: F401 - a fixture
from tests.fuse_drive.fixtures import fuse  # noqa: F401 - a fixture
from tests.making import V1, V2, V3, stage

pytestmark = pytest.mark.outside

FOLDERS = itertools.count()
FILES = {"model.keras": b"model" * 1000, "sample.npz": b"sample"}


@pytest.fixture
def drive(fuse_colab):  # noqa: F811
    """The user's Drive, mounted; nothing is uploaded."""
    mount_again(fuse_colab)
    fuse_colab.drive.order("set", bandwidth=0)
    return fuse_colab.drive


@pytest.fixture
def store(drive):
    return DriveStore(f"MyDrive/pending {next(FOLDERS)}", patience=0.5)


def mount_again(service):
    sys.modules["google.colab.drive"].mount(str(service.mountpoint), force_remount=True)


def save(store, folder, version=V1):
    staged, manifest = stage(folder, FILES, version=version)
    return publish_with_local_copy(store, Place.of_version("cats", version), staged, manifest, ignore_steps)


def states():
    return [waiting.state for waiting in pending(0.5).saves]


def check_whole(store):
    place, manifest = find(store, Target("cats"))
    for file in manifest.files:
        store.check(place.key(file.path, manifest), file.size, file.sha256)


def test_a_copy_stays_until_the_upload_is_known(drive, store, tmp_path):
    assert UploadState.WRITTEN is store.upload_state(list(save(store, tmp_path).sizes))
    assert ["written, not uploaded yet"] == states()
    drive.order("set", bandwidth=None)
    assert drive.wait()
    assert [] == states()


@pytest.mark.parametrize("call", range(0, 40, 5))
def test_a_daemon_that_dies_in_the_middle_costs_no_model(fuse_colab, drive, store, tmp_path, call):  # noqa: F811
    drive.order("arm", ["create", "write", "flush", "rename", "open", "read", "getattr"], call, "die")
    with pytest.raises(StoreUnavailableError) as caught:
        save(store, tmp_path)
    assert "publish_pending" in caught.value.hint
    assert ["not published"] == states()
    with pytest.raises(StoreUnavailableError, match="ENOTCONN"):
        publish_local_copies()
    mount_again(fuse_colab)
    publish_local_copies()
    check_whole(store)
    assert fuse_colab.drive.wait()
    assert [] == states()


def test_a_drive_that_hangs_costs_no_model(drive, store, tmp_path):
    drive.order("arm", ["write"], 0, "hang", for_ever=True)
    with pytest.raises(StoreUnavailableError, match="ETIMEDOUT") as caught:
        save(store, tmp_path)
    assert "publish_pending" in caught.value.hint
    drive.order("disarm")
    publish_local_copies()
    check_whole(store)


def test_what_dies_with_the_mount_before_it_is_uploaded_is_published_again(
    fuse_colab,  # noqa: F811
    drive,
    store,
    tmp_path,
):
    for version in (V1, V2):
        save(store, tmp_path, version)
    drive.die()
    assert ["written, upload unknown"] * 2 == states()
    mount_again(fuse_colab)
    assert ["missing or incomplete"] * 2 == states()
    assert 2 == len(publish_local_copies().published)
    check_whole(store)
    assert fuse_colab.drive.wait()
    assert [] == states()


def test_a_copy_stays_when_the_manifest_is_uploaded_before_the_payload(
    fuse_colab,  # noqa: F811
    drive,
    store,
    tmp_path,
):
    save(store, tmp_path)
    for _ in range(3):
        drive.order("upload", 4000)  # more than the manifest has, and less than the payload
    mount_again(fuse_colab)
    assert {f"cats@{V1}": UploadState.MISSING} == list_models(source=str(store.root)).upload_states
    assert [f"cats@{V1}"] == [*publish_local_copies().published]
    check_whole(store)


def test_waiting_shows_the_bytes_as_they_are_uploaded(drive, store, tmp_path, monkeypatch):
    monkeypatch.setattr(uploading, "LOOK", 0.01)
    published, steps = save(store, tmp_path), []
    drive.order("set", bandwidth=40_000)
    upload_state, notes = see_through(published, Clock(steps.append), wait=30, flush=False)
    assert (UploadState.UPLOADED, ()) == (upload_state, notes)
    shown = [step.done for step in steps]
    assert sorted(shown) == shown
    assert sum(published.sizes.values()) == shown[-1]
    assert len(set(shown)) > 2


def test_a_full_drive_is_not_waited_for_beyond_the_limit(drive, store, tmp_path, monkeypatch):
    monkeypatch.setattr(uploading, "LOOK", 0.01)
    published = save(store, tmp_path)
    drive.order("set", bandwidth=None, quota=10)
    upload_state, notes = see_through(published, Clock(ignore_steps), wait=0.1, flush=False)
    assert UploadState.WRITTEN is upload_state
    assert "The upload has not finished" in notes[0]


def test_flushing_uploads_everything(drive, store, tmp_path):
    published = save(store, tmp_path)
    drive.order("set", bandwidth=None)
    upload_state, _ = see_through(published, Clock(ignore_steps), wait=False, flush=True)
    assert (UploadState.FLUSHED, False) == (upload_state, drive.is_mounted)
    assert FILES["model.keras"] == (drive.cloud / store.folder / "cats" / V1 / "model.keras").read_bytes()
    assert [] == states()


def test_a_new_runtime_lists_the_upload_states_and_what_dead_saves_have_left(
    fuse_colab,  # noqa: F811
    drive,
    store,
    tmp_path,
):
    drive.order("set", bandwidth=None)
    save(store, tmp_path, V1)
    assert drive.wait()
    drive.order("set", bandwidth=0)
    save(store, tmp_path, V2)
    source = str(store.root)
    kept = {f"cats@{V1}": UploadState.UPLOADED, f"cats@{V2}": UploadState.WRITTEN}
    assert kept == list_models(source=source).upload_states
    drive.order("arm", ["flush"], 2, "die")
    with pytest.raises(StoreUnavailableError):
        save(store, tmp_path, V3)
    mount_again(fuse_colab)
    fuse_colab.drive.order("set", bandwidth=0)
    (store.root / "cats" / V3).mkdir(exist_ok=True)
    listing = list_models(source=source)
    assert ({f"cats@{V1}": UploadState.UPLOADED}, (f"cats/{V3}",)) == (listing.upload_states, listing.unfinished)
