from __future__ import annotations

import errno
import os

import pytest

from colab_save.artifact.layout import PREVIOUS, SIDECAR, Place
from colab_save.artifact.manifest import MANIFEST
from colab_save.errors import DigestError, StoreUnavailableError
from colab_save.progress import ignore_steps
from colab_save.stores.local import LocalStore
from colab_save.versions.fetching import fetch
from colab_save.versions.plain_files import find_plain
from tests.faulty_stores import FaultyMemoryStore, MemoryStore
from tests.making import V1, V2, save_version

FILE = {"model.keras": b"model", "sample.npz": b"sample"}
FOLDER = {"model/saved_model.pb": b"graph", "model/variables/index": b"index"}


@pytest.fixture
def work(tmp_path):
    return tmp_path / "work"


@pytest.fixture(params=["memory", "local"])
def any_store(request, tmp_path):
    return MemoryStore() if request.param == "memory" else LocalStore(tmp_path / "store")


@pytest.mark.parametrize(("key", "files"), [("cats.keras", FILE), ("cats", FOLDER)], ids=["file", "folder"])
class TestPlainSaves:
    def test_its_payload_is_at_exactly_its_place(self, any_store, work, key, files):
        manifest = save_version(any_store, work, V1, files, key=key)
        assert (Place(f"{key}{SIDECAR}/{V1}", key), manifest) == find_plain(any_store, key)

    def test_it_is_fetched_whole(self, any_store, work, tmp_path, key, files):
        save_version(any_store, work, V1, files, key=key)
        place, manifest = find_plain(any_store, key)
        found = fetch(any_store, place, manifest, list(files), tmp_path / "cache", ignore_steps)
        assert files == {path: local.read_bytes() for path, local in found.items()}

    def test_without_a_manifest_there_is_nothing_to_find(self, any_store, work, key, files):
        save_version(any_store, work, V1, files, key="other")
        assert find_plain(any_store, key) is None

    def test_a_payload_that_somebody_else_changed_is_refused(self, any_store, work, key, files):
        save_version(any_store, work, V1, files, key=key)
        place, manifest = find_plain(any_store, key)
        put(any_store, work, place.key(manifest.files[0].path, manifest), b"other bytes")
        with pytest.raises(DigestError, match="matches no manifest") as caught:
            find_plain(any_store, key)
        assert f"{key}{SIDECAR}" in caught.value.hint

    def test_a_payload_that_was_deleted_is_refused(self, any_store, work, key, files):
        save_version(any_store, work, V1, files, key=key)
        for name in any_store.walk(key) or [key]:
            any_store.delete(name)
        with pytest.raises(DigestError):
            find_plain(any_store, key)

    def test_a_save_that_died_before_its_payload_was_in_place_is_found(self, any_store, work, key, files):
        save_version(any_store, work, V1, files, key=key)
        any_store.move(key, f"{key}{SIDECAR}/{V1}/{next(iter(files)).split('/')[0]}")
        place, manifest = find_plain(any_store, key)
        assert [True] * len(manifest.files) == [
            any_store.has(place.key(file.path, manifest)) for file in manifest.files
        ]

    def test_a_save_that_died_while_the_old_payload_was_aside_is_found(self, any_store, work, key, files):
        save_version(any_store, work, V1, files, key=key)
        any_store.move(key, f"{key}{SIDECAR}/{PREVIOUS}")
        newer = save_version(any_store, work, V2, {**files, "note.txt": b"new"}, key=f"{key}.new", name=key)
        for name in any_store.walk(f"{key}.new{SIDECAR}/{V2}"):
            any_store.move(name, name.replace(".new", "", 1))
        payload = newer.payloads[0].path
        any_store.move(f"{key}.new", f"{key}{SIDECAR}/{V2}/{payload}")
        assert V2 == find_plain(any_store, key)[1].version

    def test_a_payload_beside_a_file_that_somebody_else_put_there_is_not_found(self, any_store, work, key, files):
        save_version(any_store, work, V1, files, key=key)
        any_store.move(key, f"{key}{SIDECAR}/{V1}/{next(iter(files)).split('/')[0]}")
        put(any_store, work, key, b"by Keras")
        with pytest.raises(DigestError):
            find_plain(any_store, key)

    def test_an_older_damaged_manifest_does_not_matter(self, any_store, work, key, files):
        save_version(any_store, work, V2, files, key=key)
        put(any_store, work, f"{key}{SIDECAR}/{V1}/{MANIFEST}", b"{")
        assert V2 == find_plain(any_store, key)[1].version


def put(store, work, key, content):
    (work / "content").write_bytes(content)
    store.put(key, work / "content", lambda count: None)


def test_a_store_that_has_died_is_not_taken_for_a_changed_payload(work):
    store = FaultyMemoryStore()
    save_version(store, work, V1, FILE, key="cats.keras")
    store.arm()
    find_plain(store, "cats.keras")
    (number,) = (index for index, call in enumerate(store.calls) if call == ("get", "cats.keras"))
    store.arm(number, StoreUnavailableError("The mount has died.", os.strerror(errno.ENOTCONN)))
    with pytest.raises(StoreUnavailableError):
        find_plain(store, "cats.keras")
