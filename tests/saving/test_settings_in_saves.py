"""What the settings change in a save: its store, how many versions stay, and what is refused before it begins."""

from __future__ import annotations

import pytest

from colab_save.errors import RequestError
from colab_save.hints import render
from colab_save.request.request import LoadRequest, SaveRequest
from colab_save.saving.pipeline import check, save
from colab_save.settings import SETTINGS
from colab_save.versions.listing import list_models
from colab_save.versions.locating import locate
from tests import zoo

pytestmark = pytest.mark.tensorflow


@pytest.fixture(scope="module")
def model():
    return zoo.untrained()


def save_some(model, number, target="cats", **fields):
    """Save a model several times, without a round trip; gives the last report."""
    return [save(SaveRequest(model, target, verify=False, **fields)) for _ in range(number)][-1]


def test_it_goes_to_the_store_of_the_settings(model, own_folder, monkeypatch):
    monkeypatch.setenv("COLAB_SAVE_TO", "./experiments")
    save_some(model, 1)
    assert ["experiments"] == [path.name for path in own_folder.iterdir()]


def test_its_line_loads_it_where_nothing_is_set(model, monkeypatch):
    monkeypatch.setenv("COLAB_SAVE_TO", "./experiments")
    assert "load cats name=model source=./experiments" == render(save_some(model, 1).load_line)


def test_a_store_that_is_named_wins(model, own_folder, monkeypatch):
    monkeypatch.setenv("COLAB_SAVE_TO", "./experiments")
    save_some(model, 1, to="./models")
    assert ["models"] == [path.name for path in own_folder.iterdir()]


def test_as_many_versions_stay_as_the_settings_say(model, monkeypatch):
    monkeypatch.setenv("COLAB_SAVE_KEEP", "2")
    save_some(model, 4)
    assert 2 == len(list_models().manifests)


@pytest.mark.parametrize(("keep", "stay"), [(1, 1), (3, 3), (0, 4)])
def test_a_number_that_is_given_wins(model, keep, stay, monkeypatch):
    monkeypatch.setenv("COLAB_SAVE_KEEP", "2")
    save_some(model, 4, keep=keep)
    assert stay == len(list_models().manifests)


def test_the_best_stays_beside_as_many_as_the_settings_say(model, monkeypatch):
    monkeypatch.setenv("COLAB_SAVE_KEEP", "2")
    best = save_some(model, 1, metrics={"f1": 0.9}).manifest.version
    save_some(model, 3, metrics={"f1": 0.5}, keep_best="f1")
    versions = [manifest.version for manifest in list_models().manifests]
    assert (3, True) == (len(versions), best in versions)


def test_a_plain_save_has_no_versions_to_keep(model, own_folder, monkeypatch):
    """Also where a name in the default store is that of the file."""
    monkeypatch.setenv("COLAB_SAVE_KEEP", "1")
    save_some(model, 2, "./models/cats.keras")
    assert locate(LoadRequest("./models/cats.keras")).manifest is not None


@pytest.mark.parametrize("name", [name for name, record in SETTINGS.items() if record.kind.type is not str])
@pytest.mark.parametrize("refuse", [save, check])
def test_a_bad_setting_is_refused_before_anything_is_written(model, own_folder, refuse, name, monkeypatch):
    monkeypatch.setenv(SETTINGS[name].variable, "perhaps")
    with pytest.raises(RequestError, match="perhaps"):
        refuse(SaveRequest(model, "cats", verify=False))
    assert [] == list(own_folder.iterdir())


def test_no_password_is_in_the_line_that_loads_it(model, monkeypatch):
    monkeypatch.setenv("COLAB_SAVE_TO", "memory://user:geheim@shelf")
    assert "source=memory://user:…@shelf" in render(save_some(model, 1).load_line)
