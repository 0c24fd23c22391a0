"""Fetched artifacts stay in a cache of limited size; the least recently used is removed first."""

from __future__ import annotations

import os
import time

import pytest

from colab_save.versions import caching
from colab_save.versions.caching import IN_USE, cache_base, cache_of, trim_cache
from tests.making import V1, V2, V3, manifest


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


@pytest.fixture
def fetched(monkeypatch):
    """Make the folder of a version with 10 bytes, last used so many hours ago; 25 bytes may stay."""
    monkeypatch.setenv("COLAB_SAVE_CACHE_GB", "25e-9")

    def make(version, hours):
        folder = cache_of(manifest(version=version))
        (folder / "assets").mkdir(parents=True)
        for path in (folder / "m.keras", folder / "assets" / "words.txt"):
            path.write_bytes(b"12345")
        then = time.time() - hours * 3600
        os.utime(folder, (then, then))
        return folder

    return make


def cached():
    return {folder.name for folder in cache_base().iterdir()}


def test_the_least_recently_used_is_removed_first(fetched):
    newest, oldest, middle = fetched(V1, 2), fetched(V2, 9), fetched(V3, 5)
    trim_cache()
    assert {newest.name, middle.name} == cached()
    assert not oldest.exists()


def test_using_an_artifact_again_makes_it_the_newest(fetched):
    first, second, third = fetched(V1, 9), fetched(V2, 5), fetched(V3, 3)
    assert first == cache_of(manifest(version=V1))
    trim_cache()
    assert {first.name, third.name} == cached()
    assert not second.exists()


def test_recently_used_artifacts_stay(fetched):
    folders = [fetched(version, (IN_USE - 60) / 3600) for version in (V1, V2, V3)]
    trim_cache()
    assert {folder.name for folder in folders} == cached()


def test_a_full_disk_makes_the_cache_smaller(fetched, monkeypatch):
    monkeypatch.setattr(caching, "SHARE", 10**18)
    for version, hours in ((V1, 2), (V2, 9)):
        fetched(version, hours)
    trim_cache()
    assert set() == cached()


def test_other_folders_in_the_cache_stay(fetched):
    for version in (V1, V2, V3):
        fetched(version, 9)
    (cache_base() / "pending").mkdir()
    (cache_base() / "pending" / "copy").write_bytes(bytes(100))
    trim_cache()
    assert (cache_base() / "pending" / "copy").exists()


def test_a_cache_that_is_not_there_is_trimmed(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "none"))
    trim_cache()
    assert not (tmp_path / "none").exists()
