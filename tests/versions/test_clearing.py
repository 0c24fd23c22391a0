"""The cache as its user sees it: what it has, what clearing removes, and what it never does."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from colab_save.artifact.layout import Place
from colab_save.errors import RequestError, StoreUnavailableError
from colab_save.frontends.terminal import main
from colab_save.progress import ignore_steps
from colab_save.reports.pending import state_in_words
from colab_save.store_table import STORES
from colab_save.stores import opening
from colab_save.stores.base import UploadState
from colab_save.stores.drive.drive import DriveStore
from colab_save.versions.caching import IN_USE, cache_base, cache_of, fetched
from colab_save.versions.clearing import BUSY, PENDING, cache
from colab_save.versions.curating import delete_version
from colab_save.versions.local_copies import local_copies
from colab_save.versions.pending import publish_with_local_copy
from tests.fake_colab.fixtures import colab  # noqa: F401 - a fixture
from tests.making import V1, V2, manifest, stage
from tests.stores.contract import os_error


def fetch(version=V1, hours=2.0, size=10):
    """Make the folder of a fetched artifact that was last used so many hours ago."""
    folder = cache_of(manifest(version=version))
    (folder / "saved_model").mkdir(parents=True)
    (folder / "saved_model" / "saved_model.pb").write_bytes(b"m" * size)
    then = time.time() - hours * 3600
    os.utime(folder, (then, then))
    return folder


# --- fetched artifacts ---


def test_a_cache_that_is_not_there_is_empty_and_is_not_made():
    found = cache(clear=True)
    assert ((), (), 0) == (found.fetched, found.copies, found.freed)
    assert not cache_base().exists()


def test_fetched_artifacts_are_shown_by_number_size_and_limit():
    fetch(V1), fetch(V2, size=20)
    text = str(cache())
    assert "The cache takes 30 bytes" in text
    assert f"where: {cache_base()}" in text
    assert "fetched artifacts: 2, 30 bytes; at most " in text


def test_showing_removes_nothing():
    folder = fetch()
    assert 0 == cache().freed
    assert (folder / "saved_model" / "saved_model.pb").exists()


def test_clearing_removes_fetched_artifacts_and_says_what_that_freed():
    fetch(V1), fetch(V2, size=20)
    found = cache(clear=True)
    assert (30, 0) == (found.freed, found.size)
    assert [] == [*cache_base().iterdir()]
    assert "30 bytes freed" in str(found)
    assert "fetched artifacts removed: 2, 30 bytes" in str(found)


def test_an_artifact_that_a_notebook_may_be_reading_stays_and_the_reason_is_told():
    folder = fetch(hours=(IN_USE - 60) / 3600)
    found = cache(clear=True)
    assert folder.exists()
    assert 0 == found.freed
    assert "stays: 1 fetched artifact: used within the last hour, and a notebook may be reading it." in str(found)


def test_an_artifact_that_was_used_since_it_was_listed_is_in_use():
    folder = fetch()
    [artifact] = fetched()
    os.utime(folder)
    assert artifact.is_in_use


def test_what_is_not_of_the_cache_stays():
    fetch()
    (cache_base() / "notes").mkdir()
    cache(clear=True)
    assert ["notes"] == [entry.name for entry in cache_base().iterdir()]


def test_what_cannot_be_removed_stays_with_the_reason_and_the_others_are_removed():
    """A file where a folder should be: even root cannot remove it as a folder."""
    gone = fetch()
    there = cache_base() / ("0" * 32)
    there.write_bytes(b"what")
    os.utime(there, (0, 0))
    found = cache(clear=True)
    assert (False, True) == (gone.exists(), there.exists())
    assert "stays: 1 fetched artifact: it cannot be removed (NotADirectoryError: " in str(found)


@pytest.mark.parametrize("clear", [False, True])
def test_a_cache_that_cannot_be_read_is_an_error_with_a_hint(clear):
    cache_base().parent.mkdir(parents=True)
    cache_base().write_text("a file", "utf-8")
    with pytest.raises(StoreUnavailableError, match="cannot be read") as caught:
        cache(clear=clear)
    assert "XDG_CACHE_HOME" in caught.value.hint


def test_a_bad_limit_is_refused_before_anything_is_removed(monkeypatch):
    folder = fetch()
    monkeypatch.setenv("COLAB_SAVE_CACHE_GB", "much")
    with pytest.raises(RequestError, match="cache_gb"):
        cache(clear=True)
    assert folder.exists()


# --- local copies ---


@pytest.fixture
def store(colab):  # noqa: F811
    made = DriveStore("MyDrive/models")
    made.prepare(0)
    return made


@pytest.fixture
def save(store, tmp_path):
    """Publish a version to Drive as a save does, with a local copy."""

    def save(version=V1):
        folder, made = stage(tmp_path / "stage", {"model.keras": b"m" * 8}, version=version)
        publish_with_local_copy(store, Place.of_version("cats", version), folder, made, ignore_steps)
        return next(copy for copy in local_copies() if copy.manifest.version == version)

    return save


@pytest.fixture
def upload(monkeypatch):
    """The value of Drive's attribute for all files: ``b"0"`` for uploaded."""
    values = {}

    def attribute(path, name):
        Path(path).stat()
        return values["all"]

    monkeypatch.setattr(os, "getxattr", attribute)
    return values


