"""A plain save to a store that uploads later: the version it replaces stays until the new one is uploaded."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from colab_save.artifact.layout import PREVIOUS, SIDECAR, Place
from colab_save.artifact.manifest import MANIFEST
from colab_save.errors import DigestError
from colab_save.versions.finding import versions_of
from colab_save.versions.plain_files import find_plain, find_plain_before
from tests.faulty_stores import SlowMemoryStore
from tests.making import V1, V2, V3, save_version

FILES = {"model.keras": b"model", "sample.npz": b"sample"}
FOLDER = {"model/saved_model.pb": b"graph", "model/variables/index": b"index"}

pytestmark = pytest.mark.parametrize(
    ("key", "files"), [("cats.keras", FILES), ("cats", FOLDER)], ids=["file", "folder"]
)


@pytest.fixture
def save(tmp_path, key, files):
    """Save a version; the first file says which."""

    def saving(version):
        first, *_ = files
        return save_version(store, tmp_path, version, {**files, first: f"model {version}".encode()}, key=key)

    store = saving.store = SlowMemoryStore()
    return saving


def payload_of(key, version, manifest):
    """Return where the payload of a replaced version is."""
    return f"{key}{SIDECAR}/{version}/{manifest.payloads[0].path}"


def cut(store, key, manifest, size):
    """Leave only the first bytes of the payload at its path."""
    name = Place.of_plain(key, manifest.version).key(manifest.files[0].path, manifest)
    store.content[name] = store.content[name][:size]


def test_the_old_one_waits_whole_in_the_folder_of_its_own_version(save, key, files):
    older = save(V1)
    newer = save(V2)
    assert (Place(f"{key}{SIDECAR}/{V2}", key), newer) == find_plain(save.store, key)
    place = Place(f"{key}{SIDECAR}/{V1}")
    assert [True] * len(older.files) == [save.store.has(place.key(file.path, older)) for file in older.files]


def test_when_the_new_one_is_uploaded_the_next_save_removes_the_old_one(save, key, files):
    save(V1)
    save(V2)
    save.store.uploaded = (key,)
    save(V3)
    assert [f"{V3}/"] == save.store.keys(f"{key}{SIDECAR}")


def test_of_many_that_are_not_uploaded_the_last_and_the_last_uploaded_one_stay(save, key, files):
    first, *others, last, newest = (f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-000{number}" for number in range(5))
    save(first)
    save.store.uploaded = (f"{key}{SIDECAR}/{first}",)
    for version in (*others, last, newest):
        save(version)
    assert [first, last, newest] == versions_of(save.store, f"{key}{SIDECAR}")


def test_a_version_more_than_a_day_old_counts_as_uploaded(save, key, files):
    for version in (V1, V2, V3):
        save(version)
    assert [V2, V3] == versions_of(save.store, f"{key}{SIDECAR}")


@pytest.mark.parametrize("size", [0, 4])
def test_the_old_one_is_found_when_the_new_one_is_cut_off(save, key, files, size):
    """As when a runtime ends before all is uploaded."""
    older = save(V1)
    cut(save.store, key, save(V2), size)
    with pytest.raises(DigestError):
        find_plain(save.store, key)
    assert (Place(f"{key}{SIDECAR}/{V1}"), older) == find_plain_before(save.store, key)


def test_the_old_one_is_found_when_the_manifest_of_the_new_one_is_cut_off(save, key, files):
    older = save(V1)
    save(V2)
    save.store.content[f"{key}{SIDECAR}/{V2}/{MANIFEST}"] = b""
    assert (Place(f"{key}{SIDECAR}/{V1}"), older) == find_plain_before(save.store, key)


def test_an_old_one_still_in_place_is_found_when_the_new_manifest_is_cut_off(save, key, files):
    older = save(V1)
    save.store.content[f"{key}{SIDECAR}/{V2}/{MANIFEST}"] = b""
    assert (Place(f"{key}{SIDECAR}/{V1}", key), older) == find_plain_before(save.store, key)


def test_no_old_version_is_found_for_a_file_that_somebody_else_put_there(save, key, files):
    save(V1)
    newer = save(V2)
    for file in newer.files:
        name = Place.of_plain(key, V2).key(file.path, newer)
        save.store.content[name] = b"quite another model, which is longer"
    assert find_plain_before(save.store, key) is None


def test_a_save_after_a_cut_off_one_leaves_the_last_good_one(save, key, files):
    """The cut-off one is moved aside, and not over the good one."""
    save(V1)
    cut(save.store, key, save(V2), 0)
    save.store.content[f"{key}{SIDECAR}/{V2}/{MANIFEST}"] = b""
    cut(save.store, key, save(V3), 0)
    assert V1 == find_plain_before(save.store, key)[1].version


def test_a_file_of_somebody_else_waits_too(save, key, files):
    name = Place.of_plain(key, V1).key(next(iter(files)), save(V1))
    store = save.store
    for gone in store.walk(f"{key}{SIDECAR}"):
        store.delete(gone)
    store.content[name] = b"by Keras"
    save(V2)
    assert b"by Keras" in [store.content[at] for at in store.content if at.startswith(f"{key}{SIDECAR}/{PREVIOUS}")]
