"""Tag, delete and restore: what a version is afterwards, and what no failure may cost."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from colab_save.artifact.layout import Place, deletion_now
from colab_save.artifact.manifest import MANIFEST, Payload
from colab_save.custom_code.signing import is_own, signed
from colab_save.errors import DamagedFileError, NotFoundError, TargetError
from colab_save.progress import ignore_steps
from colab_save.stores.local import LocalStore
from colab_save.target import NEWEST
from colab_save.versions.curating import delete_version, restore_version, tag_version
from colab_save.versions.finding import contents_of
from colab_save.versions.listing import list_deleted
from colab_save.versions.packing import pack
from colab_save.versions.publishing import publish
from tests.making import V1, V2, V3, save_version, stage

NEW = "20260825T101530Z-0004"


@pytest.fixture
def store(own_folder, tmp_path):
    """The default store with three versions of cats; the second is tagged best."""
    made = LocalStore(own_folder / "models")
    for version in (V1, V2, V3):
        save_version(made, tmp_path, version, tags=("best",) if version == V2 else ())
    return made


def tags_in(store):
    return {manifest.version: manifest.tags for manifest in contents_of(store).manifests}


def test_a_tag_moves_from_the_version_that_had_it(store):
    tag_version(f"cats@{V1}", "best")
    assert {V1: ("best",), V2: (), V3: ()} == tags_in(store)


def test_tagging_replaces_all_tags_of_a_version(store):
    tag_version(f"cats@{V2}", ("small", "old"))
    assert ("small", "old") == tags_in(store)[V2]
    assert () == tag_version("cats@small", ()).manifest.tags


@pytest.mark.parametrize("tag", [NEWEST, "20260822", "a/b", ""])
def test_a_word_that_cannot_be_a_tag_changes_nothing(store, tag):
    with pytest.raises(TargetError, match="cannot be a tag"):
        tag_version("cats", ("fine", tag))
    assert {V1: (), V2: ("best",), V3: ()} == tags_in(store)


def test_a_version_that_this_user_signed_stays_signed(store, tmp_path):
    described = save_version(store, tmp_path, "20260825T101530Z-0004")
    own = signed(described)
    (store.root / "cats" / own.version / "manifest.json").write_text(own.to_json(), "utf-8")
    assert is_own(tag_version("cats", "best").manifest)


def test_a_tag_never_makes_another_users_code_ones_own(store):
    signed(contents_of(store).manifests[0])  # makes this user's key
    assert not is_own(tag_version("cats", "best").manifest)


def test_a_deleted_version_is_gone_and_the_one_before_it_is_the_newest(store):
    assert f"cats@{V3}" == delete_version("cats").target
    assert {V1, V2} == set(tags_in(store))
    assert f"cats@{V2}" == delete_version("cats").target


@pytest.mark.parametrize("change", [delete_version, lambda target: tag_version(target, "good")])
def test_a_change_of_a_name_with_a_newer_export_says_which_version_it_is(store, tmp_path, change):
    save_version(store, tmp_path, NEW, tags=("phone",), is_export=True)
    note = f"A newer version is an export, which the name alone does not mean: cats@{NEW} (keras)."
    changed = change("cats")
    assert (f"cats@{V3}", (note,)) == (changed.target, changed.notes)
    assert note in str(changed)
    assert ((), f"cats@{NEW}") == (change(f"cats@{V2}").notes, change("cats@phone").target)


def test_a_deleted_version_is_restored_as_it_was(store):
    before = contents_of(store)
    delete_version(f"cats@{V2}")
    assert f"cats@{V2}" == restore_version(f"cats@{V2}").target
    assert before == contents_of(store)


def test_without_a_version_the_newest_deleted_one_is_restored(store):
    delete_version(f"cats@{V1}")
    delete_version(f"cats@{V2}")
    assert f"cats@{V2}" == restore_version("cats").target


def test_a_deleted_version_is_restored_by_its_tag(store):
    delete_version("cats@best")
    delete_version("cats")
    assert f"cats@{V2}" == restore_version("cats@best").target


@pytest.mark.parametrize(
    ("target", "hint"),
    [
        (f"cats@{V1}", f"Did you mean '{V2}'?"),
        ("cats@bset", "Did you mean 'best'?"),
        ("cast", "Did you mean 'cats'"),
        ("dogs@x", "There is: cats."),
    ],
)
def test_a_version_that_was_not_deleted_cannot_be_restored(store, target, hint):
    delete_version("cats@best")
    with pytest.raises(NotFoundError, match=f"no deleted version '{target}'") as caught:
        restore_version(target)
    assert caught.value.hint.startswith(hint)


def test_where_nothing_is_deleted_the_hint_says_so_and_how_long_that_lasts(store):
    with pytest.raises(NotFoundError) as caught:
        restore_version("cats")
    assert "Nothing there is deleted; the files of a deleted version are removed after a day." == caught.value.hint


def test_the_hint_names_only_what_can_be_restored(store, tmp_path):
    save_version(store, tmp_path, V1, name="dogs")
    delete_version("dogs")
    with pytest.raises(NotFoundError) as caught:
        restore_version("cats")
    assert "There is: dogs." == caught.value.hint


def test_without_a_target_what_can_be_restored_is_listed(store):
    delete_version(f"cats@{V2}")
    assert (V2,) == tuple(item.version for item in restore_version().manifests)


def test_a_deleted_version_that_lacks_a_file_is_not_restored(store):
    delete_version("cats")
    (store.root / "cats" / V3 / "model.keras").unlink()
    with pytest.raises(NotFoundError, match=r"model\.keras is no longer in"):
        restore_version("cats")
    assert {V1, V2} == set(tags_in(store))


def test_a_version_with_a_packed_folder_is_restored(store, tmp_path):
    files = {"model/graph.pb": b"graph", "model/index": b"index", "sample.npz": b"sample"}
    folder, described = stage(tmp_path / "stage", files, version=NEW, payloads=(Payload("saved_model", "model"),))
    described = replace(described, packed=pack(folder, ["model"]))
    publish(store, Place.of_version("cats", NEW), folder, described, ignore_steps)
    delete_version("cats")
    assert f"cats@{NEW}" == restore_version("cats").target


def test_versions_that_can_be_restored_are_listed_newest_first(store, tmp_path):
    save_version(store, tmp_path, V1, name="dogs")
    for target in (f"cats@{V1}", f"cats@{V2}", "dogs"):
        delete_version(target)
    found = list_deleted()
    assert [("cats", V2), ("cats", V1), ("dogs", V1)] == [(item.name, item.version) for item in found.manifests]
    assert str(found).startswith("3 deleted versions in ")
    assert ["dogs"] == [item.name for item in list_deleted("d*").manifests]
    assert str(list_deleted("x")).startswith("No deleted version in ")


def test_a_report_says_what_was_done_and_how_to_undo_it(store):
    text = str(delete_version(f"cats@{V2}"))
    assert text.startswith(f"cats@{V2} is deleted; it can be restored for a day\n  where: ")
    assert text.endswith(f"restore it: restore cats@{V2}")
    assert str(restore_version("cats")).endswith(f"load it: load cats@{V2} name=model")
    assert "restore it" not in str(delete_version(f"cats@{V2}", for_good=True))
    assert f"cats@{V1} has the tags a, b" == str(tag_version(f"cats@{V1}", ("a", "b"))).splitlines()[0]


def test_a_report_is_short_in_python_and_a_card_in_a_notebook(store):
    change = delete_version("cats", source=str(store.root))
    assert 250 > len(repr(change))
    assert "manifest" not in repr(change)
    assert f"restore cats@{V3} source={store.root}" in change._repr_html_()


def test_deleting_for_good_removes_the_files(store):
    delete_version(f"cats@{V2}", for_good=True)
    assert not (store.root / "cats" / V2).exists()


@pytest.mark.parametrize("for_good", [False, True])
def test_a_damaged_version_can_be_deleted_by_its_id(store, for_good):
    (store.root / "cats" / V2 / MANIFEST).write_bytes(b"{")
    change = delete_version(f"cats@{V2}", for_good=for_good)
    manifests, damaged, _ = contents_of(store)
    assert ([V3, V1], ()) == ([manifest.version for manifest in manifests], damaged)
    assert not for_good or not (store.root / "cats" / V2).exists()
    assert ("cannot be restored" in str(change)) is not for_good


@pytest.mark.parametrize("target", ["cats", "cats@2026082", "cats@no-such-tag"])
def test_a_damaged_version_is_never_deleted_by_less_than_its_id(store, target):
    (store.root / "cats" / V3 / MANIFEST).write_bytes(b"{")
    with pytest.raises(DamagedFileError, match=V3) as caught:
        delete_version(target)
    assert "give its id, as in cats@ID" in caught.value.hint
    assert ([V2, V1], 1) == ([m.version for m in contents_of(store).manifests], len(contents_of(store).damaged))


def test_a_deleted_version_can_be_deleted_for_good(store):
    delete_version(f"cats@{V2}")
    delete_version(f"cats@{V2}", for_good=True)
    assert not (store.root / "cats" / V2).exists()
    assert {V1, V3} == set(tags_in(store))


@pytest.mark.parametrize(("days", "is_there"), [(0, True), (2, False)])
def test_a_save_removes_versions_deleted_more_than_a_day_ago(store, tmp_path, days, is_there):
    delete_version(f"cats@{V1}")
    [mark] = (store.root / "cats" / V1).glob("deleted-*")
    mark.rename(mark.with_name(deletion_now(datetime.now(UTC) - timedelta(days=days))))
    save_version(store, tmp_path, "20990101T000000Z-0001")
    assert is_there == (store.root / "cats" / V1).exists()


@pytest.mark.parametrize("ask", [delete_version, restore_version, lambda target: tag_version(target, "best")])
def test_a_path_has_no_versions(ask):
    with pytest.raises(TargetError, match="is a path"):
        ask("./cats.keras")


@pytest.mark.parametrize("ask", [delete_version, lambda target: tag_version(target, "best")])
def test_a_name_that_is_not_there_is_an_error_with_a_hint(store, ask):
    with pytest.raises(NotFoundError, match="Did you mean 'cats'"):
        ask("cast")
