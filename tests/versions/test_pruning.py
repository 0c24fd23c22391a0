"""Retention: which versions are kept, and that no failure while removing the others costs one of them."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colab_save.artifact.metrics import Best
from colab_save.artifact.round_trip import Aspect, Outcome, RoundTrip, Verdict
from colab_save.errors import NotFoundError, RequestError, StoreError
from colab_save.request.request import SaveRequest
from colab_save.stores.local import LocalStore
from colab_save.versions.curating import delete_version, tag_version
from colab_save.versions.finding import contents_of
from colab_save.versions.pruning import Retention, prune, superseded
from tests.faulty_stores import FaultyMemoryStore, MemoryStore, SlowMemoryStore
from tests.making import V1, V2, V3, manifest, save_version

V4, V5 = "20260825T101530Z-0004", "20260826T101530Z-0005"
REFUSED = StoreError("Refused.", "Try again.")


def trip(outcome):
    return RoundTrip("keras", {Aspect.OUTPUTS: Verdict(outcome)})


PLAIN = manifest(tags=(), metrics={}, round_trips=(trip(Outcome.PASSED),))


# --- the rule ---


@st.composite
def histories(draw):
    """Versions of one name, a rule, the version that was just saved, and the versions whose upload is known."""
    is_export = draw(st.booleans())
    versions = [f"202608{day:02}T101530Z-0000" for day in range(1, draw(st.integers(1, 9)) + 1)]
    found = [
        replace(
            PLAIN,
            version=version,
            tags=draw(st.sampled_from([(), (), ("best",)])),
            metrics=draw(st.sampled_from([{}, {"loss": 0.5}, {"loss": 0.1, "auc": 0.9}, {"auc": float("nan")}])),
            round_trips=(trip(draw(st.sampled_from([Outcome.PASSED, Outcome.SKIPPED, Outcome.FAILED]))),),
            is_partial=draw(st.booleans()),
            is_export=is_export,
        )
        for version in versions
    ]
    best = draw(st.sampled_from([None, Best.parse("loss"), Best.parse("auc"), Best.parse("max:loss")]))
    rule = Retention(draw(st.integers(1, 4)), best)
    safe = draw(st.sets(st.sampled_from(versions)) | st.just(set(versions)))
    return draw(st.permutations(found)), rule, draw(st.sampled_from(versions)), safe


def pruned(history):
    found, rule, committed, safe = history
    gone = superseded(found, rule, committed, lambda item: item.version in safe)
    return gone, [item for item in found if item not in gone]


def newest(found):
    return max((item.version for item in found), default=None)


@given(histories())
def test_what_the_rule_keeps_stays(history):
    gone, kept = pruned(history)
    found, rule, committed, _ = history
    versions = sorted((item.version for item in kept), reverse=True)
    assert committed in versions
    assert sorted((item.version for item in found), reverse=True)[: rule.newest] == versions[: rule.newest]
    assert [] == [item for item in gone if item.tags or item.version > committed]
    if rule.best:
        ranks = [rule.best.rank(item.metrics) for item in kept]
        assert max(ranks) == max(rule.best.rank(item.metrics) for item in found)


@given(histories())
def test_the_last_good_version_stays_and_one_whose_upload_is_known(history):
    _, kept = pruned(history)
    found, _, committed, safe = history
    for outcome in (Outcome.PASSED, Outcome.PARTIAL, Outcome.SKIPPED):
        if good := newest(item for item in found if item.outcome is outcome):
            assert good in {item.version for item in kept}
            break
    if safe:
        assert safe & {item.version for item in kept}
    elif len(found) > 1:
        assert [item for item in kept if item.version != committed]


def test_the_newest_version_that_passed_stays_however_many_were_saved_in_part_after_it():
    found = [replace(PLAIN, version=V1), *(replace(PLAIN, version=v, is_partial=True) for v in (V2, V3, V4, V5))]
    gone = superseded(found, Retention(2), V5, lambda item: True)
    assert [V2, V3] == [item.version for item in gone]


@given(histories())
def test_all_other_versions_are_pruned_oldest_first(history):
    gone, _ = pruned(history)
    found, rule, committed, _ = history
    gone_if_safe = superseded(found, rule, committed, lambda item: True)
    assert sorted(gone, key=lambda item: item.version) == list(gone)
    if rule.best and not any(rule.best.metric in item.metrics for item in found):
        assert () == gone
        return
    best = max(rule.best.rank(item.metrics) for item in found) if rule.best else None
    newest_ones = sorted((item.version for item in found), reverse=True)[: rule.newest]
    for item in set_aside(found, gone_if_safe):
        assert (
            item.version in {committed, *newest_ones}
            or item.tags
            or item.version > committed
            or (rule.best and rule.best.rank(item.metrics) == best)
            or item.version == newest(other for other in found if other.outcome is item.outcome)
        )


def set_aside(found, gone):
    return [item for item in found if item not in gone]


@given(histories())
def test_pruning_again_prunes_nothing(history):
    _, kept = pruned(history)
    assert () == pruned((kept, *history[1:]))[0]


@given(histories(), histories())
def test_models_and_exports_are_counted_apart(history, other):
    found, rule, committed, safe = history
    others = [replace(item, version=f"{item.version[:-4]}ffff", is_export=not found[0].is_export) for item in other[0]]
    both = ([*others, *found], rule, committed, safe | {item.version for item in others})
    assert pruned(history)[0] == pruned(both)[0]


@pytest.mark.parametrize(
    ("keep", "keep_best", "expected"),
    [
        (None, None, None),
        (0, None, None),
        (0, "val_loss", None),
        (3, None, Retention(3)),
        (None, "val_loss", Retention(1, Best("val_loss", is_rising=False))),
        (2, "max:score", Retention(2, Best("score", is_rising=True))),
    ],
)
def test_a_request_makes_a_rule(keep, keep_best, expected):
    assert expected == Retention.of(keep, keep_best)


@pytest.mark.parametrize(
    "fields", [{"keep": -1}, {"keep": True}, {"keep": 1.0}, {"keep_best": ""}, {"keep_best": "max:"}, {"keep_best": 1}]
)
def test_an_invalid_rule_is_refused(fields):
    with pytest.raises(RequestError, match="keep"):
        SaveRequest(object(), "cats", **fields)


def test_a_path_has_no_versions_to_keep():
    with pytest.raises(RequestError, match="without versions"):
        SaveRequest(object(), "./cats.keras", keep=3)


# --- in a store ---


@pytest.fixture
def store(tmp_path):
    """A folder with three versions of cats."""
    made = LocalStore(tmp_path / "store")
    for version, loss in ((V1, 0.1), (V2, 0.3), (V3, 0.2)):
        save_version(made, tmp_path, version, tags=(), metrics={"loss": loss})
    return made


def versions(store):
    return sorted(item.version for item in contents_of(store).manifests)


def last(store):
    return contents_of(store).manifests[0]


def test_older_versions_go_and_leave_nothing_behind(store):
    found = prune(store, last(store), Retention(1))
    assert ((V1, V2), ()) == (found.versions, found.notes)
    assert [f"{V3}/"] == store.keys("cats")


def test_an_export_removes_older_exports_and_no_model(store, tmp_path):
    for version in (V4, V5):
        newest = save_version(store, tmp_path, version, tags=(), metrics={"loss": 0.0}, is_export=True)
    assert (V4,) == prune(store, newest, Retention(1, Best.parse("loss"))).versions
    assert [V1, V2, V3, V5] == versions(store)


def test_a_model_removes_older_models_and_no_export(store, tmp_path):
    save_version(store, tmp_path, V4, tags=(), metrics={"loss": 0.0}, is_export=True)
    newest = save_version(store, tmp_path, V5, tags=(), metrics={"loss": 0.2})
    assert (V2, V3) == prune(store, newest, Retention(1, Best.parse("loss"))).versions
    assert [V1, V4, V5] == versions(store)


def test_without_a_rule_everything_stays(store):
    assert () == prune(store, last(store), None).versions
    assert [V1, V2, V3] == versions(store)


def test_the_best_stays_however_old_it_is(store):
    prune(store, last(store), Retention(1, Best.parse("loss")))
    assert [V1, V3] == versions(store)


def test_a_misspelt_metric_removes_nothing_and_is_a_note(store):
    found = prune(store, last(store), Retention(1, Best.parse("lost")))
    assert ((), ("This version has no metric 'lost', by which the best one is kept. Did you mean 'loss'?",)) == (
        found.versions,
        found.notes,
    )


def test_deleted_damaged_and_unfinished_versions_are_neither_counted_nor_pruned(store, tmp_path, own_folder):
    there = LocalStore(own_folder / "models")
    for version in (V1, V2, V3, V4):
        save_version(there, tmp_path, version, tags=())
    delete_version(f"cats@{V1}")
    (there.root / "cats" / V2 / "manifest.json").write_text("{}")
    (there.root / "cats" / "20990101T000000Z-0000").mkdir()
    assert () == prune(there, contents_of(there).manifests[0], Retention(2)).versions
    assert [f"{V1}/", f"{V2}/", f"{V3}/", f"{V4}/", "20990101T000000Z-0000/"] == there.keys("cats")


def test_another_name_is_left_alone(store, tmp_path):
    save_version(store, tmp_path, V1, name="dogs", tags=())
    prune(store, last(store), Retention(1))
    assert [V1] == [item.version for item in contents_of(store, "dogs").manifests]


def test_a_version_that_is_tagged_meanwhile_stays(own_folder, tmp_path):
    class Tagging(LocalStore):
        """Somebody tags the first version, just before it would be removed."""

        def upload_state(self, keys):
            tag_version(f"cats@{V1}", "best")
            return super().upload_state(keys)

    there = Tagging(own_folder / "models")
    for version in (V1, V2, V3):
        save_version(there, tmp_path, version, tags=())
    assert (V2,) == prune(there, contents_of(there).manifests[0], Retention(1)).versions
    assert [V1, V3] == versions(there)


@pytest.mark.parametrize(
    ("uploaded", "expected"),
    [((), [V3, V4]), ((V1,), [V1, V4]), ((V1, V2), [V2, V4]), ((V1, V4), [V4])],
    ids=["unknown", "first", "two", "newest"],
)
def test_until_the_newest_is_uploaded_an_uploaded_one_stays(tmp_path, uploaded, expected):
    slow = SlowMemoryStore()
    for version in (V1, V2, V3, V4):
        save_version(slow, tmp_path, version, tags=())
    slow.uploaded = tuple(f"cats/{version}/" for version in uploaded)
    prune(slow, last(slow), Retention(1))
    assert expected == versions(slow)


def test_the_manifest_is_renamed_before_files_are_removed(tmp_path):
    there = FaultyMemoryStore()
    for version in (V1, V2):
        save_version(there, tmp_path, version, tags=())
    there.arm()
    prune(there, last(there), Retention(1))
    changing = [call for call in there.calls if call[0] in {"move", "delete_folder"}]
    assert [("move", f"cats/{V1}/manifest.json"), ("delete_folder", f"cats/{V1}")] == changing


@pytest.mark.parametrize(("is_late", "for_ever"), [(False, False), (True, False), (True, True)])
def test_a_failure_at_any_call_is_a_note_and_costs_nothing(tmp_path, is_late, for_ever):
    number, noted, with_three = 0, 0, MemoryStore()
    for version in (V1, V2, V3):
        save_version(with_three, tmp_path, version, tags=())
    while True:
        there = FaultyMemoryStore()
        there.content = dict(with_three.content)
        newest_one = last(there)
        there.arm(number, REFUSED, is_late=is_late, for_ever=for_ever)
        noted += bool(prune(there, newest_one, Retention(1)).notes)
        made = len(there.calls)
        there.disarm()
        found, damaged, _ = contents_of(there)
        assert (V3, ()) == (found[0].version, damaged)
        for item in found:
            for file in item.files:
                there.check(f"cats/{item.version}/{file.path}", file.size, file.sha256)
        if number >= made:
            break
        number += 1
    assert number > 8
    assert noted > 4


def test_two_notebooks_that_prune_at_once_keep_what_the_rule_keeps(tmp_path):
    there = LocalStore(tmp_path / "store")
    saved = [f"20990101T0000{second:02}Z-0000" for second in range(24)]  # too new for anybody's sweep
    failed = []

    def save(own):
        for version in own:
            try:
                described = save_version(there, tmp_path / version, version, tags=())
            except NotFoundError:  # three newer ones are there already, and their writer has pruned this one
                continue
            failed.extend(prune(there, described, Retention(3)).notes)

    threads = [threading.Thread(target=save, args=(saved[start::4],)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [] == failed
    assert saved[-3:] == versions(there)[-3:]


def test_a_store_without_the_name_has_nothing_to_prune():
    assert () == prune(MemoryStore(), PLAIN, Retention(1)).versions
