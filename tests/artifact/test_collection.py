from __future__ import annotations

import collections
import json
import string
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from colab_save.artifact.collection import (
    ARRAYS,
    TREE,
    Collection,
    compare_collections,
    read_collection,
    write_collection,
)
from colab_save.collections.joining import check_into, join, put_into
from colab_save.collections.splitting import collection_of, divide
from colab_save.errors import DamagedFileError, RequestError, UnsupportedError

plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec="utf-8"), max_size=5)
arrays = st.sampled_from(
    [np.arange(6).reshape(2, 3), np.zeros(3, "float16"), np.array(["a", "büc", ""]), np.array([b"x\0", b""]),
     np.array(1.5), np.array([True]), np.array([], "complex64"), np.array(["2026-08-22"], "datetime64[D]")]
)  # fmt: skip
keys = st.text(string.ascii_letters, max_size=4) | st.integers() | st.tuples(st.integers(), st.booleans())
values = st.recursive(
    plain | arrays | st.builds(np.float32, st.floats(width=32)),
    lambda below: (
        st.lists(below, max_size=3)
        | st.lists(below, max_size=3).map(tuple)
        | st.builds(collections.deque, st.lists(below, max_size=3), st.just(4))
        | st.dictionaries(keys, below, max_size=3)
        | st.sets(st.integers() | st.text(string.ascii_letters), max_size=3)
    ),
    max_leaves=8,
)


def holding(value):
    """Return a collection without models, which `divide` itself refuses."""
    return collection_of({"it": value})


@given(values)
def test_a_collection_is_written_read_and_rebuilt(tmp_path_factory, value):
    folder = tmp_path_factory.mktemp("collection")
    before = holding(value)
    write_collection(folder, before)
    after = read_collection(folder)
    assert [] == compare_collections(before, after)
    assert [] == compare_collections(before, holding(join(after, {}, {})["it"]))
    assert () == before.lost + before.notes


def test_a_replay_buffer_of_many_small_arrays_is_two_files_of_few_entries(tmp_path):
    buffer = collections.deque([(np.full(4, i, "float32"), i % 3, 0.5, i == 9) for i in range(2000)], maxlen=2000)
    write_collection(tmp_path, holding(buffer))
    assert 2 == len(np.load(tmp_path / ARRAYS).files)
    again = join(read_collection(tmp_path), {}, {})["it"]
    assert (2000, 7.0, (1, 0.5, False)) == (again.maxlen, float(again[7][0][3]), again[7][1:])


class Memory:
    def __init__(self):
        self.items, self.draw = [1, 2], lambda: 3


class Agent:
    def __init__(self):
        self.epsilon, self.memory, self.me = 0.5, Memory(), self


def test_a_value_that_cannot_be_saved_is_named():
    endless = [Agent()]
    endless.append(endless)
    found = holding(endless)
    assert ["it.0.memory.draw is a function", "it.1 contains itself"] == [
        lost.partition(",")[0].partition(" (")[0] for lost in found.lost
    ]


def test_an_object_that_refers_to_itself_comes_back_so():
    back = join(holding(Agent()), {}, {"Agent": Agent, "Memory": Memory})["it"]
    assert (True, 0.5, [1, 2]) == (back.me is back, back.epsilon, back.memory.items)


def test_only_a_class_of_the_users_is_made():
    with pytest.raises(DamagedFileError, match="Agent is no class of the user's"):
        join(holding(Agent()), {}, {"Agent": dict, "Memory": Memory})


def test_an_item_that_cannot_be_saved_leaves_the_others_at_their_places():
    found = holding([1, object(), 3])
    assert ([1, None, 3], "it.1 is a object") == (join(found, {}, {})["it"], found.lost[0].partition(",")[0])


class Counts(dict):
    """A class of the user's, of which no code is captured."""


def test_a_value_that_comes_back_as_another_class_gets_a_note():
    found = holding(Counts(a=2, b=1))
    assert ({"a": 2, "b": 1}, ("it is a Counts, and comes back as a dict.",)) == (
        join(found, {}, {})["it"],
        found.notes,
    )


def test_attributes_are_put_into_an_object_and_those_of_its_own_objects_too():
    before = collection_of(Agent())
    agent, memory = Agent(), None
    agent.epsilon, agent.memory.items, agent.more, memory = 0.1, [], 1, agent.memory
    put_into(agent, before.tree, join(before, {}, {"Agent": Agent, "Memory": Memory}))
    assert (0.5, [1, 2], 1, memory) == (agent.epsilon, agent.memory.items, agent.more, agent.memory)
    assert agent is agent.me


