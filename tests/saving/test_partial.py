"""Saves of which not all comes back, in real models: what is published, what a load returns, and what both say."""

from __future__ import annotations

import json
import sys
import threading
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import colab_save
from colab_save.artifact.manifest import describe_files
from colab_save.artifact.round_trip import Aspect, Outcome
from colab_save.errors import RoundTripError
from colab_save.hints import Plain, render
from colab_save.loading.pipeline import load
from colab_save.request.request import LoadRequest, SaveRequest
from colab_save.saving.pipeline import save
from colab_save.versions.listing import list_models
from tests import zoo

pytestmark = pytest.mark.tensorflow


@keras.saving.register_keras_serializable("partial")
class Forgetful(keras.optimizers.SGD):
    """Writes zeros instead of its momenta."""

    def save_own_variables(self, store):
        for index, variable in enumerate(self.variables):
            store[str(index)] = variable.numpy() if index < 2 else np.zeros_like(variable.numpy())


class Secret(keras.layers.Layer):
    """Multiplies by a number that is another one in a fresh process."""

    def call(self, inputs):
        return inputs * (2.0 if "colab_save_custom_code" in __name__ else 3.0)


class Eager(keras.layers.Layer):
    """Runs eagerly only, so no SavedModel of it can be written."""

    def compute_output_spec(self, inputs):
        return keras.KerasTensor(inputs.shape, inputs.dtype)

    def call(self, inputs):
        if not tf.executing_eagerly():
            raise ValueError("only eagerly")
        return inputs


class EagerSecret(Eager, Secret):
    """Comes back in no format."""

    def call(self, inputs):
        return Secret.call(self, Eager.call(self, inputs))


class Unwritten(keras.layers.Layer):
    """Cannot be written by Keras."""

    def call(self, inputs):
        return inputs

    def save_own_variables(self, store):
        raise ValueError("not written")


class Picky(keras.layers.Layer):
    """Cannot be used in a fresh process."""

    def call(self, inputs):
        if "colab_save_custom_code" in __name__:
            raise ValueError("not here")
        return inputs


def around(layer=None, optimizer="adam"):
    """A trained model with a layer in it."""
    layers = [layer() if layer else keras.layers.Activation("relu"), keras.layers.Dense(2)]
    model = keras.Sequential([keras.Input((3,)), *layers])
    model.compile(optimizer, "mse", run_eagerly=layer is not None and issubclass(layer, Eager))
    model.fit(zoo.rows(4, 3), zoo.rows(4, 2), verbose=0)
    return model


def forgetful(layer=None):
    return around(layer, Forgetful(0.1, momentum=0.9))


def loaded(target, store=None, **fields):
    """The report of a load; each test has a home, and so a key, of its own."""
    return load(LoadRequest(target, source=store and str(store), trust=True, **fields))


MODELS = {"training": forgetful, "outputs": lambda: around(Secret), "all": lambda: around(Picky)}
"""Models by what does not come back in keras."""


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """The store, and by name each model with the report of its save."""
    store = str(tmp_path_factory.mktemp("store"))
    models = {name: make() for name, make in MODELS.items()}
    return store, {name: (model, save(SaveRequest(model, name, to=store))) for name, model in models.items()}


@pytest.mark.parametrize(
    ("name", "formats", "failed"),
    [
        ("training", ("keras", "saved_model"), {Aspect.TRAINING}),
        ("outputs", ("keras", "saved_model"), {Aspect.OUTPUTS, Aspect.STEP}),
        ("all", ("saved_model",), set(Aspect)),
    ],
)
def test_what_came_back_is_published_beside_what_answers(saved, name, formats, failed):
    manifest = saved[1][name][1].manifest
    trips = [*manifest.round_trips, *manifest.given_up]
    lost = {aspect for trip in trips if trip.format == "keras" for aspect in trip.failed}
    assert (Outcome.PARTIAL, formats, failed) == (manifest.outcome, manifest.formats, lost)


@pytest.mark.parametrize("name", MODELS)
def test_a_partial_version_holds_its_payloads_and_no_other(saved, name):
    folder = Path(saved[1][name][1].where)
    manifest = json.loads((folder / "manifest.json").read_text())
    payloads = {each["path"] for each in manifest["payloads"]}
    assert payloads == {"model.keras", "saved_model"} & {path.name for path in folder.iterdir()}
    assert manifest["is_partial"]


@pytest.mark.parametrize("name", MODELS)
def test_what_is_loaded_answers_as_the_live_model(saved, name):
    store, reports = saved
    inputs = zoo.rows(5, 3)
    model = loaded(name, store).model
    np.testing.assert_allclose(reports[name][0](inputs), model(inputs), rtol=1e-5)


