"""A model saved for exchange, from the request to the outputs of ONNX Runtime; and ONNX files from elsewhere."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

from colab_save.artifact.manifest import SampleFacts
from colab_save.artifact.round_trip import Aspect, Outcome, RoundTrip, Verdict
from colab_save.custom_code.growing import Supply
from colab_save.errors import DamagedFileError, FormatError, MissingPackageError, RequestError, RoundTripError
from colab_save.formats.base import get_format
from colab_save.loading.pipeline import load
from colab_save.request.request import LoadRequest, SaveRequest
from colab_save.saving.attempts import Attempt
from colab_save.saving.examining import Examined
from colab_save.saving.explaining import refusal
from colab_save.saving.pipeline import save
from colab_save.saving.staging import Staged
from colab_save.versions.listing import list_models
from colab_save.viewing.inside import inspect_model
from tests import zoo

pytestmark = pytest.mark.tensorflow

INPUTS = {"left": zoo.rows(5, 3), "right": np.array([[0, 1], [2, 3], [4, 0], [1, 1], [3, 2]])}


@pytest.fixture(scope="module")
def live():
    return zoo.many_inputs()


@pytest.fixture(scope="module")
def saved(live, tmp_path_factory):
    """The report of a save for the purpose, in a store of its own."""
    return save(SaveRequest(live, "pair", to=str(tmp_path_factory.mktemp("store")), purpose="exchange"))


@pytest.fixture(scope="module")
def loaded(saved):
    return load(LoadRequest("pair", source=str(Path(saved.where).parents[1])))


@pytest.fixture
def theirs(saved, own_folder):
    """A plain file from elsewhere: it has no manifest, and does not say how its outputs are nested."""
    model = onnx.load(f"{saved.where}/model.onnx")
    del model.metadata_props[:]
    onnx.save(model, "theirs.onnx")
    return own_folder / "theirs.onnx"


def test_its_outputs_are_proven_and_the_rest_is_reported_as_not_held(saved):
    [trip] = saved.manifest.round_trips
    assert "onnx" == trip.format
    assert {aspect: Outcome.PASSED if aspect is Aspect.OUTPUTS else Outcome.NOT_HELD for aspect in trip.verdicts} == {
        aspect: verdict.outcome for aspect, verdict in trip.verdicts.items()
    }


def test_it_comes_back_proven_as_a_callable_that_nests_as_in_the_notebook(live, loaded):
    expected, actual = live.predict(INPUTS, verbose=0), loaded.model.predict(INPUTS, batch_size=2)
    assert loaded.is_proven
    assert {"score", "parts"} == actual.keys()
    np.testing.assert_allclose(expected["score"], actual["score"], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(expected["parts"][1], actual["parts"][1], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "ask",
    [
        lambda model: model(INPUTS),
        lambda model: model(**INPUTS),
        lambda model: model([INPUTS["left"].astype("float64"), INPUTS["right"].tolist()]),
    ],
    ids=["a dict", "keywords", "a list"],
)
def test_inputs_are_given_by_name_or_in_order_and_cast(loaded, ask):
    assert (5, 1) == ask(loaded.model)["score"].shape


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"left": 1}, r"takes left \(float32 \[\?, 3\]\), right \(int32 \[\?, 2\]\); it was given left\."),
        (INPUTS | {"other": 1}, "it was given left, right, other"),
        ([1, 2, 3], "it was given 3 arrays"),
        ((), "it was given nothing"),
        (INPUTS | {"left": zoo.rows(5, 4)}, r"takes left \(float32 \[\?, 3\]\); it was given float32 \[5, 4\]"),
        (INPUTS | {"left": zoo.rows(3)}, r"it was given float32 \[3\]"),
        (INPUTS | {"right": [["a", "b"]] * 5}, r"takes right \(int32 \[\?, 2\]\); it was given <U1 \[5, 2\]"),
    ],
    ids=["missing", "one more", "too many", "none", "wrong size", "wrong rank", "texts"],
)
def test_what_does_not_fit_is_said_in_words(loaded, given, words):
    with pytest.raises(RequestError, match=words.replace("<U1", r"str\d+")):
        loaded.model(given)


def test_inputs_that_do_not_go_together_are_refused_in_onnx_runtimes_words(loaded):
    with pytest.raises(FormatError, match="ONNX Runtime could not run the model"):
        loaded.model(INPUTS | {"right": INPUTS["right"] + 1000})


def test_the_folder_says_how_to_open_it_without_this_package(saved):
    assert 'onnxruntime.InferenceSession("model.onnx"' in Path(saved.where, "README.md").read_text("utf-8")


def test_looking_inside_tells_the_layers_and_why_there_are_no_weights(saved):
    card = str(inspect_model("pair", source=str(Path(saved.where).parents[1])).card())
    assert "dense_of_left" in card
    assert "constants in a graph" in card


def test_it_is_listed(saved):
    assert ("onnx",) == list_models(source=str(Path(saved.where).parents[1])).manifests[0].formats


def test_a_file_of_somebody_elses_is_opened_in_a_process_of_its_own_and_then_here(theirs):
    report = load(LoadRequest("theirs.onnx"))
    assert (False, "onnx") == (report.is_proven, report.format)
    assert {"score", "parts_0", "parts_1"} == report.model.predict(INPUTS).keys()


def test_what_is_ones_own_is_opened_here_alone_of_several_models_too():
    save(SaveRequest({"a": zoo.untrained(), "b": zoo.untrained()}, "two", purpose="exchange", verify=False))
    found = load(LoadRequest("two", timeout=0.01))  # in which no process starts
    assert {"a", "b"} == found.model.keys()
    assert found.is_proven


def test_what_names_no_model_inside_is_not_opened(theirs):
    theirs.write_bytes(theirs.read_bytes()[:300])
    with pytest.raises(DamagedFileError, match="is an ONNX model that is cut off"):
        load(LoadRequest("theirs.onnx"))


@pytest.mark.parametrize(
    ("format", "words"),
    [("onnx", "differences with rtol=1e-3"), ("litert", "differences with rtol=1e-3"), ("keras", "get_config()")],
)
def test_where_answers_differ_the_format_says_what_may_be_done(format, words):
    trip = RoundTrip(format, {Aspect.OUTPUTS: Verdict(Outcome.FAILED, "3 values differ")}, seconds=1.0)
    staged = Staged(Path(), (get_format(format),), {"": SampleFacts()})
    with pytest.raises(RoundTripError) as caught:
        raise refusal([Attempt(staged, (trip,), Examined((), None, Supply([])))], None)
    assert words in caught.value.hint


@pytest.mark.parametrize("package", ["tf2onnx", "onnx", "onnxruntime"])
def test_without_the_extra_a_save_is_refused_before_anything_is_staged(live, monkeypatch, package, own_folder):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingPackageError) as caught:
        save(SaveRequest(live, "pair", purpose="exchange"))
    assert ("pip install 'colab_save[onnx]'", []) == (caught.value.hint, [*own_folder.iterdir()])


def test_without_onnx_runtime_a_file_is_not_opened(theirs, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingPackageError, match="The format onnx needs onnxruntime"):
        load(LoadRequest("theirs.onnx"))