def test_an_object_whose_attributes_cannot_be_set_is_refused():
    class Frozen:
        epsilon = property(lambda self: 1)

    before = holding(0.5)
    with pytest.raises(RequestError, match=r"The attribute 'epsilon' of a \S+ cannot be set"):
        put_into(Frozen(), {"dict": [[{"value": "epsilon"}, {"value": 1}]]}, {"epsilon": 1})
    with pytest.raises(RequestError, match="a list of models"):
        check_into({}, {"list": []})
    with pytest.raises(RequestError, match="into is a list"):
        check_into([], before.tree)


def test_a_dict_without_models_is_refused():
    with pytest.raises(UnsupportedError, match="A dict that contains no model"):
        divide({"a": 1})


def test_a_difference_is_named_by_its_place():
    gaps = compare_collections(holding({"a": [1, np.zeros(2)]}), holding({"a": [2, np.ones(2)], "b": None}))
    assert ["it.a[0]", "it.a[1]", "it.b"] == sorted(gap.where for gap in gaps if gap.where not in {"it", ""})


HOSTILE = [
    {"tree": {"model": ["x"]}},
    {"tree": {"array": 0}},
    {"tree": {"array": -1}},
    {"tree": {"keras": "Adam", "attributes": {}, "state": [], "trains": [], "id": "a"}},
    {"tree": {"keras": {}, "attributes": {}, "state": [7], "trains": [], "id": "a"}},
    {"tree": {"keras": {}, "attributes": {}, "state": [], "trains": [[1, 2]], "id": "a"}},
    {"tree": {"value": []}},
    {"tree": {"dict": [[{"value": 1}]]}},
    {"tree": {"pickle": "x"}},
    {"tree": []},
    {"tree": None},
    {"count": 10**9},
    {"groups": {"list": [{"array": "groups_0", "dtype": "float32"}]}},
    {"dtypes": ["<U9", "<U9"]},
    {"lost": 3},
]


@pytest.mark.parametrize("change", HOSTILE, ids=str)
def test_a_tree_that_was_never_written_is_refused(tmp_path, change):
    write_collection(tmp_path, holding(1))
    written = json.loads((tmp_path / TREE).read_text())
    (tmp_path / TREE).write_text(json.dumps({**written, **change}))
    with pytest.raises(DamagedFileError):
        read_collection(tmp_path)


@pytest.mark.parametrize(
    "tree",
    [
        {"model": "lost"},
        {"same": "lost"},
        {"dict": [[{"value": 1}, {"value": 1}], [{"value": 1}, {"value": 2}]]},
        {"dict": [[{"list": []}, {"value": 1}]]},
    ],
    ids=str,
)
def test_a_tree_with_a_dangling_reference_is_refused(tree):
    with pytest.raises(DamagedFileError, match="refers to something that it does not contain"):
        join(replace(holding(1), tree=tree), {}, {})


def test_what_is_made_for_the_key_of_a_dict_is_inspected_as_well():
    node = {"keras": {"class_name": "Adam"}, "attributes": {}, "state": [], "trains": [], "id": "x"}
    made = {"made": [], "of": "Agent", "id": "y"}
    tree = {"dict": [[node, {"value": 1}], [{"tuple": [made]}, {"value": 2}]]}
    collection = Collection("dict", tree)
    assert ([{"class_name": "Adam"}], ("Agent",)) == (collection.configs, collection.made)


def test_texts_do_not_take_more_memory_than_they_have_letters(tmp_path):
    write_collection(tmp_path, holding(np.array(["a", "b"])))
    file = tmp_path / TREE
    file.write_text(file.read_text().replace('"<U1"', '"<U999999999"'))
    with pytest.raises(DamagedFileError, match="all memory"):
        read_collection(tmp_path)


def test_damaged_files_are_refused(tmp_path):
    write_collection(tmp_path, holding(np.ones(3)))
    content = (tmp_path / ARRAYS).read_bytes()
    (tmp_path / ARRAYS).write_bytes(content[: len(content) // 2])
    with pytest.raises(DamagedFileError):
        read_collection(tmp_path)
    with pytest.raises(DamagedFileError):
        read_collection(tmp_path / "nowhere")
    assert [] == Collection("dict", {"value": 1}).configs