def test_what_lost_its_training_state_is_loaded_as_a_keras_model_that_trains(saved):
    model = loaded("training", saved[0]).model
    assert isinstance(model, keras.Model)
    model.fit(zoo.rows(4, 3), zoo.rows(4, 2), verbose=0)


@pytest.mark.parametrize(("name", "word"), [("training", "training:"), ("outputs", "outputs:"), ("all", "not here")])
def test_a_load_says_what_did_not_come_back(saved, name, word):
    report = loaded(name, saved[0])
    assert (Outcome.PARTIAL, False, True) == (report.outcome, report.is_proven, word in str(report))
    assert str(report).startswith("PARTIAL")


def test_python_warns_with_what_did_not_come_back_and_what_to_do(saved):
    with pytest.warns(colab_save.PartialSaveWarning, match=r"(?s)training: .*Compile it again before you train it"):
        colab_save.load_model("training", source=saved[0], trust=True)


def test_python_warns_at_the_save(tmp_path):
    model = forgetful()
    with pytest.warns(colab_save.PartialSaveWarning, match=r"(?s)is saved in part. keras: training: "):
        colab_save.save_model(model, "cats", to=str(tmp_path))


def test_a_payload_that_answers_otherwise_is_loaded_only_by_its_name(saved):
    report = loaded("outputs", saved[0], format="keras")
    assert ("keras", True) == (report.format, "Its answers are not those of the live model." in str(report))


def test_what_differs_in_more_than_was_told_is_not_returned(tmp_path):
    report = save(SaveRequest(forgetful(), "cats", to=str(tmp_path)))
    folder = Path(report.where)
    around().save(folder / "model.keras")
    known = {file.path for file in report.manifest.files}
    files = tuple(file for file in describe_files(folder) if file.path in known)
    (folder / "manifest.json").write_text(replace(report.manifest, files=files).to_json())
    with pytest.raises(RoundTripError, match="came back different"):
        loaded("cats", str(tmp_path))


def test_lists_show_it_as_partial(saved):
    assert {"PARTIAL"} == {version["outcome"] for version in list_models(source=saved[0]).to_json()["versions"]}


@pytest.mark.parametrize("name", MODELS)
def test_a_card_is_amber_and_says_saved_in_part(saved, name):
    html = saved[1][name][1]._repr_html_()
    assert (True, True) == ('class="colab-save PARTIAL"' in html, "saved in part" in html)


def test_what_neither_format_brings_back_is_refused(tmp_path):
    with pytest.raises(RoundTripError, match="nothing was published"):
        save(SaveRequest(around(EagerSecret), "cats", to=str(tmp_path)))
    assert () == list_models(source=str(tmp_path)).manifests


def test_a_keras_model_that_only_lost_its_training_state_is_published_alone_where_no_saved_model_can_be(tmp_path):
    report = save(SaveRequest(forgetful(Eager), "cats", to=str(tmp_path)))
    assert (Outcome.PARTIAL, ("keras",)) == (report.outcome, report.manifest.formats)
    assert "auto gave up saved_model" in str(report)


def test_a_format_that_was_asked_for_publishes_nothing_in_part_and_says_what_auto_would(tmp_path):
    with pytest.raises(RoundTripError, match="nothing was published") as caught:
        save(SaveRequest(forgetful(), "cats", to=str(tmp_path), formats="keras"))
    assert "auto publishes what came back of keras in part, beside saved_model" in caught.value.hint
    assert () == list_models(source=str(tmp_path)).manifests


def test_a_saved_model_that_was_asked_for_is_whole(tmp_path):
    assert Outcome.PASSED is save(SaveRequest(around(Picky), "cats", to=str(tmp_path), purpose="serving")).outcome


def test_a_collection_is_partial_if_one_of_its_models_is(tmp_path):
    report = save(SaveRequest({"a": around(), "b": forgetful()}, "pair", to=str(tmp_path)))
    assert (Outcome.PARTIAL, {"training"}) == (
        report.outcome,
        {str(aspect) for trip in report.manifest.round_trips for aspect in trip.failed},
    )
    pair = loaded("pair", tmp_path).model
    assert [keras.Sequential, keras.Sequential] == [type(pair[name]) for name in "ab"]


def test_a_collection_of_which_keras_cannot_write_one_model_is_saved_in_part(tmp_path):
    report = save(SaveRequest({"a": around(), "b": around(Unwritten)}, "pair", to=str(tmp_path)))
    assert (Outcome.PARTIAL, ("saved_model",)) == (report.outcome, report.manifest.formats)
    assert ["a", "b"] == [*loaded("pair", tmp_path).model]


