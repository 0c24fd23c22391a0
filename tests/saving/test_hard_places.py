"""Places where saving is hard: each ends in a clear error that loses nothing, or in a save that comes back."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import keras
import numpy as np
import pytest

from colab_save.artifact.version import new_version
from colab_save.errors import NoSpaceError, ReadOnlyStoreError, RequestError, StoreError, TargetError
from colab_save.loading.pipeline import load
from colab_save.request.request import LoadRequest, SaveRequest
from colab_save.saving.pipeline import save
from colab_save.versions.listing import list_models

pytestmark = pytest.mark.tensorflow

ROWS = np.arange(8, dtype="float32").reshape(2, 4)
NOBODY = 65534

needs_root = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="mounting, and being somebody else, takes root on Linux"
)


@pytest.fixture(scope="module")
def model():
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(50)])


class Filling(keras.layers.Layer):
    """Fills the disk when its weights are written."""

    def __init__(self, disk, **kwargs):
        super().__init__(**kwargs)
        self.disk = disk

    def call(self, inputs):
        return inputs

    def save_own_variables(self, store):
        fill(Path(self.disk), 0)


def saved(model, target="cats", **where):
    return save(SaveRequest(model, target, verify=False, **where))


def check_it_comes_back(model, target="cats", source=None):
    assert np.array_equal(model(ROWS), load(LoadRequest(target, source=source)).model(ROWS))


def check_is_refused(error, model, target="cats", **where):
    """The error is of its own kind and says what to do."""
    with pytest.raises(error) as caught:
        saved(model, target, **where)
    assert caught.value.message
    assert caught.value.hint


@pytest.fixture
def disk(tmp_path):
    """Mount a disk of a megabyte; its options can be changed."""
    place = tmp_path / "disk"
    place.mkdir()

    def mount(options="size=1m"):
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", place], check=True)
        return place

    yield mount
    subprocess.run(["umount", place], check=False, capture_output=True)


def fill(disk, but):
    """Leave only so many bytes free."""
    free = shutil.disk_usage(disk).free
    (disk / "others").write_bytes(b"0" * (free - but))


@needs_root
@pytest.mark.parametrize("free", [0, 4096, 20_000])
def test_a_full_disk_is_no_space_and_keeps_what_was_there(model, disk, free):
    store = disk()
    saved(model, to=str(store))
    fill(store, free)
    check_is_refused(NoSpaceError, model, to=str(store))
    check_it_comes_back(model, source=str(store))
    assert 1 == len(list_models("*", str(store)).manifests)


@needs_root
@pytest.mark.parametrize("free", [0, 4096, 1 << 20])
def test_a_local_disk_too_full_for_the_stage_is_refused_before_anything_is_written(model, disk, monkeypatch, free):
    """libhdf5 may end the whole process on a disk that fills up while it writes."""
    stage = disk("size=2m")
    fill(stage, free)
    monkeypatch.setattr("tempfile.tempdir", str(stage))
    check_is_refused(NoSpaceError, model)
    assert ["others"] == [path.name for path in stage.iterdir()]


@needs_root
def test_a_local_disk_that_fills_up_meanwhile_is_no_space(disk, monkeypatch):
    """As it does when another program writes there."""
    stage = disk("size=33m")
    monkeypatch.setattr("tempfile.tempdir", str(stage))
    check_is_refused(NoSpaceError, keras.Sequential([keras.Input((1,)), Filling(str(stage))]), formats="keras")


@needs_root
def test_a_disk_that_became_read_only_still_loads(model, disk):
    store = disk()
    saved(model, to=str(store))
    subprocess.run(["mount", "-o", "remount,ro", store], check=True)
    check_is_refused(ReadOnlyStoreError, model, to=str(store))
    check_it_comes_back(model, source=str(store))


@needs_root
def test_a_folder_of_somebody_else_is_refused_and_can_be_read(model, tmp_path):
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == 0 and folder != Path(folder.anchor):
            folder.chmod(folder.stat().st_mode | 0o055)
    store = tmp_path / "theirs"
    saved(model, to=str(store))
    os.seteuid(NOBODY)
    try:
        check_is_refused(StoreError, model, to=str(store))
        assert ["cats"] == [found.name for found in list_models("*", str(store)).manifests]
    finally:
        os.seteuid(0)


@pytest.mark.parametrize("name", ["кошки", "猫とうさぎ", "café", "a name with spaces", "x" * 120, "é" * 60])
def test_an_unusual_name_comes_back(model, name):
    saved(model, name, to="./models")
    assert [name] == [found.name for found in list_models().manifests]
    check_it_comes_back(model, name, "./models")


@pytest.mark.parametrize("name", ["x" * 121, "é" * 61, "x" * 300, "cafe\u0301", "100%", "#1", "a\nb"])
def test_a_name_that_some_disk_cannot_hold_is_refused_before_anything_is_staged(model, name):
    check_is_refused(TargetError, model, name)
    assert not Path("models").exists() or [] == list(Path("models").iterdir())


@pytest.mark.parametrize("name", ["..", ".", "a/../../b", "../b", "a\0b", "models/../../x", "a\\..\\b"])
def test_a_name_that_would_leave_its_store_is_refused(model, own_folder, name):
    around = set(own_folder.parent.iterdir())
    check_is_refused(RequestError, model, name, to="./models")
    assert around == set(own_folder.parent.iterdir())


def test_a_store_behind_a_link_is_a_store(model, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    Path("models").symlink_to(tmp_path / "elsewhere")
    saved(model)
    check_it_comes_back(model)
    assert ["cats"] == [path.name for path in (tmp_path / "elsewhere").iterdir()]


def test_a_link_to_nowhere_is_refused(model, tmp_path):
    Path("models").symlink_to(tmp_path / "nowhere")
    check_is_refused(StoreError, model)


def test_a_file_where_the_store_should_be_is_refused_and_stays(model):
    Path("models").write_bytes(b"mine")
    check_is_refused(StoreError, model)
    assert b"mine" == Path("models").read_bytes()


def test_after_the_clock_was_set_back_the_newest_save_is_the_newest(model):
    first = saved(model)
    later = new_version(datetime.now(UTC) + timedelta(days=400))
    text = Path(first.where, "manifest.json").read_text("utf-8")
    Path(first.where, "manifest.json").write_text(text.replace(first.manifest.version, later), "utf-8")
    Path(first.where).rename(Path(first.where).with_name(later))
    newest = saved(model).manifest.version
    assert newest > later
    assert f"cats@{newest}" == load(LoadRequest("cats")).target
