"""Loads from request to report: what was saved comes back proven, and nothing else is returned without a word."""

from __future__ import annotations

import json
from pathlib import Path

import keras
import numpy as np
import pytest

from colab_save.artifact.parts import payload_sizes
from colab_save.artifact.round_trip import Aspect, Outcome
from colab_save.errors import (
    ColabSaveError,
    DamagedFileError,
    DigestError,
    NotFoundError,
    RequestError,
    RoundTripError,
    UnknownNameError,
    UnsafeFileError,
    UntrustedCodeError,
)
from colab_save.frontends.python import PassedOverWarning, load_model
from colab_save.loading.pipeline import load
from colab_save.model.examining import examine
from colab_save.proof.comparing import compare_weights
from colab_save.request.request import LoadRequest, SaveRequest
from colab_save.saving.pipeline import save
from colab_save.versions.listing import list_models
from tests import zoo

pytestmark = pytest.mark.tensorflow


def quick(model, target="cats", **fields):
    return save(SaveRequest(model, target, verify=False, **fields))


def test_the_newest_version_a_tag_and_a_prefix_are_found():
    versions = [quick(zoo.untrained(), tags=tags).manifest.version for tags in (("best",), ())]
    assert f"cats@{max(versions)}" == load(LoadRequest("cats")).target
    assert f"cats@{versions[0]}" == load(LoadRequest("cats@best")).target
    assert f"cats@{versions[0]}" == load(LoadRequest(f"cats@{versions[0]}")).target


def test_an_unknown_name_asks_whether_another_was_meant():
    quick(zoo.untrained())
    with pytest.raises(NotFoundError, match="Did you mean 'cats'"):
        load(LoadRequest("cat"))


@pytest.mark.parametrize("target", ["./cats.keras", "./models/cats", "elsewhere/cats.weights.h5"])
def test_a_path_that_is_none_is_answered_with_the_name_that_is_saved(target):
    quick(zoo.untrained())
    Path("elsewhere").mkdir()
    with pytest.raises(NotFoundError) as caught:
        load(LoadRequest(target))
    assert "load cats" in caught.value.hint


def test_an_unknown_tag_says_which_there_are():
    quick(zoo.untrained(), tags=("best",))
    with pytest.raises(UnknownNameError, match="best"):
        load(LoadRequest("cats@bets"))


def test_a_payload_that_is_not_there_says_which_are():
    quick(zoo.untrained())
    with pytest.raises(NotFoundError, match="Choose one it has: keras"):
        load(LoadRequest("cats", format="h5"))


@pytest.mark.parametrize("format", ["keras", "h5", "weights"])
def test_one_flipped_byte_is_refused(format):
    report = quick(zoo.sequential(), formats=format)
    file = Path(report.where, report.manifest.payloads[0].path)
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    with pytest.raises(DigestError, match="digest"):
        load(LoadRequest("cats"))


def test_a_truncated_payload_is_refused_with_both_sizes():
    report = quick(zoo.untrained())
    file = Path(report.where, "model.keras")
    size = file.stat().st_size
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(DigestError, match=f"100 bytes, expected {size}"):
        load(LoadRequest("cats"))


@pytest.mark.parametrize("broken", ["model.keras", "manifest.json"])
def test_where_the_newest_version_is_half_the_one_before_is_loaded_and_it_is_said(broken):
    older = quick(zoo.untrained()).manifest.version
    Path(quick(zoo.untrained()).where, broken).write_bytes(b"")
    report = load(LoadRequest("cats"))
    assert (f"cats@{older}", True) == (report.target, report.is_proven)
    assert broken in report.passed_over[0]
    assert "passed over" in str(report)
    with pytest.warns(PassedOverWarning, match=f"cats@{older} was loaded instead of the newest"):
        load_model("cats")


def test_a_version_that_was_named_is_never_replaced_by_another():
    quick(zoo.untrained())
    newest = quick(zoo.untrained())
    Path(newest.where, "model.keras").write_bytes(b"")
    with pytest.raises(DigestError, match="0 bytes"):
        load(LoadRequest(f"cats@{newest.manifest.version}"))


