"""The values that the user names as extras come back equal, and nothing else in the model changes."""

from __future__ import annotations

import collections
import http
import json
import sys

import numpy as np
import pytest

from colab_save import PartialSaveWarning, load_model
from colab_save.artifact.collection import ARRAYS, TREE
from colab_save.collections.extras import Extras, find_extras, prove_extras, put_back, read_extras, write_extras
from colab_save.custom_code.signing import KEY
from colab_save.errors import ColabSaveError, DamagedFileError, FormatError, RequestError, UnknownNameError
from colab_save.loading.pipeline import load
from colab_save.request.request import LoadRequest, SaveRequest
from colab_save.saving.pipeline import save
from colab_save.stores.opening import key_folder

VALUES = {
    "class_names": ["cat", "dog"],
    "threshold": 0.5,
    "nothing": None,
    "index": {"a": 1, 2: {"b": (1, 2)}},
    "seen": {1, 2},
    "words": np.array(["a", "bü"]),
    "mean": np.arange(6, dtype="float16").reshape(2, 3),
    "number": np.float32(0.25),
}


def come_back(folder, values):
    """Return the variables of a notebook that come back."""
    write_extras(folder / "extras", find_extras(list(values), None, values))
    return read_extras(folder / "extras").values


@pytest.mark.parametrize("name", VALUES)
def test_a_value_comes_back_as_it_was(name, tmp_path):
    value = come_back(tmp_path, {name: VALUES[name]})[name]
    assert (type(VALUES[name]), repr(VALUES[name])) == (type(value), repr(value))


def test_nothing_is_written_when_nothing_is_named(tmp_path):
    write_extras(tmp_path / "extras", find_extras((), None, VALUES))
    assert [] == list(tmp_path.iterdir())
    assert {} == read_extras(None).values


class Counts(dict):
    """A class of the notebook, of which an extra has no code."""


@pytest.mark.parametrize("value", [Counts(a=1), collections.defaultdict(lambda: 0, a=1)])
def test_a_value_of_another_class_comes_back_plain_with_a_note(value):
    found = find_extras(["counts"], None, {"counts": value})
    assert (f"counts is a {type(value).__name__}, and comes back as a dict.",) == found.notes


class Tokenizer:
    words = ("a", "b")


HIMSELF: list[object] = []
HIMSELF.append(HIMSELF)


@pytest.mark.parametrize(
    "value",
    [Tokenizer(), {"a": [Tokenizer()]}, len, sys, Tokenizer, "half \ud800", HIMSELF, np.array([len]), object()],
    ids=lambda value: type(value).__name__,
)
def test_a_value_that_needs_code_to_come_back_is_refused_by_name(value):
    with pytest.raises(RequestError, match="extra=words cannot be saved") as caught:
        find_extras(["words"], None, {"words": value})
    assert "can be saved" in caught.value.hint


def test_an_unknown_name_is_refused_with_the_nearest_one():
    with pytest.raises(UnknownNameError) as caught:
        find_extras(["class_name"], None, {"class_names": [], "_hidden": 1})
    assert "class_names" in caught.value.hint


def test_files_that_hold_other_values_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(np, "stack", lambda arrays: np.zeros((1, 3)))
    with pytest.raises(FormatError, match="The extra mean"):
        come_back(tmp_path, {"mean": np.ones(3)})


def variable(node):
    """The tree of extras with one variable."""
    pairs = [[{"value": "x"}, node]]
    return {"dict": [[{"value": "attributes"}, {"dict": []}], [{"value": "variables"}, {"dict": pairs}]]}


HOSTILE = [
    {"model": "cats"},
    {
        "keras": {"module": "os", "class_name": "system", "config": {}},
        "attributes": {},
        "state": [],
        "trains": [],
        "id": "x",
    },
    {"dict": []},
    {"dict": [[{"value": "attributes"}, {"list": []}], [{"value": "variables"}, {"dict": []}]]},
    {
        "dict": [
            [{"value": "attributes"}, {"dict": []}],
            [{"value": "variables"}, {"dict": [[{"value": 1}, {"value": 1}]]}],
        ]
    },
    {"array": 7},
    {"object": []},
    {
        "dict": [
            [{"value": "attributes"}, {"dict": []}],
            [{"value": "variables"}, {"dict": [[{"value": "no name"}, {"value": 1}]]}],
        ]
    },
    variable({"kind": "os.system", "parts": []}),
    variable({"kind": "python.Decimal", "parts": [], "of": "x"}),
    variable({"kind": "python.Decimal", "parts": [[{"value": "a"}, {"value": "1"}], [{"value": "a"}, {"value": "1"}]]}),
    [],
    None,
]


@pytest.mark.parametrize("tree", HOSTILE, ids=repr)
def test_a_tree_without_extras_is_refused(tree, tmp_path):
    come_back(tmp_path, {"threshold": 0.5})
    file = tmp_path / "extras" / TREE
    file.write_text(json.dumps({**json.loads(file.read_text("utf-8")), "tree": tree}), "utf-8")
    with pytest.raises(DamagedFileError):
        read_extras(tmp_path / "extras")


@pytest.mark.parametrize("name", [TREE, ARRAYS])
def test_files_that_are_cut_or_gone_are_damaged(name, tmp_path):
    come_back(tmp_path, VALUES)
    file = tmp_path / "extras" / name
    file.write_bytes(file.read_bytes()[:40])
    with pytest.raises(ColabSaveError):
        read_extras(tmp_path / "extras")
    file.unlink()
    with pytest.raises(ColabSaveError):
        read_extras(tmp_path / "extras")


