from __future__ import annotations

import functools
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from colab_save.artifact.facts import ModelFacts
from colab_save.artifact.layout import PREVIOUS, SIDECAR, Place
from colab_save.artifact.manifest import MANIFEST
from colab_save.artifact.version import new_version
from colab_save.errors import DamagedFileError, DigestError, StoreError
from colab_save.progress import Stage
from colab_save.stores.local import LocalStore
from colab_save.target import Target
from colab_save.versions.finding import contents_of, find, names_of
from colab_save.versions.local_copies import LEFTOVER_AGE
from colab_save.versions.plain_files import find_plain
from colab_save.versions.publishing import publish
from tests.faulty_stores import DamagingStore, FaultyLocalStore, FaultyMemoryStore, MemoryStore
from tests.making import V1, V2, V3, save_version, stage, stage_version


class Artifact:
    """Saves under a name."""

    key = ""

    def files(self, version):
        return {"model.keras": f"model {version}".encode(), "sample.npz": b"sample"}

    def save(self, store, work, version):
        staged(self, work, version).publish(store)

    def find(self, store):
        return find(store, Target("cats"))


class PlainFile(Artifact):
    """Saves to exactly ``cats.keras``."""

    key = "cats.keras"

    def find(self, store):
        return find_plain(store, self.key)


class PlainFolder(PlainFile):
    """Saves a folder to exactly ``cats``."""

    key = "cats"

    def files(self, version):
        return {
            "model/saved_model.pb": f"graph {version}".encode(),
            "model/variables/index": f"index {version}".encode(),
            "sample.npz": b"sample",
        }


@functools.cache
def staged(kind, work, version):
    """A version, staged once: each is published hundreds of times."""
    facts = ModelFacts("keras", "Model")
    return stage_version(work, version, kind.files(version), name=kind.key or "cats", key=kind.key, facts=facts)


KINDS = [Artifact(), PlainFile(), PlainFolder()]
by_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: type(kind).__name__)


