"""Saves to a Drive that uploads later: local copies, what is shown of them, and publishing from them."""

from __future__ import annotations

import errno
import json
import os
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from colab_save.artifact.layout import Place
from colab_save.artifact.manifest import MANIFEST
from colab_save.errors import CancelledError, StoreUnavailableError
from colab_save.progress import Clock, Stage, ignore_steps
from colab_save.reports.pending import PUBLISH_PENDING
from colab_save.store_table import STORES
from colab_save.stores import opening
from colab_save.stores.base import UploadState
from colab_save.stores.drive.drive import DriveStore
from colab_save.stores.local import LocalStore
from colab_save.stores.opening import reopen
from colab_save.target import Target
from colab_save.versions import caching
from colab_save.versions.caching import cache_base
from colab_save.versions.curating import delete_version
from colab_save.versions.finding import contents_of, find
from colab_save.versions.local_copies import LEFTOVER_AGE, local_copies
from colab_save.versions.pending import pending, publish_local_copies, publish_with_local_copy
from colab_save.versions.plain_files import find_plain
from colab_save.versions.uploading import see_through
from tests.fake_colab.fixtures import colab  # noqa: F401 - a fixture
from tests.making import V1, V2, V3, stage
from tests.stores.contract import os_error


class DyingStore(DriveStore):
    """A Drive that is dead while the test wants it."""

    error = None

    def put(self, key, source, on_bytes):
        if self.error is not None:
            raise self.error
        super().put(key, source, on_bytes)


DEAD = StoreUnavailableError("Cannot write cats: Transport endpoint is not connected (ENOTCONN).", "Mount it again.")


@pytest.fixture
def store(colab):  # noqa: F811
    made = DyingStore("MyDrive/models")
    made.prepare(0)
    return made


@pytest.fixture
def save(store, tmp_path):
    """Save a version as a save does, with some number of bytes."""

    def save(version=V1, *, key="", size=9, on_step=ignore_steps):
        files = {"model.keras": b"m" * (size - 1), "sample.npz": b"s"}
        folder, manifest = stage(tmp_path / "stage", files, version=version, name=key or "cats")
        place = Place.of_plain(key, version) if key else Place.of_version("cats", version)
        return finished(publish_with_local_copy(store, place, folder, manifest, on_step))

    return save


def finished(version, **options):
    return see_through(version, Clock(ignore_steps), **{"wait": False, "flush": False, **options})


@pytest.fixture
def upload(monkeypatch):
    """The values of Drive's attribute by a part of the file's path; other files have no attribute."""
    values = {}

    def attribute(path, name):
        Path(path).stat()
        for part, value in values.items():
            if part in str(path):
                return value
        raise os_error(errno.ENODATA)

    monkeypatch.setattr(os, "getxattr", attribute)
    return values


def refused(save, store, **options):
    """Save while Drive is dead and return the error."""
    store.error = DEAD
    with pytest.raises(StoreUnavailableError) as caught:
        save(**options)
    store.error = None
    return caught.value


def states():
    return {waiting.name: waiting.state for waiting in pending().saves}


def check_whole(store, version):
    place, manifest = find(store, Target("cats", version))
    for file in manifest.files:
        store.check(place.key(file.path, manifest), file.size, file.sha256)


# --- local copies ---


def test_a_local_copy_stays_until_the_upload_is_known(save, upload):
    upload[V1] = b"1"
    upload_state, notes = save()
    [waiting] = pending().saves
    assert (UploadState.WRITTEN, "written, not uploaded yet") == (upload_state, waiting.state)
    assert str(waiting.copy) in notes[0]
    upload[V1] = b"0"
    assert () == pending().saves
    assert not waiting.copy.exists()


def test_a_save_that_is_uploaded_at_once_has_no_copy(save, upload):
    upload[V1] = b"0"
    assert (UploadState.UPLOADED, ()) == save()
    assert [] == local_copies()


def test_a_save_is_pending_while_one_file_is(save, upload):
    upload |= {MANIFEST: b"1", V1: b"0"}
    save()
    assert {f"cats@{V1}": "written, not uploaded yet"} == states()


def test_without_the_attribute_the_upload_is_unknown(save, upload):
    save()
    assert {f"cats@{V1}": "written, upload unknown"} == states()


def test_a_copy_opens_as_any_artifact(save, tmp_path):
    save()
    [waiting] = pending().saves
    assert b"m" * 8 == (waiting.copy / "model.keras").read_bytes()


def test_a_store_that_writes_at_once_needs_no_copy(tmp_path):
    folder, manifest = stage(tmp_path, {"model.keras": b"model"})
    place = Place.of_version("cats", V1)
    published = publish_with_local_copy(LocalStore(tmp_path / "there"), place, folder, manifest, ignore_steps)
    assert (UploadState.DONE, ()) == finished(published)
    assert [] == local_copies()


def test_a_local_disk_that_refuses_costs_no_save(save, store):
    Path(os.environ["XDG_CACHE_HOME"]).parent.mkdir()
    Path(os.environ["XDG_CACHE_HOME"]).write_text("a file", "utf-8")
    _, notes = save()
    check_whole(store, V1)
    assert ["No local copy could be made" in note for note in notes] == [True]