def test_arrays_of_objects_are_refused_before_numpy_sees_them(tmp_path):
    come_back(tmp_path, {"mean": np.ones(3)})
    np.savez(tmp_path / "extras" / ARRAYS, groups_0=np.array([print], dtype=object))
    with pytest.raises(ColabSaveError, match="pickle"):
        read_extras(tmp_path / "extras")


def small():
    import keras

    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    "name", ["predict", "layers", "trainable", "built", "optimizer", "_tracker", "__class__", "a b"]
)
def test_no_extra_replaces_an_attribute_that_a_model_needs(name):
    model = small()
    before = getattr(model, name, None)
    note = f"{name} is not a plain attribute of this model; the saved value is in report.extras."
    assert (note,) == put_back(model, Extras({name: 1}))
    assert repr(before) == repr(getattr(model, name, None))


@pytest.mark.tensorflow
def test_an_attribute_that_a_model_already_has_gets_the_saved_value():
    model = small()
    model.threshold = 0.1
    assert ((), 0.5) == (put_back(model, Extras({"threshold": 0.5})), model.threshold)


@pytest.mark.tensorflow
def test_an_attribute_that_does_not_come_back_fails_the_round_trip(tmp_path):
    write_extras(tmp_path / "extras", Extras({"threshold": 0.5}))
    with pytest.raises(FormatError, match="The extra threshold"):
        prove_extras(object(), tmp_path / "extras")


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """One model with plain attributes, saved with some of them, and with a variable of the notebook."""
    model = small()
    model.class_names, model.threshold, model.forgotten = ["cat", "dog"], 0.5, "gone"
    notebook = vars(sys.modules["__main__"])
    notebook["vocabulary"] = {"a": np.arange(3), 2: (1, "x")}
    store = str(tmp_path_factory.mktemp("store"))
    extra = ("class_names", "threshold", "vocabulary")
    try:
        return store, save(SaveRequest(model, "cats", to=store, formats="keras,saved_model", extra=extra))
    finally:
        del notebook["vocabulary"]


@pytest.mark.tensorflow
@pytest.mark.parametrize("format", ["keras", "saved_model"])
def test_extras_come_back_with_the_model_and_as_its_attributes(saved, format):
    report = load(LoadRequest("cats", source=saved[0], format=format))
    model, extras = report.model, report.extras
    assert (["cat", "dog"], 0.5) == (list(model.class_names), model.threshold)
    assert {"class_names", "threshold", "vocabulary"} == set(extras)
    assert repr({"a": np.arange(3), 2: (1, "x")}) == repr(extras["vocabulary"])
    assert not hasattr(model, "vocabulary")


@pytest.mark.tensorflow
def test_a_report_names_the_extras_and_the_lost_attributes(saved):
    report = saved[1]
    assert ("class_names", "threshold", "vocabulary") == report.extras
    assert [("forgotten",)] * 2 == [trip.lost for trip in report.manifest.round_trips]
    assert (
        "not saved: forgotten (plain attributes of the model; keras, saved_model). Save them with extra=forgotten."
        in str(report)
    )


@pytest.mark.tensorflow
def test_extras_are_digested_like_every_file(saved):
    paths = {file.path for file in saved[1].manifest.files}
    assert {f"extras/{TREE}", f"extras/{ARRAYS}"} <= paths


@pytest.mark.tensorflow
def test_an_extra_that_cannot_be_saved_is_refused_before_anything_is_written(tmp_path):
    model = small()
    model.tokenizer = Tokenizer()
    with pytest.raises(RequestError, match="tokenizer"):
        save(SaveRequest(model, "cats", to=str(tmp_path / "store"), extra=("tokenizer",)))
    assert [] == [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.tensorflow
def test_variables_are_saved_with_a_collection(tmp_path):
    notebook = vars(sys.modules["__main__"])
    notebook["classes"] = ["cat", "dog"]
    try:
        save(SaveRequest({"one": small(), "two": small()}, "pair", to=str(tmp_path), extra=("classes",)))
    finally:
        del notebook["classes"]
    assert {"classes": ["cat", "dog"]} == load(LoadRequest("pair", source=str(tmp_path))).extras


@pytest.mark.tensorflow
def test_a_dict_gets_the_variables_from_python(saved):
    variables = {}
    load_model("cats", source=saved[0], format="keras", variables=variables, trust=True)
    assert repr({"vocabulary": {"a": np.arange(3), 2: (1, "x")}}) == repr(variables)


@pytest.mark.tensorflow
def test_from_python_no_variable_is_set_unless_asked(saved):
    before = set(vars(sys.modules["__main__"]))
    load_model("cats", source=saved[0], format="keras", trust=True)
    assert before == set(vars(sys.modules["__main__"]))


@pytest.mark.tensorflow
def test_python_warns_of_an_extra_that_does_not_come_back(tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules["__main__"], "status", http.HTTPStatus.OK, raising=False)
    save(SaveRequest(small(), "cats", to=str(tmp_path), formats="keras", extra=("status",)))
    (key_folder() / KEY).unlink()  # as on the machine of another user
    with pytest.warns(PartialSaveWarning, match="The extra status did not come back"):
        assert 10 == load_model("cats", source=str(tmp_path)).count_params()
