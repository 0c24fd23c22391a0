"""What a save costs on Drive: few files, whatever the format, and no folder is listed that is not its own."""

from __future__ import annotations

import pytest

from colab_save.loading.pipeline import load
from colab_save.request.request import LoadRequest, SaveRequest
from colab_save.saving.pipeline import save
from tests import zoo
from tests.fake_colab.fixtures import colab  # noqa: F401 - a fixture

pytestmark = pytest.mark.tensorflow


def made_by(service, request):
    """What lies on Drive after a save, by its path below the version."""
    save(request)
    [folder] = (service.mountpoint / "MyDrive/colab_save/cats").iterdir()
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_a_keras_file_costs_four_files(colab):  # noqa: F811
    made = made_by(colab, SaveRequest(zoo.untrained(), "cats"))
    assert {"model.keras", "sample.npz", "README.md", "manifest.json"} == made


def test_a_saved_model_costs_four_files_and_comes_back(colab):  # noqa: F811
    made = made_by(colab, SaveRequest(zoo.untrained(), "cats", formats="saved_model"))
    assert {"saved_model.zip", "sample.npz", "README.md", "manifest.json"} == made
    assert load(LoadRequest("cats")).is_proven


def test_unpacked_it_is_a_folder_for_tf_serving(colab):  # noqa: F811
    made = made_by(colab, SaveRequest(zoo.untrained(), "cats", formats="saved_model", unpacked=True, verify=False))
    assert {"saved_model/saved_model.pb", "saved_model/variables/variables.index"} < made


def test_the_readme_says_that_it_must_be_unpacked(colab):  # noqa: F811
    made_by(colab, SaveRequest(zoo.untrained(), "cats", formats="saved_model", verify=False))
    [readme] = (colab.mountpoint / "MyDrive/colab_save/cats").rglob("README.md")
    assert "after unpacking `saved_model.zip`" in readme.read_text("utf-8")
