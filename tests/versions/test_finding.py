from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from colab_save.artifact.layout import Place, deletion_now
from colab_save.artifact.manifest import MANIFEST
from colab_save.errors import (
    DamagedFileError,
    DigestError,
    NotFoundError,
    StoreError,
    UnknownNameError,
    UnsafeFileError,
)
from colab_save.progress import Stage, ignore_steps
from colab_save.stores.local import LocalStore
from colab_save.target import Target
from colab_save.versions.fetching import fetch
from colab_save.versions.finding import contents_of, exports_in_words, find, find_latest, names_of, versions_of
from tests.faulty_stores import FaultyMemoryStore, MemoryStore
from tests.making import V1, V2, V3, save_version

V4, V5 = "20260825T101530Z-0004", "20260826T101530Z-0005"
PAYLOAD = {"model.keras": b"model", "sample.npz": b"sample"}


@pytest.fixture
def work(tmp_path):
    return tmp_path / "work"


@pytest.fixture
def store(work):
    """Three versions of cats, the first and the second tagged best, the second also old."""
    store = FaultyMemoryStore()
    save_version(store, work, V1, tags=("best",))
    save_version(store, work, V2, tags=("best", "old"))
    save_version(store, work, V3, tags=())
    return store


def version_of(store, text):
    place, manifest = find(store, Target.parse(text))
    assert Place.of_version("cats", manifest.version) == place
    return manifest.version


def damage(store, version, content=b"{", name="cats"):
    store.content[f"{name}/{version}/{MANIFEST}"] = content


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cats", V3),
        ("cats@latest", V3),
        ("cats@best", V2),
        ("cats@old", V2),
        (f"cats@{V1}", V1),
        ("cats@20260822", V1),
        (f"cats@{V3[:9]}", V3),
    ],
)
def test_a_target_finds_its_version(store, text, expected):
    assert expected == version_of(store, text)


@pytest.fixture
def exported(store, work):
    """The same with two newer exports, the first tagged phone."""
    save_version(store, work, V4, tags=("phone",), is_export=True)
    save_version(store, work, V5, tags=(), is_export=True)
    return store


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cats", V3),
        ("cats@latest", V3),
        ("cats@best", V2),
        ("cats@phone", V4),
        (f"cats@{V5}", V5),
        (f"cats@{V5[:8]}", V5),
    ],
)
def test_an_export_is_found_by_tag_and_version_only(exported, text, expected):
    assert expected == version_of(exported, text)


def test_the_newest_of_a_name_with_exports_only_is_the_newest_export(work):
    store = MemoryStore()
    save_version(store, work, V1, is_export=True)
    save_version(store, work, V2, is_export=True)
    assert V2 == version_of(store, "cats")


def test_no_more_manifests_are_read_than_those_of_newer_exports(exported):
    exported.arm()
    find(exported, Target("cats"))
    assert [f"cats/{version}/{MANIFEST}" for version in (V5, V4, V3)] == [
        call[1] for call in exported.calls if call[0] == "get"
    ]


def test_the_newer_exports_are_named_with_their_formats(exported):
    latest = find_latest(exported, Target("cats"))
    assert [V5, V4] == [manifest.version for manifest in latest.exports]
    assert (
        f"2 newer versions are exports, which the name alone does not mean: cats@{V5} (keras), cats@{V4} (keras)."
        == exports_in_words(latest.exports)
    )


def test_exports_that_are_older_are_not_news(exported, work):
    save_version(exported, work, "20260829T101530Z-0006")
    assert () == find_latest(exported, Target("cats")).exports
    assert "" == exports_in_words(())


@pytest.mark.parametrize("beginning", ["2", "2026", "202608"])
def test_a_prefix_of_several_versions_is_refused_with_all_of_them(store, beginning):
    with pytest.raises(UnknownNameError, match=f"cats@{beginning} matches 3 versions: {V3}, {V2}, {V1}"):
        find(store, Target("cats", beginning))


def test_more_versions_than_a_message_names_are_told_by_an_ellipsis(store, tmp_path):
    for number in (4, 5):
        save_version(store, tmp_path, f"2026082{number + 1}T101530Z-000{number}")
    with pytest.raises(UnknownNameError, match=f"matches 5 versions: .*, {V2}, …\\."):
        find(store, Target("cats", "2026"))


@pytest.mark.parametrize(
    ("selector", "hint"), [("bset", "'best'"), ("20260821T", V1[:8]), ("nothing like it", "There is: ")]
)
def test_for_an_unknown_selector_the_hint_names_what_there_is(store, selector, hint):
    with pytest.raises(UnknownNameError, match=selector) as caught:
        find(store, Target("cats", selector))
    assert hint in caught.value.hint


