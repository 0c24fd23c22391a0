"""A format that one record adds does all that a format does: the contract, saves that a fresh process proves, loads."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from colab_save.artifact.round_trip import Outcome
from colab_save.errors import TargetError
from colab_save.format_table import FORMATS
from colab_save.frontends.files import load_to_path
from colab_save.loading.pipeline import load
from colab_save.request.request import LoadRequest, SaveRequest
from colab_save.saving.pipeline import save
from colab_save.versions.listing import list_models
from colab_save.viewing.inside import inspect_model
from tests import zoo
from tests.formats.contract import FormatContract
from tests.plugs import toy_folder
from tests.plugs.toy_format import RECORD

pytestmark = pytest.mark.tensorflow

ADDED = """
from colab_save.format_table import FORMATS
from tests.plugs.toy_format import RECORD
FORMATS[RECORD.name] = RECORD
"""
"""What adds the record in the fresh process, as its own place in the table would."""


@pytest.fixture(scope="module", autouse=True)
def record(tmp_path_factory):
    """The record, in the table of this process and of those that it starts."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "sitecustomize.py").write_text(ADDED, "utf-8")
    paths = [str(folder), str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(FORMATS, RECORD.name, RECORD)
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))
        yield


class TestToy(FormatContract):
    name = "toy"
    models = ("sequential", "untrained", "convolutional", "many_inputs", "nested")


@pytest.fixture(scope="module")
def model():
    return zoo.sequential()


def test_a_fresh_process_proves_a_save_in_it(model):
    [trip] = save(SaveRequest(model, "cats", formats="toy")).manifest.round_trips
    held = {aspect: verdict.outcome for aspect, verdict in trip.verdicts.items() if aspect in RECORD.holds}
    assert {"outputs": Outcome.PASSED, "weights": Outcome.PASSED} == held


def test_what_was_saved_in_it_is_listed_and_comes_back_by_name(model):
    save(SaveRequest(model, "cats", formats="toy", verify=False))
    assert [("toy",)] == [manifest.formats for manifest in list_models().manifests]
    report = load(LoadRequest("cats"))
    assert ("toy", True) == (report.format, report.is_proven)


def test_a_suffix_chooses_it_for_a_plain_save_and_finds_it_again(model, own_folder):
    save(SaveRequest(model, "./cats.json", verify=False))
    assert (own_folder / "cats.json").is_file()
    assert "toy" == load(LoadRequest("./cats.json")).format
    assert "toy" == load(LoadRequest("./cats")).format


def test_a_file_of_it_that_nobody_recorded_is_recognised_by_its_bytes(model, own_folder):
    save(SaveRequest(model, "./cats.json", verify=False))
    (own_folder / "cats.json").rename(own_folder / "download (1)")
    assert "toy" == load(LoadRequest("./download (1)")).format


def test_its_purpose_chooses_it(model):
    report = save(SaveRequest(model, "cats", purpose="teaching", verify=False))
    assert ("toy",) == report.manifest.formats


def test_its_readme_says_how_it_opens(model, own_folder):
    version = save(SaveRequest(model, "cats", formats="toy", verify=False)).manifest.version
    assert "model_from_json" in (own_folder / "models" / "cats" / version / "README.md").read_text("utf-8")


def test_its_weights_are_shown_without_building_it(model):
    save(SaveRequest(model, "cats", formats="toy", verify=False))
    assert len(model.weights) == len(inspect_model("cats").weights[""])


def test_a_folder_format_is_written_to_a_path_where_it_replaces_its_own_kind_only(model, own_folder, monkeypatch):
    monkeypatch.setitem(FORMATS, "toy_folder", toy_folder.RECORD)
    save(SaveRequest(model, "cats", formats="toy_folder", verify=False))
    for _ in range(2):
        load_to_path("cats", "./out")
    assert "toy_folder" == load(LoadRequest("./out")).format
    (own_folder / "out" / "mine.txt").touch()
    with pytest.raises(TargetError, match=r"is a folder with mine.txt"):
        load_to_path("cats", "./out")
