"""Waiting for an upload, and flushing: progress, what ends it, and the notes."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import pytest

from colab_save.artifact.layout import Place
from colab_save.errors import CancelledError
from colab_save.progress import Clock, Stage, ignore_steps
from colab_save.reports.pending import PUBLISH_PENDING
from colab_save.stores.base import UploadState
from colab_save.stores.drive.drive import DriveStore
from colab_save.versions import uploading
from colab_save.versions.pending import pending, publish_with_local_copy
from colab_save.versions.uploading import see_through
from tests.fake_colab.fixtures import colab  # noqa: F401 - a fixture
from tests.making import V1, V2, stage
from tests.stores.contract import os_error


class Attribute:
    """Drive's attribute: one file after the other is uploaded, one at each look; ``None`` is no such attribute."""

    def __init__(self):
        self.values, self.order = {}, []

    def __call__(self, path, name):
        Path(path).stat()
        value = self.values.get(Path(path).name, b"1")
        if value is None:
            raise os_error(errno.ENODATA)
        return value

    def go_up(self, *names):
        self.order = list(names)

    def look(self, seconds):
        if self.order:
            self.values[self.order.pop(0)] = b"0"


@pytest.fixture
def attribute(monkeypatch):
    attribute = Attribute()
    monkeypatch.setattr(os, "getxattr", attribute)
    monkeypatch.setattr(uploading.time, "sleep", attribute.look)
    return attribute


@pytest.fixture
def publish(colab, tmp_path):  # noqa: F811
    def publish(version=V1):
        store = DriveStore("MyDrive/models")
        store.prepare(0)
        files = {"model.keras": b"m" * 1000, "sample.npz": b"s" * 10}
        folder, manifest = stage(tmp_path / "stage", files, version=version)
        return publish_with_local_copy(store, Place.of_version("cats", version), folder, manifest, ignore_steps)

    return publish


def see(published, on_step=ignore_steps, *, wait=False, flush=False):
    return see_through(published, Clock(on_step), wait=wait, flush=flush)


ALL = ("sample.npz", "manifest.json", "model.keras")


def test_it_waits_until_every_file_is_uploaded_and_shows_how_far_it_is(publish, attribute):
    attribute.go_up(*ALL)
    published, steps = publish(), []
    assert (UploadState.UPLOADED, ()) == see(published, steps.append, wait=True)
    total = sum(published.sizes.values())
    assert {(Stage.UPLOAD, total)} == {(step.stage, step.total) for step in steps[1:]}
    assert [0, 10, 10, total] == [step.done for step in steps[1:]]
    assert ["0 of 3 files", "1 of 3 files", "2 of 3 files", "3 of 3 files"] == [step.detail for step in steps[1:]]
    assert () == pending().saves


def test_an_uploaded_version_is_not_waited_for(publish, attribute):
    attribute.values |= dict.fromkeys(ALL, b"0")
    steps = []
    assert (UploadState.UPLOADED, ()) == see(publish(), steps.append, wait=True)
    assert [] == steps


def test_a_limit_ends_the_waiting_and_a_note_says_what_is_left(publish, attribute):
    attribute.values |= {"sample.npz": b"0", "manifest.json": b"0"}
    upload_state, notes = see(publish(), wait=1e-9)
    assert UploadState.WRITTEN is upload_state
    assert "The upload has not finished: 1.0 kB left to upload, in 1 file." == notes[0]
    assert 1 == len(pending().saves)


def test_without_the_attribute_the_upload_is_not_waited_for_long(publish, attribute, monkeypatch):
    monkeypatch.setattr(uploading, "DOUBT", 0.0)
    attribute.values |= dict.fromkeys(ALL)
    upload_state, notes = see(publish(), wait=True)
    assert UploadState.UNKNOWN is upload_state
    assert "Drive does not show" in notes[0]


def test_a_version_that_is_lost_meanwhile_is_a_note(publish, attribute, monkeypatch):
    monkeypatch.setattr(uploading, "DOUBT", 0.0)
    published = publish()
    published.store.delete(f"cats/{V1}/model.keras")
    attribute.values |= dict.fromkeys(ALL, b"0")
    upload_state, notes = see(published, wait=True)
    assert UploadState.MISSING is upload_state
    assert PUBLISH_PENDING in notes[0]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), CancelledError("Cancelled.", "Nothing was left behind.")])
def test_waiting_can_be_interrupted_without_harm(publish, attribute, error):
    published = publish()

    def interrupt(step):
        raise error

    upload_state, notes = see(published, interrupt, wait=True)
    assert UploadState.WRITTEN is upload_state
    assert "You have stopped waiting; the save is committed" in notes[0]
    published.store.check(f"cats/{V1}/model.keras", 1000, published.copy.manifest.files[0].sha256)


def test_flushing_uploads_all_unmounts_and_says_how_to_mount_again(colab, publish, attribute):  # noqa: F811
    publish(V1)
    upload_state, [note] = see(publish(V2), flush=True)
    assert (UploadState.FLUSHED, False) == (upload_state, colab.is_mounted)
    assert "drive.mount('/content/drive')" in note
    assert () == pending().saves


def test_waiting_comes_before_flushing(publish, attribute):
    attribute.go_up(*ALL)
    steps = []
    assert UploadState.FLUSHED is see(publish(), steps.append, wait=True, flush=True)[0]
    assert "all of Drive" == steps[-1].detail
    assert "3 of 3 files" == steps[-2].detail


def test_a_flush_leaves_the_copy_of_a_version_that_it_cannot_have_uploaded(publish, attribute):
    lost = publish(V1)
    lost.store.delete_folder(f"cats/{V1}")
    see(publish(V2), flush=True)
    assert [f"cats@{V1}"] == [waiting.name for waiting in pending().saves]


def test_a_flush_that_fails_costs_no_save_and_says_so(colab, publish, attribute):  # noqa: F811
    colab.scenario = "flush failed"
    upload_state, notes = see(publish(), flush=True)
    assert UploadState.WRITTEN is upload_state
    assert notes[0].startswith("Flushing failed: Drive could not upload everything")
    assert 1 == len(pending().saves)


def test_flushing_in_another_thread_says_how_to_do_it(publish, attribute):
    seen = []
    thread = threading.Thread(target=lambda: seen.append(see(published, flush=True)))
    published = publish()
    thread.start()
    thread.join()
    [(upload_state, notes)] = seen
    assert UploadState.WRITTEN is upload_state
    assert "drive.flush_and_unmount()" in notes[0]