def test_another_disk_gets_a_copy(save, store, monkeypatch):
    rename = Path.rename

    def elsewhere(self, target):
        if self.name == "artifact":
            raise os_error(errno.EXDEV)
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", elsewhere)
    save()
    [waiting] = pending().saves
    assert b"m" * 8 == (waiting.copy / "model.keras").read_bytes()


# --- a dead Drive ---


def test_a_save_that_drive_refuses_has_a_copy_and_the_error_says_where(save, store):
    error = refused(save, store)
    [waiting] = pending().saves
    assert "not published" == waiting.state
    assert DEAD.message == error.message
    assert DEAD.hint in error.hint
    assert str(waiting.copy) in error.hint
    assert PUBLISH_PENDING in error.references[1]
    assert ((), ()) == contents_of(store)[:2]


def test_a_save_that_was_not_published_is_published_later_without_the_model(save, store, upload):
    refused(save, store)
    upload[V1] = b"1"
    published = publish_local_copies()
    assert (f"cats@{V1}",) == published.published
    assert [f"cats@{V1}"] == [waiting.name for waiting in published.saves]
    check_whole(store, V1)


def test_publishing_reports_the_bytes_that_are_written(save, store):
    refused(save, store)
    steps = []
    publish_local_copies(steps.append)
    assert (Stage.PUBLISH, steps[-1].total) == (steps[-1].stage, steps[-1].done)


def test_publishing_what_is_pending_mounts_drive_in_a_new_kernel(colab, save, store):  # noqa: F811
    refused(save, store)
    colab.new_runtime()
    publish_local_copies()
    check_whole(DriveStore("MyDrive/models"), V1)


def test_a_version_that_was_lost_with_the_mount_is_published_again(colab, save, store, upload):  # noqa: F811
    save(V1)
    save(V2)
    store.delete_folder(f"cats/{V1}")  # as a dead daemon does with what it has not uploaded
    assert {f"cats@{V1}": "missing or incomplete", f"cats@{V2}": "written, upload unknown"} == states()
    assert (f"cats@{V1}",) == publish_local_copies().published
    check_whole(store, V1)


def test_a_version_with_a_cut_off_file_is_published_again(save, store):
    save()
    (store.root / "cats" / V1 / "model.keras").write_bytes(b"m")
    assert {f"cats@{V1}": "missing or incomplete"} == states()
    assert (f"cats@{V1}",) == publish_local_copies().published
    check_whole(store, V1)


def test_a_version_that_is_whole_is_not_published_again(save, store):
    save()
    store.error = DEAD
    assert () == publish_local_copies().published


def test_while_drive_is_still_dead_the_copy_stays(save, store, monkeypatch):
    refused(save, store)

    def dead(self, size):
        raise DEAD

    monkeypatch.setattr(DriveStore, "prepare", dead)
    with pytest.raises(StoreUnavailableError, match="ENOTCONN"):
        publish_local_copies()
    assert {f"cats@{V1}": "not published"} == states()


def test_a_copy_that_was_damaged_is_never_committed(save, store):
    refused(save, store)
    [waiting] = pending().saves
    (waiting.copy / "model.keras").write_bytes(b"M" * 8)
    with pytest.raises(Exception, match="not what was saved"):
        publish_local_copies()
    assert ((), ()) == contents_of(store)[:2]


def test_a_cancelled_save_leaves_no_copy(save):
    def cancel(step):
        raise CancelledError("Cancelled.", "Nothing was left behind.")

    with pytest.raises(CancelledError):
        save(on_step=cancel)
    assert [] == local_copies()


def test_an_interrupted_save_can_be_published_later(save, store):
    def interrupt(step):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        save(on_step=interrupt)
    assert "publish_pending" in caught.value.__notes__[0]
    publish_local_copies()
    check_whole(store, V1)


def test_a_copy_that_is_being_published_elsewhere_is_left_alone_and_not_listed(save, store):
    refused(save, store)
    [copy] = local_copies()
    with copy.lock():
        assert () == publish_local_copies().published
        assert {} == states()
    assert (f"cats@{V1}",) == publish_local_copies().published


# --- what the user does meanwhile ---


@pytest.mark.parametrize("for_good", [False, True])
def test_a_deleted_version_is_not_published_again(save, store, for_good):
    save()
    delete_version(f"cats@{V1}", source="drive:models", for_good=for_good)
    assert {} == states()
    assert () == publish_local_copies().published


def test_a_plain_save_has_a_copy_of_the_newest_version_only(save, store):
    refused(save, store, version=V1, key="cats.keras")
    save(V2, key="cats.keras")
    assert [V2] == [copy.manifest.version for copy in local_copies()]
    assert () == publish_local_copies().published
    assert V2 == find_plain(store, "cats.keras")[1].version


def test_a_plain_save_is_published_at_its_place(save, store):
    refused(save, store, key="cats.keras")
    publish_local_copies()
    assert b"m" * 8 == store.read("cats.keras")


# --- the space that copies may take ---


@pytest.fixture
def little_space(monkeypatch):
    monkeypatch.setenv("COLAB_SAVE_CACHE_GB", "25e-9")


