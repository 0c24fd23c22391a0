"""Which store a location means."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from colab_save.errors import StoreUnavailableError, TargetError
from colab_save.store_table import STORES
from colab_save.stores.drive.drive import DriveStore
from colab_save.stores.local import LocalStore
from colab_save.stores.opening import open_folder_of, open_store
from colab_save.stores.remote.remote import RemoteStore


def test_outside_colab_the_default_is_a_folder_of_the_working_directory(own_folder):
    store = open_store()
    assert ("local", own_folder / "models") == (store.kind, store.root)
    assert not store.root.exists()


def test_in_colab_the_default_is_drive(colab):
    store = open_store()
    assert ("drive", colab.mountpoint / "MyDrive/colab_save") == (store.kind, store.root)
    assert 0 == colab.prompts


def test_where_drive_is_mounted_the_default_is_drive_in_a_terminal_too(colab, monkeypatch):
    import sys

    DriveStore().prepare(1)
    monkeypatch.delitem(sys.modules, "google.colab")
    assert "drive" == open_store().kind


def test_the_setting_is_the_default_everywhere(colab, own_folder, monkeypatch):
    monkeypatch.setenv("COLAB_SAVE_TO", "./experiments")
    assert own_folder / "experiments" == open_store().root


def test_a_location_wins_over_the_setting(own_folder, monkeypatch):
    monkeypatch.setenv("COLAB_SAVE_TO", "./experiments")
    assert own_folder / "models" == open_store("./models").root


def test_a_setting_that_is_no_store_names_its_origin(monkeypatch):
    monkeypatch.setenv("COLAB_SAVE_TO", "s3://")
    with pytest.raises(TargetError) as caught:
        open_store()
    assert caught.value.hint.endswith(" The store is set by COLAB_SAVE_TO in the environment.")


@pytest.mark.parametrize(
    ("location", "folder"),
    [
        ("drive", "MyDrive/colab_save"),
        ("drive:", "MyDrive"),
        ("drive:a b/c", "MyDrive/a b/c"),
        ("{}/MyDrive/a", "MyDrive/a"),
        ("{}/My Drive/a", "MyDrive/a"),
        ("{}/MyDrive", "MyDrive"),
        ("{}/MyDrive/a/../b/", "MyDrive/b"),
        ("{}/Shareddrives/team/a", "Shareddrives/team/a"),
    ],
)
def test_drive_is_named_in_several_ways(colab, location, folder):
    store = open_store(location.format(colab.mountpoint))
    assert ("drive", colab.mountpoint / folder) == (store.kind, store.root)


@pytest.mark.parametrize("location", ["{}", "{}/models", "drive:../x"])
def test_a_folder_outside_mydrive_and_shared_drives_is_refused(colab, location):
    with pytest.raises(TargetError, match="neither in MyDrive nor in Shareddrives"):
        open_store(location.format(colab.mountpoint))


def test_a_folder_on_another_drive_mount_is_drive(colab, tmp_path):
    colab.write("mounts", f"drive {tmp_path}/gdrive fuse.drive rw 0 0\n")
    assert "drive" == open_store(str(tmp_path / "gdrive/MyDrive/a")).kind


def test_a_link_to_a_folder_on_drive_is_drive(colab, own_folder):
    (own_folder / "link").symlink_to(colab.mountpoint / "MyDrive/a")
    store = open_store("link/b")
    assert ("drive", colab.mountpoint / "MyDrive/a/b") == (store.kind, store.root)


@pytest.mark.parametrize("location", ["models", "./models", "a/../models", "models/"])
def test_a_folder_is_a_local_store(own_folder, location):
    store = open_store(location)
    assert LocalStore is type(store)
    assert own_folder / "models" == store.root


def test_the_home_folder_is_known(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert tmp_path / "models" == open_store("~/models").root


def test_the_home_folder_of_an_unknown_user_is_refused():
    with pytest.raises(TargetError, match="no user 'no-such-user' on this machine"):
        open_store("~no-such-user/models")


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("s3://bucket/a", "s3://bucket/a"),
        ("gs://bucket/", "gs://bucket"),
        ("hf://me/model", "hf://me/model"),
        ("memory://", "memory://"),
        ("sftp://me:secret@host/models", "sftp://me:…@host/models"),
        ("https://me:secret@host/models?token=hush", "https://…@host/models"),
    ],
)
def test_a_url_is_a_remote_store_that_shows_no_secret(location, shown):
    store = open_store(location)
    assert ("remote", shown) == (store.kind, store.location)


@pytest.mark.parametrize("location", ["s3://", "gs:///", "s3://bucket/../other"])
def test_a_url_without_a_bucket_is_refused(location):
    with pytest.raises(TargetError, match="has no bucket, or") as caught:
        open_store(location)
    assert "s3://bucket/models" in caught.value.hint


def test_only_an_http_url_may_have_a_query():
    with pytest.raises(TargetError, match=r"'s3://bucket/a' has a '\?'"):
        open_store("s3://bucket/a?versionId=hush")


def test_a_url_of_a_file_is_its_folder(own_folder):
    store = open_store(f"file://{own_folder}/models")
    assert ("local", own_folder / "models") == (store.kind, store.root)


def test_a_working_directory_that_is_gone_is_an_error_with_a_hint(tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(StoreUnavailableError, match="working directory no longer exists") as caught:
        open_store("models")
    assert "%cd" in caught.value.hint


@pytest.mark.parametrize(
    ("path", "folder", "key"),
    [
        ("cats.keras", ".", "cats.keras"),
        ("a/b/cats.h5", "a/b", "cats.h5"),
        ("serving/1/", "serving", "1"),
        ("a/../cats.keras", ".", "cats.keras"),
    ],
)
def test_an_exact_place_is_a_key_of_its_folder(own_folder, path, folder, key):
    store, found = open_folder_of(path)
    assert (Path(os.path.normpath(own_folder / folder)), key) == (store.root, found)


@pytest.mark.parametrize(
    ("path", "folder", "key"),
    [
        ("{}/MyDrive/my_keras_model", "MyDrive", "my_keras_model"),
        ("{}/My Drive/a/cats.keras", "MyDrive/a", "cats.keras"),
        ("drive:cats.keras", "MyDrive", "cats.keras"),
        ("drive:a/b/cats.keras", "MyDrive/a/b", "cats.keras"),
    ],
)
def test_an_exact_place_on_drive_is_a_key_of_its_folder_there(colab, path, folder, key):
    store, found = open_folder_of(path.format(colab.mountpoint))
    assert ("drive", colab.mountpoint / folder, key) == (store.kind, store.root, found)


@pytest.mark.parametrize(
    ("path", "location", "key"),
    [
        ("s3://bucket/cats.keras", "s3://bucket", "cats.keras"),
        ("gs://bucket/a/cats.h5", "gs://bucket/a", "cats.h5"),
        ("s3://bucket/serving/1/", "s3://bucket/serving", "1"),
        ("https://host/a/cats.keras?token=hush", "https://host/a", "cats.keras"),
    ],
)
def test_an_exact_place_behind_a_url_is_a_key_of_its_folder(path, location, key):
    store, found = open_folder_of(path)
    assert (location, key) == (store.location, found)


@pytest.mark.parametrize("path", ["/", "drive:", "drive:..", "s3://cats.keras", "s3://", "s3://bucket/.."])
def test_a_path_without_a_file_name_is_refused(colab, path):
    with pytest.raises(TargetError, match="does not end in a file name"):
        open_folder_of(path)


@pytest.mark.parametrize("kind", STORES)
def test_every_store_has_its_name_in_the_table(kind):
    assert kind == {"local": LocalStore, "drive": DriveStore, "remote": RemoteStore}[kind].kind