def test_a_copy_that_is_uploaded_is_removed(save, upload):
    copy = save()
    upload["all"] = b"0"
    assert "clearing removes it" in str(cache())
    found = cache(clear=True)
    assert not copy.folder.exists()
    assert 8 <= found.freed
    assert "clearing removed" in str(found)


@pytest.mark.parametrize(
    ("value", "state"), [(b"1", "written, not uploaded yet"), (b"?", "written, upload unknown")], ids=["not yet", "?"]
)
def test_a_pending_copy_is_never_removed_and_is_marked_so(save, upload, value, state):
    copy = save()
    upload["all"] = value
    text = str(cache(clear=True))
    assert copy.stage.is_dir()
    assert f"cats@{V1}: state {state}, " in text
    assert f"clearing leaves it: {PENDING}" in text


def test_a_copy_that_was_never_published_is_never_removed(save, store, monkeypatch):
    monkeypatch.setattr(DriveStore, "put", lambda *_: (_ for _ in ()).throw(os_error(5)))
    with pytest.raises(OSError, match="Input/output"):
        save()
    assert [(PENDING, "not published", 0)] == [
        (entry.stays, entry.state, entry.freed) for entry in cache(clear=True).copies
    ]
    assert 1 == len(local_copies())


def test_a_copy_whose_drive_is_gone_is_never_removed(save, upload, colab):  # noqa: F811
    copy = save()
    upload["all"] = b"0"
    colab.new_runtime()
    cache(clear=True)
    assert copy.stage.is_dir()
    assert 1 == colab.prompts


def test_a_copy_that_was_lost_on_drive_is_never_removed(save, store, upload):
    copy = save()
    upload["all"] = b"0"
    (store.root / copy.place.folder / "model.keras").unlink()
    cache(clear=True)
    assert copy.stage.is_dir()


def test_a_copy_of_a_deleted_version_is_removed(save, upload):
    copy = save()
    upload["all"] = b"1"
    delete_version("cats", source="drive:models")
    cache(clear=True)
    assert not copy.folder.exists()


def test_a_copy_that_is_being_published_stays(save, upload):
    copy = save()
    upload["all"] = b"0"
    with copy.lock():
        [entry] = cache(clear=True).copies
    assert (BUSY, True) == (entry.stays, copy.stage.is_dir())


def test_a_copy_of_a_store_that_nobody_knows_stays(save, monkeypatch):
    copy = save()
    monkeypatch.setattr(opening, "STORES", {name: record for name, record in STORES.items() if name != "drive"})
    cache(clear=True)
    assert copy.stage.is_dir()


@pytest.mark.parametrize("record", ["", "{", '{"manifest": 7}', "\0"])
def test_a_damaged_copy_stays_and_is_told(save, upload, record):
    """It may be the only one of a save."""
    copy = save()
    upload["all"] = b"0"
    (copy.folder / "copy.json").write_text(record, "utf-8")
    found = cache(clear=True)
    assert copy.stage.is_dir()
    assert f"stays: {copy.folder}: no local copy can be read there." in str(found)


def test_a_state_is_told_in_words_also_where_nothing_waits():
    assert "uploaded" == state_in_words(UploadState.UPLOADED)


# --- the terminal ---


def test_the_terminal_shows_clears_and_ends_with_0(capsys):
    fetch()
    assert 0 == main(["cache"])
    assert "remove what is not needed: colab-save cache --clear" in capsys.readouterr().out
    assert 0 == main(["cache", "--clear"])
    assert "10 bytes freed" in capsys.readouterr().out
    assert 0 == main(["cache"])
    assert "The cache is empty" in capsys.readouterr().out