def test_a_load_of_a_part_names_the_newest_version_that_passed(tmp_path):
    passed = save(SaveRequest(around(), "cats", to=str(tmp_path))).manifest.version
    save(SaveRequest(forgetful(), "cats", to=str(tmp_path), keep=1))
    report = loaded("cats", tmp_path)
    assert Outcome.PARTIAL is report.outcome
    assert f"The newest version that PASSED is loaded by load cats@{passed}" in render(report.notes[0], Plain())


def test_a_store_that_cannot_read_an_older_version_costs_that_note_and_not_the_model(tmp_path):
    older = tmp_path / "cats" / "20200101T000000Z-0000"
    older.mkdir(parents=True)
    (older / "manifest.json").symlink_to("manifest.json")  # the disk reports an error for it, for root too
    save(SaveRequest(forgetful(), "cats", to=str(tmp_path)))
    report = loaded("cats", tmp_path)
    assert (Outcome.PARTIAL, True) == (report.outcome, isinstance(report.model, keras.Model))
    assert [] == [note for note in report.notes if "newest version" in note]


def test_a_strict_save_publishes_nothing_in_part(tmp_path):
    with pytest.raises(RoundTripError, match=r"(?s)nothing was published.*keras: training FAILED: ") as caught:
        save(SaveRequest(forgetful(), "cats", to=str(tmp_path), strict=True))
    assert (True, ()) == ("Leave strict" in caught.value.hint, list_models(source=str(tmp_path)).manifests)


def test_a_strict_save_of_what_comes_back_is_whole(tmp_path):
    assert Outcome.PASSED is save(SaveRequest(around(), "cats", to=str(tmp_path), strict=True)).outcome


def test_a_plain_save_in_part_is_written_where_nothing_stands(tmp_path):
    report = save(SaveRequest(forgetful(), str(tmp_path / "cats.keras")))
    assert (Outcome.PARTIAL, str(tmp_path / "cats.keras")) == (report.outcome, report.where)
    assert Outcome.PARTIAL is loaded(report.where).outcome


def test_a_plain_save_in_part_goes_beside_an_old_file_which_stays(tmp_path):
    place = tmp_path / "cats.keras"
    save(SaveRequest(around(), str(place)))
    old = place.read_bytes()
    with pytest.raises(
        RoundTripError, match=r"(?s)cats.keras was not replaced.*cats\.partial\.keras.*training"
    ) as caught:
        save(SaveRequest(forgetful(), str(place)))
    assert (old, True) == (place.read_bytes(), "force" in caught.value.hint)
    assert Outcome.PASSED is loaded(str(place)).outcome
    assert Outcome.PARTIAL is loaded(str(tmp_path / "cats.partial.keras")).outcome


def test_a_plain_save_in_part_replaces_an_old_file_if_it_is_forced(tmp_path):
    place = tmp_path / "cats.keras"
    save(SaveRequest(around(), str(place)))
    assert Outcome.PARTIAL is save(SaveRequest(forgetful(), str(place), force=True)).outcome
    assert Outcome.PARTIAL is loaded(str(place)).outcome


def test_a_plain_save_of_a_model_that_answers_otherwise_is_refused(tmp_path):
    with pytest.raises(RoundTripError, match="nothing was published"):
        save(SaveRequest(around(Secret), str(tmp_path / "cats.keras")))
    assert [] == [*tmp_path.iterdir()]


LIVE = threading.Lock()


def locked(expected, actual):
    """A loss that uses what no code can hold."""
    with LIVE:
        return tf.reduce_mean(tf.square(expected - actual), -1)


def test_a_loss_that_uses_a_lock_trains_once_the_notebook_defines_it_before_the_load(tmp_path, monkeypatch):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.compile("sgd", locked)
    report = save(SaveRequest(zoo.fitted(model, zoo.rows(4, 3), zoo.rows(4, 2)), "cats", to=str(tmp_path)))
    assert (Outcome.PARTIAL, True) == (report.outcome, "in the notebook before you load it" in str(report))
    with pytest.raises(NameError):
        load(LoadRequest("cats", source=str(tmp_path))).model.fit(zoo.rows(4, 3), zoo.rows(4, 2), verbose=0)
    monkeypatch.setattr(sys.modules["__main__"], "locked", locked, raising=False)
    load(LoadRequest("cats", source=str(tmp_path))).model.fit(zoo.rows(4, 3), zoo.rows(4, 2), verbose=0)