def test_for_an_unknown_name_the_hint_names_the_nearest(store):
    with pytest.raises(NotFoundError, match="'cast'") as caught:
        find(store, Target("cast"))
    assert "Did you mean 'cats'?" == caught.value.hint


def test_an_empty_store_says_so():
    with pytest.raises(NotFoundError) as caught:
        find(MemoryStore(), Target("cats"))
    assert "Nothing has been saved there yet" in caught.value.hint


def test_a_name_with_unfinished_versions_only_is_not_found(store):
    store.content[f"dogs/{V1}/model.keras"] = b"half"
    with pytest.raises(NotFoundError, match="'dogs'"):
        find(store, Target("dogs"))


def test_an_unfinished_version_is_never_the_newest(store):
    store.content["cats/20990101T000000Z-0000/model.keras"] = b"half"
    assert V3 == version_of(store, "cats")


def test_an_unfinished_version_does_not_make_a_prefix_ambiguous(store):
    store.content[f"cats/{V1[:-4]}ffff/model.keras"] = b"half"
    assert V1 == version_of(store, f"cats@{V1[:8]}")


def test_only_versions_are_listed(store):
    store.content["cats/notes/mine.txt"] = store.content["cats/file"] = b"mine"
    assert [V1, V2, V3] == versions_of(store, "cats")


def test_only_the_newest_manifest_is_read_for_the_newest(store):
    store.arm()
    find(store, Target("cats"))
    assert [("get", f"cats/{V3}/{MANIFEST}")] == [call for call in store.calls if call[0] == "get"]


def test_a_damaged_newest_manifest_is_an_error_and_not_passed_over(store):
    damage(store, V3)
    with pytest.raises(DamagedFileError, match=V3):
        find(store, Target("cats"))


def test_another_version_is_found_beside_a_damaged_one(store):
    damage(store, V3)
    assert V1 == version_of(store, f"cats@{V1}")


def test_a_tag_is_found_beside_a_damaged_version(store):
    damage(store, V3)
    assert V2 == version_of(store, "cats@best")


def test_for_a_tag_that_only_a_damaged_version_may_have_the_error_is_the_damage(store):
    damage(store, V3)
    with pytest.raises(DamagedFileError, match=V3):
        find(store, Target("cats", "lost"))


def test_a_damaged_manifest_of_another_name_does_not_hide_what_is_wrong(store):
    damage(store, V1, name="dogs")
    with pytest.raises(NotFoundError, match="'cast'"):
        find(store, Target("cast"))


def test_a_manifest_of_another_version_is_damaged(store):
    damage(store, V3, store.content[f"cats/{V1}/{MANIFEST}"])
    with pytest.raises(DamagedFileError, match=f"belongs to the version {V1}"):
        find(store, Target("cats"))


def test_a_listing_names_what_it_cannot_read_and_shows_the_rest(store):
    damage(store, V2)
    hostile = json.loads(store.content[f"cats/{V3}/{MANIFEST}"])
    hostile["files"][0]["path"] = "../../key"
    damage(store, V3, json.dumps(hostile).encode())
    manifests, damaged, _ = contents_of(store)
    assert [V1] == [manifest.version for manifest in manifests]
    assert [True, True] == [version in words for version, words in zip((V2, V3), damaged, strict=True)]


def test_unfinished_versions_are_listed_and_deleted_ones_are_not(store):
    del store.content[f"cats/{V2}/{MANIFEST}"]
    store.move(f"cats/{V3}/{MANIFEST}", f"cats/{V3}/{deletion_now(datetime.now(UTC))}")
    contents = contents_of(store)
    assert ([V1], (f"cats/{V2}",)) == ([manifest.version for manifest in contents.manifests], contents.unfinished)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*", ["dogs", "cats"]),
        ("c*", ["cats"]),
        ("?ogs", ["dogs"]),
        ("[dc]*s", ["dogs", "cats"]),
        ("CATS", []),
        ("x", []),
    ],
)
def test_a_pattern_chooses_names(work, pattern, expected):
    store = MemoryStore()
    save_version(store, work, V1, name="cats")
    save_version(store, work, V2, name="dogs")
    assert expected == [manifest.name for manifest in contents_of(store, pattern).manifests]


def test_hidden_folders_and_files_are_not_names(store):
    store.content[".cache/x"] = store.content["file.txt"] = b"mine"
    assert ["cats"] == names_of(store)


def fetched(store, cache, paths=("model.keras", "sample.npz"), on_step=ignore_steps):
    place, manifest = find(store, Target("cats"))
    return fetch(store, place, manifest, list(paths), cache, on_step)