@pytest.mark.parametrize(
    ("content", "error", "says"),
    [
        (b"", DamagedFileError, "empty|0 bytes"),
        (b"<!DOCTYPE html><html><body>Sign in</body></html>", DamagedFileError, "web page"),
        (b"PK\x03\x04" + b"\0" * 200, DamagedFileError, "truncated|cut"),
        (b"\x89HDF\r\n\x1a\n" + b"\0" * 20, DamagedFileError, "truncated|cut|damaged"),
        (b"just some words", DamagedFileError, ""),
    ],
    ids=["empty", "html", "zip", "hdf5", "text"],
)
def test_a_damaged_file_is_refused_in_its_own_words(content, error, says):
    file = Path("cats.keras")
    file.write_bytes(content)
    with pytest.raises(error, match=f"(?is){says}"):
        load(LoadRequest("./cats.keras"))


def test_a_path_that_is_not_there_says_so():
    with pytest.raises(NotFoundError, match=r"nothing\.keras"):
        load(LoadRequest("./nothing.keras"))


def test_a_plain_file_loads_and_is_not_called_proven():
    zoo.untrained().save("theirs.keras")
    report = load(LoadRequest("./theirs.keras"))
    assert (False, {Outcome.SKIPPED}) == (report.is_proven, {v.outcome for v in report.round_trip.verdicts.values()})
    assert report.model.built


def test_the_size_of_a_plain_file_is_that_of_the_file():
    zoo.untrained().save("theirs.keras")
    assert Path("theirs.keras").stat().st_size == load(LoadRequest("./theirs.keras")).size


@pytest.mark.parametrize("format", ["keras", "saved_model"])
def test_the_size_of_a_load_is_that_of_the_payload_that_was_loaded(format):
    manifest = quick(zoo.untrained(), formats=("keras", "saved_model")).manifest
    assert payload_sizes(manifest)[format] == load(LoadRequest("cats", format=format)).size


def test_a_path_without_suffix_means_the_file_that_keeps_most():
    model = zoo.untrained()
    model.save("theirs.h5")
    model.save("theirs.keras")
    assert "keras" == load(LoadRequest("./theirs")).format


def test_a_plain_hdf5_file_loads():
    zoo.untrained().save("theirs.h5")
    assert load(LoadRequest("theirs.h5")).model.built


def test_any_saved_model_folder_loads_as_a_callable_with_predict():
    zoo.sequential().export("theirs", verbose=False)
    model = load(LoadRequest("./theirs")).model
    assert ((3, 2), (3, 2)) == (model(zoo.rows(3, 4)).shape, model.predict(zoo.rows(3, 4)).shape)


def test_a_plain_file_that_was_changed_after_it_was_saved_is_refused():
    quick(zoo.untrained(), "out/cats.keras")
    zoo.untrained().save("out/cats.keras")
    with pytest.raises(DigestError, match="matches no manifest"):
        load(LoadRequest("out/cats.keras"))


def test_weights_load_into_a_model():
    model, other = zoo.sequential(), zoo.sequential()
    quick(model, formats="weights")
    report = load(LoadRequest("cats", into=other))
    assert report.model is other
    assert [] == compare_weights(examine(model), examine(other))


def test_weights_leave_what_trains_in_the_model_that_gets_them():
    model, other = zoo.sequential(), zoo.sequential()
    quick(model, formats="weights")
    other.layers[0].trainable = False
    optimizer = other.optimizer
    load(LoadRequest("cats", into=other))
    assert (False, True) == (other.layers[0].trainable, other.optimizer is optimizer)


def test_weights_for_a_format_that_is_whole_are_refused():
    quick(zoo.sequential())
    with pytest.raises(RequestError, match="into loads weights"):
        load(LoadRequest("cats", into=zoo.sequential()))


def test_weights_loaded_into_another_model_are_never_called_proven():
    quick(zoo.sequential(), formats="weights")
    other = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), keras.layers.Dense(2)])
    with pytest.raises(ColabSaveError):
        load(LoadRequest("cats", into=other))


def test_a_class_of_the_notebook_that_computes_something_else_is_no_proof(monkeypatch):
    import __main__

    class Scale(zoo.Scale):
        def call(self, inputs):
            return inputs * self.gain * (self.factor + 1.0)

    quick(keras.Sequential([keras.Input((4,)), zoo.Scale(2.0)]))
    monkeypatch.setattr(__main__, "Scale", Scale, raising=False)
    with pytest.raises(RoundTripError, match=r"(?s)^cats@.*\nThe notebook's Scale differs .*\noutputs"):
        load(LoadRequest("cats"))
    assert Outcome.SKIPPED is load(LoadRequest("cats", verify=False)).round_trip.verdicts[Aspect.OUTPUTS].outcome


