"""An export does not replace the model: what is one, what its name means, what is loaded, and what is kept of both."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from colab_save.errors import DigestError, NotFoundError
from colab_save.frontends.languages import MAGIC
from colab_save.frontends.python import load_model
from colab_save.hints import render
from colab_save.loading.pipeline import load
from colab_save.request.request import LoadRequest, SaveRequest
from colab_save.saving.pipeline import save
from colab_save.versions.listing import list_models
from tests import zoo
from tests.saving.test_saving import secretive

pytestmark = pytest.mark.tensorflow


class Doubling(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32)])
    def __call__(self, x):
        return 2 * x


@pytest.fixture(scope="module")
def model():
    return zoo.sequential()


def quick(model, target="cats", **fields):
    return save(SaveRequest(model, target, verify=False, **fields))


def version_of(report):
    return f"{report.manifest.name}@{report.manifest.version}"


@pytest.mark.parametrize(
    ("fields", "is_export"),
    [
        ({}, False),
        ({"purpose": "training"}, False),
        ({"formats": "weights"}, False),
        ({"formats": "keras,saved_model"}, False),
        ({"purpose": "serving"}, True),
        ({"formats": "saved_model"}, True),
        ({"formats": "saved_model,litert"}, True),
    ],
)
def test_what_is_only_for_other_programs_is_an_export(model, fields, is_export):
    report = quick(model, **fields)
    assert (is_export, is_export) == (report.manifest.is_export, list_models().manifests[0].is_export)


def test_what_auto_publishes_in_part_is_no_export():
    report = save(SaveRequest(secretive(), "cats"))
    assert (("keras", "saved_model"), False) == (report.manifest.formats, report.manifest.is_export)


def test_what_only_one_format_of_auto_can_write_is_no_export():
    assert not quick(Doubling()).manifest.is_export
    assert quick(Doubling(), formats="saved_model").manifest.is_export


def test_a_plain_save_is_no_export(model):
    assert not quick(model, "./out/cats", formats="saved_model").manifest.is_export


def test_after_an_export_the_name_still_gives_the_model_and_says_where_the_export_is(model):
    quick(model)
    newest = version_of(quick(model))
    phone = version_of(quick(model, purpose="mobile"))
    report = load(LoadRequest("cats"))
    assert (newest, "keras") == (report.target, report.format)
    assert (f"A newer version is an export, which the name alone does not mean: {phone} (litert).",) == report.notes
    assert isinstance(load_model("cats@latest"), keras.Model)


def test_tags_and_versions_give_the_export(model):
    quick(model)
    phone = version_of(quick(model, purpose="mobile", tags=("phone",)))
    for target in ("cats@phone", phone):
        report = load(LoadRequest(target))
        assert (phone, "litert", ()) == (report.target, report.format, report.notes)


def test_a_name_with_exports_only_gives_the_newest_of_them(model):
    quick(model, purpose="serving")
    service = version_of(quick(model, purpose="serving"))
    assert (service, ()) == ((report := load(LoadRequest("cats"))).target, report.notes)


def test_the_line_and_the_readme_of_an_export_load_that_export(model):
    report = quick(model, purpose="serving")
    assert f"model = %loadmodel {version_of(report)}" == render(report.load_line, MAGIC)
    assert f"load_model('{version_of(report)}')" in Path(report.where, "README.md").read_text("utf-8")


@pytest.mark.parametrize("newer", ["auto", "saved_model"])
def test_a_format_that_only_another_version_has_is_told(model, newer):
    phone = version_of(quick(model, purpose="mobile"))
    quick(model, formats=newer)
    with pytest.raises(NotFoundError, match=f"{phone} has it"):
        load(LoadRequest("cats", format="litert"))


def test_an_export_never_stands_in_for_a_model_that_is_not_whole(model):
    quick(model, purpose="serving")
    Path(quick(model).where, "model.keras").write_bytes(b"")
    quick(model, purpose="serving")
    with pytest.raises(DigestError, match=r"model\.keras"):
        load(LoadRequest("cats"))


def test_where_the_newest_model_is_not_whole_the_model_before_it_is_loaded(model):
    older = version_of(quick(model))
    exported = version_of(quick(model, purpose="serving"))
    Path(quick(model).where, "model.keras").write_bytes(b"")
    report = load(LoadRequest("cats"))
    assert (older, 1) == (report.target, len(report.passed_over))
    assert exported not in str(report.notes)


@pytest.mark.parametrize("broken", [0, 1])
def test_a_damaged_manifest_is_passed_over_for_a_model(model, broken):
    model_report, export_report = quick(model), quick(model, purpose="serving")
    Path([quick(model), export_report][broken].where, "manifest.json").write_bytes(b"{")
    if broken:
        model_report = quick(model)
    assert version_of(model_report) == load(LoadRequest("cats")).target


def test_exports_and_models_are_kept_apart(model):
    first = version_of(quick(model))
    service = version_of(quick(model, purpose="serving", keep=1))
    phone = quick(model, purpose="mobile", keep=1)
    assert (service.partition("@")[2],) == phone.pruned
    newest = quick(model, keep=1)
    assert (first.partition("@")[2],) == newest.pruned
    assert {version_of(phone), version_of(newest)} == {f"{m.name}@{m.version}" for m in list_models().manifests}


def test_the_best_model_stays_although_an_export_of_it_is_newer(model):
    best = version_of(quick(model, metrics={"f1": 0.9}))
    quick(model, purpose="serving", metrics={"f1": 0.9})
    quick(model, metrics={"f1": 0.5}, keep_best="f1")
    assert best in {f"{m.name}@{m.version}" for m in list_models().manifests}


def test_what_is_loaded_after_an_export_is_proven_and_answers_as_before():
    live = zoo.sequential()
    save(SaveRequest(live, "cats"))
    save(SaveRequest(live, "cats", purpose="mobile"))
    report = load(LoadRequest("cats"))
    assert report.is_proven
    rows = np.ones((2, *live.input_shape[1:]), "float32")
    np.testing.assert_array_equal(live(rows), report.model(rows))
