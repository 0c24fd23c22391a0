"""Tags, deleting and bringing back: what a version is afterwards, and what no failure may cost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from colab_save.curating import delete_version, restore_version, tag_version
from colab_save.errors import NotFoundError, TargetError
from colab_save.finding import list_versions
from colab_save.place import deletion_now
from colab_save.stores.local import LocalStore
from colab_save.target import NEWEST
from colab_save.trusting import is_own, signed
from tests.making import V1, V2, V3, save_version


@pytest.fixture
def store(own_folder, tmp_path):
    """The default store with three versions of cats; the second is tagged best."""
    made = LocalStore(own_folder / "models")
    for version in (V1, V2, V3):
        save_version(made, tmp_path, version, tags=("best",) if version == V2 else ())
    return made


def tags_in(store):
    return {manifest.version: manifest.tags for manifest in list_versions(store)[0]}


def test_a_tag_moves_from_the_version_that_had_it(store):
    tag_version(f"cats@{V1}", "best")
    assert {V1: ("best",), V2: (), V3: ()} == tags_in(store)


def test_the_tags_given_are_all_that_a_version_has(store):
    tag_version(f"cats@{V2}", ("small", "old"))
    assert ("small", "old") == tags_in(store)[V2]
    assert () == tag_version("cats@small", ()).tags


@pytest.mark.parametrize("tag", [NEWEST, "20260822", "a/b", ""])
def test_a_word_that_cannot_be_a_tag_changes_nothing(store, tag):
    with pytest.raises(TargetError):
        tag_version("cats", ("fine", tag))
    assert {V1: (), V2: ("best",), V3: ()} == tags_in(store)


def test_what_this_user_signed_stays_signed(store, tmp_path):
    described = save_version(store, tmp_path, "20260825T101530Z-0004")
    own = signed(described)
    (store.root / "cats" / own.version / "manifest.json").write_text(own.to_json(), "utf-8")
    assert is_own(tag_version("cats", "best"))


def test_a_tag_never_makes_another_users_code_ones_own(store):
    signed(list_versions(store)[0][0])  # makes this user's key
    assert not is_own(tag_version("cats", "best"))


def test_a_deleted_version_is_gone_and_the_one_before_it_is_the_newest(store):
    assert V3 == delete_version("cats").version
    assert {V1, V2} == set(tags_in(store))
    assert V2 == delete_version("cats").version


def test_a_deleted_version_comes_back_as_it_was(store):
    before = list_versions(store)
    delete_version(f"cats@{V2}")
    assert V2 == restore_version(f"cats@{V2}").version
    assert before == list_versions(store)


def test_without_a_version_the_newest_deleted_one_comes_back(store):
    delete_version(f"cats@{V1}")
    delete_version(f"cats@{V2}")
    assert V2 == restore_version("cats").version


def test_what_was_not_deleted_cannot_come_back(store):
    with pytest.raises(NotFoundError, match="no deleted version 'cats@20260822"):
        restore_version(f"cats@{V1}")


def test_deleting_for_good_frees_the_room(store):
    delete_version(f"cats@{V2}", for_good=True)
    assert not (store.root / "cats" / V2).exists()


def test_what_is_deleted_already_can_be_deleted_for_good(store):
    delete_version(f"cats@{V2}")
    delete_version(f"cats@{V2}", for_good=True)
    assert not (store.root / "cats" / V2).exists()
    assert {V1, V3} == set(tags_in(store))


@pytest.mark.parametrize(("days", "is_there"), [(0, True), (2, False)])
def test_a_save_removes_what_was_deleted_more_than_a_day_ago(store, tmp_path, days, is_there):
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