def test_code_that_somebody_else_signed_is_shown_and_not_run():
    report = quick(zoo.subclassed())
    file = Path(report.where, "manifest.json")
    manifest = json.loads(file.read_text())
    file.write_text(json.dumps({**manifest, "signature": "0" * 64}))
    with pytest.raises(UntrustedCodeError, match="class Classifier"):
        load(LoadRequest("cats"))
    assert load(LoadRequest("cats", trust=True)).is_proven


@pytest.mark.parametrize("name", ["theirs.keras", "theirs.h5"])
def test_bytecode_is_run_only_for_who_trusts_it(name):
    keras.Sequential([keras.Input((4,)), keras.layers.Lambda(lambda inputs: inputs * 2)]).save(name)
    with pytest.raises(UntrustedCodeError, match="bytecode"):
        load(LoadRequest(f"./{name}"))
    rows = zoo.rows(2, 4)
    assert np.array_equal(rows * 2, load(LoadRequest(f"./{name}", trust=True)).model(rows))


def foreign(report, **facts):
    """Change the facts of a committed manifest, as somebody else would have written them."""
    file = Path(report.where, "manifest.json")
    manifest = json.loads(file.read_text())
    file.write_text(json.dumps({**manifest, "facts": {**manifest["facts"], **facts}, "signature": ""}))


GADGET = {"module": "keras.utils", "class_name": "function", "config": "get_file", "registered_name": "function"}
BYTECODE = {"class_name": "__lambda__", "config": {"value": "4wAAAA==", "defaults": None, "closure": None}}


@pytest.mark.parametrize(
    ("held", "error", "says"),
    [(GADGET, UnsafeFileError, "get_file"), (BYTECODE, UntrustedCodeError, "bytecode")],
    ids=["gadget", "bytecode"],
)
def test_a_foreign_manifest_that_would_have_keras_call_or_run_something_is_refused(held, error, says):
    foreign(quick(zoo.untrained()), held={"extra_loss": held})
    with pytest.raises(error, match=says):
        load(LoadRequest("cats"))


def test_a_foreign_manifest_that_would_build_a_layer_of_any_size_is_refused():
    report = quick(zoo.untrained())
    layers = json.loads(report.manifest.to_json())["facts"]["layers"]
    foreign(report, layers=[{**layer, "build": {"input_shape": [None, 10**12]}} for layer in layers])
    with pytest.raises(UnsafeFileError, match="1,000,000,000,000 values"):
        load(LoadRequest("cats"))


@pytest.mark.parametrize("path", ["/etc/passwd", "../../key", "..", "a/../../key"])
def test_a_foreign_manifest_that_names_files_elsewhere_is_listed_as_damaged_and_not_loaded(path):
    report = quick(zoo.untrained())
    file = Path(report.where, "manifest.json")
    manifest = json.loads(file.read_text())
    manifest["files"].append({"path": path, "size": 10**18, "sha256": "0" * 64})
    file.write_text(json.dumps(manifest))
    assert ((), 1) == ((listing := list_models()).manifests, len(listing.damaged))
    with pytest.raises(UnsafeFileError, match="outside its artifact"):
        load(LoadRequest("cats"))


def test_a_manifest_that_declares_another_size_is_refused_by_the_bytes_that_are_there():
    report = quick(zoo.untrained())
    file = Path(report.where, "manifest.json")
    file.write_text(file.read_text().replace(f'"size": {report.manifest.files[0].size}', f'"size": {2**60}'))
    with pytest.raises(DigestError, match=f"expected {2**60}"):
        load(LoadRequest("cats"))


def test_a_name_with_nothing_committed_is_not_there():
    Path("models/cats/20260822T101530Z-3fa2").mkdir(parents=True)
    assert () == list_models().manifests
    with pytest.raises(NotFoundError):
        load(LoadRequest("cats"))


def test_a_listing_tells_the_versions_newest_first():
    versions = [quick(zoo.untrained(), name).manifest.version for name in ("cats", "dogs", "cats")]
    assert sorted(versions, reverse=True) == [manifest.version for manifest in list_models().manifests]
    assert ["dogs"] == [manifest.name for manifest in list_models("d*").manifests]


def test_what_is_loaded_answers_as_what_was_saved():
    model = zoo.sequential()
    quick(model)
    loaded = load(LoadRequest("cats")).model
    inputs = zoo.rows(5, 4)
    assert np.array_equal(model.predict(inputs, verbose=0), loaded.predict(inputs, verbose=0))


def test_loading_leaves_the_notebooks_own_model_alone():
    model = zoo.sequential()
    quick(model)
    before = examine(model)
    load(LoadRequest("cats"))
    assert before == examine(model)