def files_in(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def one(work):
    """A store without local paths and one version in it."""
    store = FaultyMemoryStore()
    save_version(store, work, V1, PAYLOAD)
    return store


def test_what_is_fetched_is_what_was_saved(one, tmp_path):
    found = fetched(one, tmp_path / "cache")
    assert PAYLOAD == {path: local.read_bytes() for path, local in found.items()}


def test_only_what_is_wanted_is_fetched(one, tmp_path):
    fetched(one, tmp_path / "cache", ["sample.npz"])
    assert {"sample.npz"} == files_in(tmp_path / "cache")


def test_a_folder_is_fetched_with_all_that_is_in_it(work, tmp_path):
    store = MemoryStore()
    save_version(store, work, V1, {"saved_model/a.pb": b"a", "saved_model/variables/b": b"b", "saved_model_2": b"c"})
    found = fetched(store, tmp_path / "cache", ["saved_model"])
    assert tmp_path / "cache/saved_model" == found["saved_model"]
    assert {"saved_model/a.pb", "saved_model/variables/b"} == files_in(tmp_path / "cache")


def test_fetching_reports_the_bytes(one, tmp_path):
    steps = []
    fetched(one, tmp_path / "cache", on_step=steps.append)
    assert [(Stage.FETCH, 5, 11), (Stage.FETCH, 11, 11)] == [(step.stage, step.done, step.total) for step in steps]


def test_a_cached_copy_is_used_again(one, tmp_path):
    fetched(one, tmp_path / "cache")
    one.arm()
    fetched(one, tmp_path / "cache")
    assert [] == [key for name, key in one.calls if name == "get" and not key.endswith(MANIFEST)]


@pytest.mark.parametrize("content", [b"", b"mode1", b"model and more"], ids=["cut", "flipped", "longer"])
def test_a_damaged_cached_copy_is_fetched_again(one, tmp_path, content):
    fetched(one, tmp_path / "cache")
    (tmp_path / "cache/model.keras").write_bytes(content)
    assert b"model" == fetched(one, tmp_path / "cache")["model.keras"].read_bytes()


@pytest.mark.parametrize("content", [b"", b"mode1", b"model and more"], ids=["cut", "flipped", "longer"])
def test_a_file_that_is_not_what_was_saved_is_refused_and_not_cached(one, tmp_path, content):
    one.content[f"cats/{V1}/model.keras"] = content
    with pytest.raises(DigestError, match=r"model\.keras is not what was saved"):
        fetched(one, tmp_path / "cache")
    assert set() == files_in(tmp_path / "cache")


def test_a_missing_file_is_not_what_was_saved(one, tmp_path):
    one.delete(f"cats/{V1}/model.keras")
    with pytest.raises(DigestError, match=r"model\.keras is missing"):
        fetched(one, tmp_path / "cache")


def test_a_fetch_that_is_interrupted_leaves_nothing_half(one, tmp_path):
    one.arm()
    fetched(one, tmp_path / "warm")
    for number in range(len(one.calls)):
        one.arm(number, KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            fetched(one, tmp_path / str(number))
        one.disarm()
        cached = {name: (tmp_path / str(number) / name).read_bytes() for name in files_in(tmp_path / str(number))}
        assert cached.items() <= PAYLOAD.items()


def test_a_cache_that_cannot_be_written_is_a_store_error(one, tmp_path):
    (tmp_path / "cache").write_text("a file where the cache should be")
    with pytest.raises(StoreError, match="cache"):
        fetched(one, tmp_path / "cache")


def test_on_a_local_disk_nothing_is_copied(work, tmp_path):
    store = LocalStore(tmp_path / "store")
    save_version(store, work, V1, PAYLOAD)
    found = fetched(store, tmp_path / "cache")
    assert tmp_path / f"store/cats/{V1}/model.keras" == found["model.keras"]
    assert not (tmp_path / "cache").exists()


def test_on_a_local_disk_digests_are_matched_too(work, tmp_path):
    store = LocalStore(tmp_path / "store")
    save_version(store, work, V1, PAYLOAD)
    (tmp_path / f"store/cats/{V1}/model.keras").write_bytes(b"mode1")
    with pytest.raises(DigestError):
        fetched(store, tmp_path / "cache")


def test_a_hostile_manifest_never_reaches_a_file_outside(tmp_path, work):
    store = LocalStore(tmp_path / "store")
    save_version(store, work, V1, PAYLOAD)
    (tmp_path / "secret").write_bytes(b"model")
    file = tmp_path / f"store/cats/{V1}/{MANIFEST}"
    for path in ("../../../secret", str(tmp_path / "secret"), "a/../../../../secret"):
        value = json.loads(file.read_text())
        value["files"][0]["path"] = value["payloads"][0]["path"] = path
        (tmp_path / "hostile").write_text(json.dumps(value))
        store.put(f"cats/{V2}/{MANIFEST}", tmp_path / "hostile", lambda count: None)
        with pytest.raises(UnsafeFileError):
            find(store, Target("cats"))