def test_the_oldest_copies_are_removed_at_the_limit_and_a_note_says_so(little_space, save):
    for version in (V1, V2):
        save(version)
    _, notes = save(V3)
    assert {f"cats@{V2}", f"cats@{V3}"} == set(states())
    assert [f"The local copy of cats@{V1} (9 bytes) was removed" in note for note in notes] == [False, True]


def test_copies_of_uploaded_saves_are_removed_first_and_silently(little_space, save, upload):
    for version in (V1, V2):
        save(version)
    upload[V2] = b"0"
    assert 1 == len(save(V3)[1])
    assert {f"cats@{V1}", f"cats@{V3}"} == set(states())


def test_the_only_copy_of_a_save_is_removed_last_and_the_error_says_so(little_space, save, store):
    refused(save, store, version=V1)
    save(V2)
    save(V3)
    assert {f"cats@{V1}", f"cats@{V3}"} == set(states())
    error = refused(save, store, version="20260825T101530Z-0004", size=20)
    assert {"cats@20260825T101530Z-0004"} == set(states())
    assert re.search(rf"cats@{V1} .* was removed, though it was never published", error.hint)


def test_a_copy_larger_than_the_limit_stays_only_while_it_is_not_published(little_space, save, store):
    assert "was removed" in save(V1, size=30)[1][-1]
    assert {} == states()
    refused(save, store, version=V2, size=30)
    assert {f"cats@{V2}": "not published"} == states()


def test_a_disk_with_little_space_bounds_them_too(save, monkeypatch):
    monkeypatch.setattr(caching.shutil, "disk_usage", lambda _: SimpleNamespace(total=90, free=50))
    for version in (V1, V2, V3):
        save(version)
    assert {f"cats@{V3}"} == set(states())


def test_what_a_killed_process_left_is_removed_after_a_day(save, upload):
    save(V1)
    base = local_copies()[0].folder.parent
    for name, age in (("old", LEFTOVER_AGE.total_seconds() + 60), ("new", 60)):
        (base / name).mkdir()
        moment = (base / name).stat().st_mtime - age
        os.utime(base / name, (moment, moment))
    (base / "new" / "copy.json").write_text("{", "utf-8")
    save(V2)
    assert [False, True] == [(base / name).exists() for name in ("old", "new")]
    assert {f"cats@{V1}", f"cats@{V2}"} == set(states())


# --- what is shown ---


def test_without_pending_saves_the_text_says_so():
    assert "Nothing is pending" in str(pending())
    assert not pending()


def test_each_save_is_shown_with_its_state_size_age_place_and_copy(save, store):
    refused(save, store)
    text, html = str(pending()), pending()._repr_html_()
    [waiting] = pending().saves
    words = [f"cats@{V1}", "not published", "9 bytes", f"{store.location}/cats/{V1}", str(waiting.copy)]
    assert [] == [word for word in words if word not in text or word not in html]
    assert "publish_pending" in text


def test_when_the_mount_is_gone_the_upload_is_unknown_and_nobody_is_asked(colab, save):  # noqa: F811
    save()
    colab.new_runtime()
    assert {f"cats@{V1}": "written, upload unknown"} == states()
    assert 1 == colab.prompts


def test_a_store_is_found_again_by_its_address(colab):  # noqa: F811
    for folder in ("MyDrive/a b", "Shareddrives/team"):
        assert folder == reopen(DriveStore(folder).address).folder


def test_a_copy_whose_store_is_no_longer_known_stays_and_is_listed_as_unknown(save, monkeypatch):
    save()
    others = {name: record for name, record in STORES.items() if name != "drive"}
    monkeypatch.setattr(opening, "STORES", others)  # deleting and restoring the item would change the order
    assert {f"cats@{V1}": "written, upload unknown"} == states()
    assert () == publish_local_copies().published
    with pytest.raises(StoreUnavailableError, match="No store has the address 'drive:MyDrive/models'"):
        opening.reopen("drive:MyDrive/models")


def test_a_copy_of_the_first_schema_names_no_store_and_is_published_to_drive(save, store, upload):
    refused(save, store)
    (record,) = cache_base().rglob("copy.json")
    old = json.loads(record.read_text("utf-8"))
    first = json.dumps(json.loads(old["manifest"]) | {"schema": 1})
    old |= {"address": old["address"].removeprefix("drive:"), "manifest": first}
    record.write_text(json.dumps(old), "utf-8")
    upload[V1] = b"1"
    assert (f"cats@{V1}",) == publish_local_copies().published


def test_a_copy_that_cannot_be_recorded_costs_only_the_copy(save, store, monkeypatch):
    """A disk that fills up at that moment: what is published then is the stage, which is where it was."""
    replace = os.replace

    def refuse(source, target):
        if str(target).endswith("copy.json"):
            raise OSError(errno.ENOSPC, "No space left on device")
        replace(source, target)

    monkeypatch.setattr(os, "replace", refuse)
    _, notes = save()
    assert "No local copy could be made until the upload is known" in notes[0]
    assert [] == local_copies()
    check_whole(store, V1)