@pytest.fixture
def work(tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


@pytest.fixture
def store(tmp_path):
    return LocalStore(tmp_path / "store")


def check_whole(kind, store):
    """Find the newest version, match all of it with its content, and return its id."""
    place, manifest = kind.find(store)
    found = {file.path: store.read(place.key(file.path, manifest)) for file in manifest.files}
    assert kind.files(manifest.version) == found
    return manifest.version


def check_settled(kind, store):
    """Do the same once the kernel no longer shows a folder that has been renamed."""
    try:
        return check_whole(kind, store)
    except DigestError:
        time.sleep(getattr(store, "remembered", 0))
        return check_whole(kind, store)


def check_lists_nothing_half(store):
    manifests, damaged, _ = contents_of(store)
    assert () == damaged
    for manifest in manifests:
        for file in manifest.files:
            store.check(f"{manifest.name}/{manifest.version}/{file.path}", file.size, file.sha256)


def check_every_interruption(kind, store_with_one, work, error, *, is_late, for_ever):
    """Interrupt a second save at every call, check what is left each time, and return the number of calls."""
    number = 0
    while True:
        store = store_with_one(number)
        store.arm(number, error, is_late=is_late, for_ever=for_ever)
        try:
            kind.save(store, work, V2)
        except type(error):
            was_refused = True
        else:
            was_refused = False
        made = len(store.calls)
        store.disarm()
        newest = check_settled(kind, store)
        assert newest in {V1, V2}
        assert was_refused or newest == V2
        check_lists_nothing_half(store)
        kind.save(store, work, V3)
        assert V3 == check_whole(kind, store)
        if number >= made:
            return number
        number += 1


REFUSED = StoreError("Refused.", "Try again.")


@by_kind
@pytest.mark.parametrize(
    ("error", "is_late", "for_ever"),
    [
        (REFUSED, False, False),
        (REFUSED, True, True),
        (KeyboardInterrupt(), False, True),
    ],
    ids=["refused", "dead", "killed"],
)
def test_a_publish_that_fails_at_any_call_leaves_the_last_version_whole(kind, error, is_late, for_ever, work):
    with_one = MemoryStore()
    kind.save(with_one, work, V1)

    def store_with_one(number):
        store = FaultyMemoryStore()
        store.content = dict(with_one.content)
        return store

    calls = check_every_interruption(kind, store_with_one, work, error, is_late=is_late, for_ever=for_ever)
    assert calls > 8


def test_a_publish_into_a_folder_that_fails_at_any_call_leaves_the_last_version_whole(tmp_path, work):
    kind = PlainFolder()

    def store_with_one(number):
        store = FaultyLocalStore(tmp_path / f"store {number}")
        kind.save(store, work, V1)
        return store

    calls = check_every_interruption(kind, store_with_one, work, REFUSED, is_late=False, for_ever=False)
    assert calls > 8


@by_kind
def test_a_first_publish_that_fails_before_the_manifest_leaves_nothing(kind, work):
    puts = 0
    while True:
        store = FaultyMemoryStore()
        store.arm(puts, REFUSED)
        try:
            kind.save(store, work, V1)
        except StoreError:
            puts += 1
        if any(key.endswith(MANIFEST) for name, key in store.calls if name == "put"):
            break
        assert {} == store.content
    assert puts > 1


def test_two_notebooks_that_save_at_once_both_have_their_version(store, work):
    versions = sorted((new_version() for _ in range(4)), reverse=True)
    threads = [threading.Thread(target=save_version, args=(store, work, version)) for version in versions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert versions == [manifest.version for manifest in contents_of(store).manifests]


@pytest.mark.parametrize("ending", ["model.keras", "sample.npz", MANIFEST])
def test_a_file_that_reads_back_different_is_not_committed(ending, work):
    store = DamagingStore(ending)
    with pytest.raises(DigestError):
        save_version(store, work, V1)
    assert {} == store.content


def test_a_manifest_that_could_not_be_read_again_is_not_committed(work):
    store = MemoryStore()
    with pytest.raises(DamagedFileError):
        save_version(store, work, V1, note=7)
    assert {} == store.content


@by_kind
def test_the_manifest_is_the_last_file_that_is_written(kind, work):
    store = FaultyMemoryStore()
    store.arm()
    kind.save(store, work, V1)
    written = [key for name, key in store.calls if name == "put" and V1 in key]
    assert [MANIFEST] == [key.rpartition("/")[2] for key in written if key.endswith(MANIFEST)]
    assert MANIFEST == written[len(kind.files(V1))].rpartition("/")[2]


def test_every_file_is_read_back_before_the_manifest_is_written(work):
    store = FaultyMemoryStore()
    store.arm()
    save_version(store, work, V1)
    calls = [(name, key.rpartition("/")[2]) for name, key in store.calls]
    assert [
        ("put", "model.keras"),
        ("get", "model.keras"),
        ("put", "sample.npz"),
        ("get", "sample.npz"),
        ("put", MANIFEST),
        ("get", MANIFEST),
    ] == calls[:6]


def test_a_failed_publish_removes_the_manifest_first(work):
    store = FaultyMemoryStore()
    store.arm(5, REFUSED)
    with pytest.raises(StoreError):
        save_version(store, work, V1)
    key = f"cats/{V1}/{MANIFEST}"
    assert [("get", key), ("delete", key), ("delete_folder", f"cats/{V1}")] == store.calls[5:8]


def test_the_bytes_reported_reach_the_size(work):
    steps = []
    staged, manifest = stage(work, {"model.keras": b"12345", "sample.npz": b"678"})
    publish(MemoryStore(), Place.of_version("cats", V1), staged, manifest, steps.append)
    assert (Stage.PUBLISH, 8, 8) == (steps[-1].stage, steps[-1].done, steps[-1].total)


def aged(age):
    return new_version(datetime.now(UTC) - age)


@pytest.mark.parametrize(
    ("age", "is_left"), [(timedelta(0), True), (LEFTOVER_AGE * 0.9, True), (LEFTOVER_AGE * 1.1, False)], ids=str
)
def test_an_unfinished_version_is_removed_by_a_save_a_day_later(store, work, age, is_left):
    unfinished = aged(age)
    place = store.root / "cats" / unfinished
    place.mkdir(parents=True)
    (place / "model.keras").write_bytes(b"half")
    save_version(store, work, new_version())
    assert is_left is place.exists()


def test_an_unfinished_version_with_a_half_written_file_is_removed_too(store, work):
    place = store.root / "cats" / aged(LEFTOVER_AGE * 2)
    place.mkdir(parents=True)
    (place / ".0123456789abcdef.partial").write_bytes(b"half")
    save_version(store, work, new_version())
    assert not place.exists()


def test_an_old_committed_version_is_not_removed(store, work):
    for version in (V1, V2):
        save_version(store, work, version)
    assert [V2, V1] == [manifest.version for manifest in contents_of(store).manifests]


def test_an_unfinished_version_of_another_name_is_left_alone(store, work):
    place = store.root / "dogs" / aged(LEFTOVER_AGE * 2)
    place.mkdir(parents=True)
    (place / "model.keras").write_bytes(b"half")
    save_version(store, work, V1)
    assert place.exists()


def test_other_folders_are_left_alone(store, work):
    (store.root / "cats/notes").mkdir(parents=True)
    (store.root / "cats/notes/mine.txt").write_text("mine")
    save_version(store, work, V1)
    assert "mine" == (store.root / "cats/notes/mine.txt").read_text()


def test_a_store_that_refuses_to_remove_an_unfinished_version_does_not_fail_the_save(work):
    store = FaultyMemoryStore()
    store.content[f"cats/{V1}/model.keras"] = b"half"
    clean = FaultyMemoryStore()
    clean.arm()
    save_version(clean, work, V2)
    store.arm(len(clean.calls) - 1, REFUSED, for_ever=True)
    save_version(store, work, V2)
    store.disarm()
    assert V2 == find(store, Target("cats"))[1].version


@pytest.mark.parametrize("kind", KINDS[1:], ids=lambda kind: type(kind).__name__)
def test_a_plain_save_leaves_the_payload_and_one_record_beside_it(kind, store, work):
    for version in (V1, V2):
        kind.save(store, work, version)
    beside = f"{kind.key}{SIDECAR}"
    assert [f"{V2}/"] == store.keys(beside)
    assert [MANIFEST, "sample.npz"] == store.keys(f"{beside}/{V2}")


def test_a_plain_folder_is_replaced_as_a_whole(store, work):
    kind = PlainFolder()
    kind.save(store, work, V1)
    (store.root / "cats/assets").mkdir()
    (store.root / "cats/assets/old.txt").write_text("old")
    kind.save(store, work, V2)
    assert ["saved_model.pb", "variables/"] == store.keys("cats")


@pytest.mark.parametrize("kind", KINDS[1:], ids=lambda kind: type(kind).__name__)
def test_a_plain_save_replaces_an_empty_folder(kind, store, work):
    (store.root / kind.key).mkdir(parents=True)
    kind.save(store, work, V1)
    assert V1 == check_whole(kind, store)


def test_a_plain_save_replaces_a_file_without_a_manifest(store, work):
    store.root.mkdir()
    (store.root / "cats.keras").write_bytes(b"by Keras")
    PlainFile().save(store, work, V1)
    assert V1 == check_whole(PlainFile(), store)


def test_when_the_new_folder_cannot_be_moved_to_its_path_the_old_one_is_moved_back(store, work):
    kind = PlainFolder()

    class Stuck(LocalStore):
        def move(self, key, to):
            if to == kind.key and V2 in key:
                raise REFUSED
            super().move(key, to)

    kind.save(store, work, V1)
    with pytest.raises(StoreError):
        kind.save(Stuck(store.root), work, V2)
    assert V1.encode() in (store.root / "cats/saved_model.pb").read_bytes()
    assert not store.keys(f"cats{SIDECAR}/{PREVIOUS}")


@pytest.mark.parametrize("kind", KINDS[1:], ids=lambda kind: type(kind).__name__)
def test_an_empty_folder_that_a_killed_process_left_does_no_harm(kind, store, work):
    kind.save(store, work, V1)
    (store.root / f"{kind.key}{SIDECAR}" / PREVIOUS).mkdir()
    kind.save(store, work, V2)
    assert V2 == check_whole(kind, store)


def test_the_folder_beside_a_plain_save_is_not_a_name(store, work):
    PlainFile().save(store, work, V1)
    save_version(store, work, V2)
    assert ["cats"] == names_of(store)
