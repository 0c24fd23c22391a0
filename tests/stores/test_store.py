"""What a store inherits from its base class; what every store does is in tests/stores/contract.py."""

from __future__ import annotations

import hashlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colab_save.disk import CHUNK
from colab_save.errors import DigestError, NotFoundError, TargetError
from colab_save.stores.base import check_key, expect
from tests.faulty_stores import MemoryStore


@pytest.fixture
def store():
    store = MemoryStore()
    store.content = {"file": b"file", "folder/a": b"a", "folder/b/c": b"c", "folder.x/d": b"d"}
    return store


def test_a_file_is_moved(store):
    store.move("file", "else/where")
    assert {"folder/a": b"a", "folder/b/c": b"c", "folder.x/d": b"d", "else/where": b"file"} == store.content


def test_a_folder_is_moved_with_all_that_is_in_it(store):
    store.move("folder", "new")
    assert {"file": b"file", "new/a": b"a", "new/b/c": b"c", "folder.x/d": b"d"} == store.content


def test_what_is_not_there_is_not_moved(store):
    with pytest.raises(NotFoundError):
        store.move("nothing", "new")
    assert 4 == len(store.content)


def test_a_large_file_is_moved_whole(store):
    content = bytes(range(256)) * (CHUNK // 128)
    store.content["large"] = content
    store.move("large", "moved")
    assert content == store.content["moved"]


@pytest.mark.parametrize(
    ("key", "expected"),
    [("file", True), ("folder", True), ("folder/b", True), ("folder/a", True), ("fold", False), ("", True)],
)
def test_it_knows_whether_it_has_a_file_or_a_folder(store, key, expected):
    assert expected is store.has(key)


def test_a_walk_lists_every_key(store):
    assert sorted(store.content) == sorted(store.walk(""))
    assert ["folder/a", "folder/b/c"] == store.walk("folder")


def test_a_folder_is_deleted_and_nothing_beside_it(store):
    store.delete_folder("folder")
    assert {"file", "folder.x/d"} == set(store.content)


def test_a_digest_reports_its_bytes(store):
    seen = []
    assert (4, hashlib.sha256(b"file").hexdigest()) == store.digest("file", seen.append)
    assert 4 == sum(seen)


@pytest.mark.parametrize(
    ("size", "content", "words"), [(5, b"file", "4 bytes, expected 5"), (4, b"fine", "digest .*, expected ")]
)
def test_a_key_with_other_bytes_is_refused_in_words(store, size, content, words):
    with pytest.raises(DigestError, match=f"memory/file is not what was saved: {words}"):
        store.check("file", size, hashlib.sha256(content).hexdigest())


def test_bytes_that_are_what_was_saved_are_accepted():
    assert expect("there", 3, "abc", 3, "abc") is None


@given(st.text(max_size=10) | st.text("./\\\0a", max_size=6))
def test_a_key_stays_in_its_store_or_is_refused(key):
    try:
        parts = check_key(key).parts
    except TargetError:
        return
    assert parts
    assert not {"..", "/"} & set(parts)


def test_a_stream_is_closed_after_reading(store):
    class Watched(MemoryStore):
        def get(self, key):
            self.stream = io.BytesIO(b"watched")
            return self.stream

    watched = Watched()
    assert b"watched" == watched.read("key")
    assert watched.stream.closed
