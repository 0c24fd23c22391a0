"""What a report says of Drive, the default store, keys, the cache and local copies, without changing any of them."""

from __future__ import annotations

import os

import pytest

from colab_save.artifact.layout import Place
from colab_save.custom_code.signing import KEY, signed
from colab_save.diagnosing import places
from colab_save.diagnosing.doctor import PROBES, diagnose
from colab_save.progress import ignore_steps
from colab_save.stores.drive.drive import DriveStore
from colab_save.stores.opening import key_folders, open_store
from colab_save.versions.caching import cache_of
from colab_save.versions.local_copies import local_copies
from colab_save.versions.pending import publish_with_local_copy
from tests.making import V1, V2, manifest, stage

PLACES = ("drive", "default store", "signing key", "cache", "local copies", "environment")


def told():
    """The lines of the places, by subject."""
    found = diagnose({name: PROBES[name] for name in PLACES}).findings
    return {name: finding.text for name, finding in found.items()}


# --- stores ---


def test_a_folder_that_is_not_there_can_be_made(own_folder):
    assert f"{own_folder}/models (local): it does not exist yet and can be made" == places.default_store().text
    assert [] == [*own_folder.iterdir()]


def test_a_folder_that_is_there_can_be_written(own_folder):
    (own_folder / "models").mkdir()
    assert places.default_store().text.endswith(": it exists and can be written")


def test_a_file_in_the_place_of_the_folder_cannot(own_folder):
    (own_folder / "models").write_text("a file", "utf-8")
    assert places.default_store().text.endswith(": it exists and cannot be written")


def test_a_drive_that_is_not_mounted_is_not_asked_for(colab):
    lines = told()
    assert ("not mounted", 0) == (lines["drive"], colab.prompts)
    assert lines["default store"].endswith("/content/drive/MyDrive/colab_save (drive): not known before it is mounted")


def test_a_drive_that_is_mounted_is_the_default_and_can_be_written(colab):
    open_store("drive").prepare(0)
    lines = told()
    assert lines["drive"].startswith("mounted, ")
    assert lines["default store"].endswith("/MyDrive/colab_save (drive): it exists and can be written")


def test_a_drive_for_reading_only_cannot_be_written(colab):
    colab.enter().mount(str(colab.mountpoint), readonly=True)
    assert told()["default store"].endswith(": it does not exist yet and cannot be made")


# --- keys ---


def test_without_a_key_there_is_none_and_none_is_made():
    assert "none; a save makes one" == places.signing_key().text
    assert not key_folders()[0].exists()


def test_keys_are_counted_and_the_one_in_use_comes_first(colab):
    signed(manifest())
    open_store("drive").prepare(0)
    signed(manifest())
    drive, config = key_folders()
    assert f"2, in {drive}, {config}; the first is used" == places.signing_key().text


def test_the_key_itself_is_nowhere():
    signed(manifest())
    key = (key_folders()[0] / KEY).read_text("ascii")
    assert key not in str(places.signing_key())


@pytest.mark.parametrize("content", [b"", b"abc", b"\xff" * 64, b"ab" * 31])
def test_a_key_that_is_not_whole_is_told(content):
    key_folders()[0].mkdir(parents=True)
    (key_folders()[0] / KEY).write_bytes(content)
    assert places.signing_key().text.endswith(" (not whole, so it is not used)")


# --- the cache ---


def test_the_cache_is_told_with_its_size_and_limit():
    for version in (V1, V2):
        folder = cache_of(manifest(version=version))
        folder.mkdir(parents=True)
        (folder / "model.keras").write_bytes(b"model")
    assert ": 2 fetched artifacts, 10 bytes; at most " in places.cached().text


@pytest.fixture
def copy(colab, tmp_path):
    """A local copy of a version on Drive, which has not said that it is uploaded."""
    store = DriveStore("MyDrive/models")
    store.prepare(0)
    folder, made = stage(tmp_path / "stage", {"model.keras": b"m" * 8}, version=V1)
    publish_with_local_copy(store, Place.of_version("cats", V1), folder, made, ignore_steps)
    return local_copies()[0]


def test_local_copies_are_told_with_what_is_known_of_their_uploads(copy):
    assert "1, 8 bytes, of which 1 pending (1 written, upload unknown); at most " in places.copies().text


def test_a_copy_that_is_uploaded_is_told_and_stays(copy, monkeypatch):
    monkeypatch.setattr(os, "getxattr", lambda *_: b"0")
    assert "1, 8 bytes, of which 0 pending (1 uploaded)" in places.copies().text
    assert copy.stage.is_dir()


def test_a_damaged_copy_is_not_counted_and_costs_nothing(copy):
    (copy.folder / "copy.json").write_text("{", "utf-8")
    assert "none" == places.copies().text


# --- a Drive that misbehaves ---


@pytest.fixture
def mounted(fuse_colab):
    fuse_colab.enter().mount(str(fuse_colab.mountpoint))
    yield fuse_colab
    fuse_colab.new_runtime()


@pytest.mark.outside
def test_a_drive_that_has_died_costs_the_lines_that_need_it(mounted):
    mounted.drive.die()
    lines = told()
    assert "mounted, but does not answer" == lines["drive"]
    assert "ENOTCONN" in lines["default store"]
    assert lines["cache"].partition(": ")[2].startswith("nothing fetched")


@pytest.mark.outside
def test_a_drive_that_hangs_at_every_call_is_given_up(mounted):
    calls = ["getattr", "statfs", "readdir", "open", "opendir", "access"]
    mounted.drive.order("arm", calls, 0, "hang", for_ever=True)
    lines = told()
    mounted.drive.order("disarm")
    assert ("no answer", "no answer") == (lines["default store"], lines["signing key"])
    assert "in Colab" in lines["environment"]
